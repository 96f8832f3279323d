"""Kernels work where nothing can be cached, and never use numba's own threads."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

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

CALL = "import numpy; print(total(numpy.arange(4.0)))"


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


def test_no_folder_can_be_written(tmp_path):
    (tmp_path / "__pycache__").write_text("a file where numba would make a folder")
    assert run(f"from kernels import total; {CALL}", tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file" / "x")) == ["6.0"]


def test_the_folder_goes_away_after_the_import(tmp_path):
    cache = tmp_path / "cache"
    script = f"""
import pathlib, shutil
from kernels import total
shutil.rmtree({str(cache)!r})
pathlib.Path({str(cache)!r}).write_text("in the way")
{CALL}
{CALL}
"""
    assert run(script, tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["6.0", "6.0"]


@pytest.mark.parametrize("damage", ["not an index at all", ""])
def test_a_damaged_index(tmp_path, damage):
    cache = tmp_path / "cache"
    script = f"from kernels import total; {CALL}"
    assert run(script, tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["6.0"]
    indices = list(cache.rglob("*.nbi"))
    assert indices
    for index in indices:
        index.write_text(damage)
    assert run(script, tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["6.0"]


def test_no_kernel_starts_threads_of_its_own():
    for path in Path(harness.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert "prange" not in (
                getattr(node, "attr", None),
                getattr(node, "id", None),
                getattr(node, "name", None),
            ), path
            if isinstance(node, ast.keyword) and node.arg == "parallel":
                # Ours takes a Parallel; numba's takes True.
                assert not isinstance(node.value, ast.Constant) or node.value.value is None, path


def test_naming_a_metric_does_not_wait_for_numba():
    script = """
import sys
from harness import registry
print([registry.load("metrics", name).__name__ for name in registry.names("metrics")] and "numba" in sys.modules)
"""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert finished.stdout.strip() == "False"


SORTS = """
import numpy as np
from harness.jit import kernel

@kernel
def by_value(rows):
    for row in range(len(rows)):
        rows[row].sort()

@kernel
def by_index(row, order):
    order[:] = np.argsort(row)
"""


def test_code_of_several_processes_is_not_confused(tmp_path):
    """Each kernel is compiled in a process of its own; then both are loaded, in either order, from their caches."""
    (tmp_path / "sorts.py").write_text(SORTS)
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    begin = "import numpy as np; import sorts; rng = np.random.default_rng(0); "
    value = "rows = rng.permutation(400).astype(np.int32)[None, :].copy(); sorts.by_value(rows); "
    index = "row = rng.permutation(400).astype(np.int32); order = np.arange(400); sorts.by_index(row, order); "
    shown = "print((np.diff(rows) > 0).all(), (np.diff(row[order]) > 0).all())"
    run(begin + value, tmp_path, **cache)
    run(begin + index, tmp_path, **cache)
    for order in (value + index, index + value):
        assert run(begin + order + shown, tmp_path, **cache) == ["True", "True"]
