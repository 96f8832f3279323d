"""Kernels work where nothing can be cached, and never use numba's own threads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from kernel_process import run

import harness
from harness.jit import kernel

CALL = "import numpy; print(total(numpy.arange(4.0)))"


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
def test_a_damaged_index_is_rebuilt(tmp_path, damage):
    cache = tmp_path / "cache"
    script = f"from kernels import total; {CALL}"
    assert run(script, tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["6.0"]
    indices = list(cache.rglob("*.nbi"))
    assert indices
    for index in indices:
        index.write_text(damage)
    assert run(script, tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["6.0"]
    assert all(index.stat().st_size > len(damage) for index in indices)


KINDS = """
from typing import NamedTuple
import numpy

class Pair(NamedTuple):
    left: numpy.ndarray
    right: numpy.ndarray
"""
PAIRS = """
from harness.jit import kernel

@kernel
def product(pair):
    return (pair.left * pair.right).sum()
"""


def test_a_cache_from_before_an_argument_class_moved_is_rebuilt(tmp_path):
    """numba pickles the classes of the arguments into its index, by the module that defined them at the time."""
    cache = tmp_path / "cache"
    (tmp_path / "pairs.py").write_text(PAIRS)
    script = """
import numpy, pairs, {kinds}
print(pairs.product({kinds}.Pair(numpy.arange(3.0), numpy.arange(3.0))))
"""
    (tmp_path / "old_kinds.py").write_text(KINDS)
    assert run(script.format(kinds="old_kinds"), tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["5.0"]
    (tmp_path / "old_kinds.py").unlink()
    (tmp_path / "new_kinds.py").write_text(KINDS)
    [index] = cache.rglob("pairs.product*.nbi")
    stale = index.read_bytes()
    assert run(script.format(kinds="new_kinds"), tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["5.0"]
    assert b"new_kinds" in index.read_bytes()
    assert b"old_kinds" not in index.read_bytes()
    # The module is there, the class is not.
    index.write_bytes(stale)
    (tmp_path / "old_kinds.py").write_text("")
    assert run(script.format(kinds="new_kinds"), tmp_path, NUMBA_CACHE_DIR=str(cache)) == ["5.0"]
    assert b"old_kinds" not in index.read_bytes()


def test_an_error_that_is_not_of_the_cache_is_raised():
    @kernel
    def missing(values):
        return values.nothing

    with pytest.raises(numba.TypingError):
        missing(np.arange(3))


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
