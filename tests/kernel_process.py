"""Run scripts that call kernels in a process of their own, with a chosen cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import harness

MODULE = """
from harness.jit import kernel

@kernel
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""


def run(script, folder, **environment):
    """Run a script beside the module, the cache folder of numba chosen, and return what it prints."""
    (folder / "kernels.py").write_text(MODULE)
    blocked = folder / "file"
    blocked.write_text("a path under a file cannot be made, not even by root")
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_", "COV_", "PYTHON"))
    }
    variables |= {"HOME": str(blocked / "home"), "XDG_CACHE_HOME": str(blocked / "cache"), **environment}
    root = Path(harness.__file__).parents[1]
    variables["PYTHONPATH"] = os.pathsep.join([str(folder), str(root)])
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.split()
