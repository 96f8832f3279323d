"""The workarounds for faults of numba work on the numba that is installed, and somebody has looked at that version."""

from __future__ import annotations

import numba
from kernel_process import run

from harness.numba_patch import CHECKED

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


def version(text):
    return tuple(int(part) for part in text.split(".")[:2])


def test_the_installed_numba_is_one_that_was_checked():
    oldest, newest = map(version, CHECKED)
    assert oldest <= version(numba.__version__) <= newest, (
        f"numba {numba.__version__} is newer or older than what was checked. Read FunctionIdentity of "
        "numba.core.bytecode, numba.core.caching and the dispatcher's _cache, run this file, and widen "
        "numba_patch.CHECKED."
    )


def test_names_of_functions_start_at_a_random_number_in_forked_processes_too(tmp_path):
    script = """
import os
from numba.core.bytecode import FunctionIdentity
import kernels
next_number = lambda: FunctionIdentity.from_function(os.walk).unique_id
print(next_number(), next_number(), flush=True)
if os.fork() == 0:
    print(next_number(), flush=True)
    os._exit(0)
os.wait()
"""
    first, second, forked = map(int, run(script, tmp_path))
    assert second == first + 1
    assert abs(forked - first) > 1000


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
