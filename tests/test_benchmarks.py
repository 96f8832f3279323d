"""Benchmarks are not run by tests, but what they import is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def test_each_can_be_imported():
    names = [path.stem for path in sorted(BENCHMARKS.glob("*.py")) if not path.stem.startswith("_")]
    assert len(names) > 5
    # In a process of its own: they are scripts, with names that others have too.
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    command = [sys.executable, "-c", f"import {', '.join(names)}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
