"""All that the package does with internals of numba, which have no public name.

Two faults of numba are worked around here. The source of the oldest and the newest version in ``CHECKED`` was read, and
the newest was run. ``tests/test_numba_patch.py`` fails on any other version, until somebody has looked again.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

from numba.core import bytecode

CHECKED = ("0.61", "0.68")  # the oldest and the newest version, both included


def number_functions_from_a_random_start() -> None:
    """Make the names of this process's machine code unique among all processes, here and in forked children.

    numba names machine code by a counter, which starts at 1 in each process. Sorts by value and sorts by index have no
    other difference in their names, so that two of them from the caches of two processes are taken for one another: the
    process crashes, or a row is not sorted.
    """
    _start_anywhere()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_start_anywhere)


def _start_anywhere() -> None:
    bytecode.FunctionIdentity._unique_ids = itertools.count(int.from_bytes(os.urandom(6), "little"))


def drop_cache_index(dispatcher: Callable[..., Any]) -> None:
    """Replace a compiled function's index of its cache on disk by an empty one.

    The index is a pickle that refers to the classes of the arguments. numba unpickles it before it sees that the source
    file has changed, so that an index that was written before a class moved to another module cannot be read.

    Raises
    ------
    OSError
        The index cannot be written.
    """
    dispatcher._cache.flush()  # type: ignore[attr-defined]
