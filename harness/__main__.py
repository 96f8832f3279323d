"""``python -m harness``."""

import sys
from pathlib import Path

# `python -m` looks for modules in the working directory first, where nobody installed anything. It stays where the
# harness itself lies there.
if sys.path and sys.path[0] in ("", str(Path.cwd())) and not Path("harness/__main__.py").is_file():
    del sys.path[0]

from harness.cli import main

if __name__ == "__main__":
    main()
