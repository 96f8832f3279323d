"""Compile numeric kernels with numba, and cache their machine code on disk."""

from __future__ import annotations

import contextlib
import functools
import logging
import pickle
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from harness.numba_patch import drop_cache_index, number_functions_from_a_random_start

Function = TypeVar("Function", bound=Callable[..., Any])

logger = logging.getLogger("harness")


number_functions_from_a_random_start()

# What a cache folder raises that is full, gone, locked or damaged.
_CACHE_ERRORS = (OSError, EOFError, pickle.UnpicklingError)
# What an index raises, too, that refers to classes that have moved since.
_INDEX_ERRORS = (*_CACHE_ERRORS, ImportError, AttributeError)


def inlined(function: Function) -> Function:
    """Compile a helper function, whose code is copied into the kernels of the same file that call it.

    The cached code of a kernel holds the code of its helpers, but is renewed only when the kernel's own file changes.
    Therefore a helper belongs in the file of its kernels.
    """
    return cast("Function", numba.njit(nogil=True, inline="always")(function))


def called(function: Function) -> Function:
    """Compile a helper function that stays a function, so that the compiler optimises its loops on their own.

    It belongs in the file of its kernels, as inlined helpers do.
    """
    return cast("Function", numba.njit(nogil=True)(function))


def kernel(function: Function) -> Function:
    """Compile a function at its first call, to run without the GIL, and cache the machine code on disk.

    A kernel runs on one core. Threads over shards of users give the parallelism, because numba's own threading aborts
    the process when several threads enter it. A cache that cannot be read is dropped and written again. Where no cache
    can be written, the code is compiled once per process.

    Parameters
    ----------
    function
        Plain loops over arrays. It overwrites its outputs, so that a second call after a failure is harmless.
    """
    compiled = _with_cache(function)
    lock, dropped = threading.Lock(), False

    def drop_index() -> None:
        """Drop the index once per process: threads that fail together do not drop what one of them has rebuilt."""
        nonlocal dropped
        with lock:
            if not dropped:
                dropped = True
                with contextlib.suppress(*_INDEX_ERRORS):
                    drop_cache_index(compiled)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        nonlocal compiled
        try:
            return compiled(*arguments)
        except _INDEX_ERRORS as error:
            # Raised while the cache is read or written, before the first array is touched: kernels do no I/O.
            logger.debug("the cache of %s cannot be used: %s", function.__name__, error)
        drop_index()
        try:
            return compiled(*arguments)
        except _CACHE_ERRORS:
            compiled = inlined(function)
            return compiled(*arguments)

    return cast("Function", call)


def _with_cache(function: Function) -> Function:
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except (RuntimeError, *_CACHE_ERRORS):  # RuntimeError: no folder can be written
        return inlined(function)
