"""Entry point of ``python -m harness``."""

import sys
from pathlib import Path

# `python -m` puts the working directory first on the module path. Remove it, unless the harness itself lies there,
# so that files of the user cannot shadow installed modules.
if sys.path and sys.path[0] in ("", str(Path.cwd())) and not Path("harness/__main__.py").is_file():
    del sys.path[0]

from harness.cli import main

if __name__ == "__main__":
    main()
