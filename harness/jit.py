"""How the numeric kernels are compiled."""

from __future__ import annotations

import functools
import itertools
import logging
import os
import pickle
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import bytecode

Function = TypeVar("Function", bound=Callable[..., Any])

logger = logging.getLogger("harness")


def _number_from_anywhere() -> None:
    """Let this process name what it compiles as no other does.

    numba names machine code by a counter that each process begins at 1. Sorts by value and by index have one name
    apart from it, so that two of them from the caches of two processes may be taken for each other: a crash, or a row
    that is not sorted.
    """
    bytecode.FunctionIdentity._unique_ids = itertools.count(int.from_bytes(os.urandom(6), "little"))


_number_from_anywhere()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_number_from_anywhere)

# What a cache folder that is full, gone, locked or damaged raises.
_CACHE_ERRORS = (OSError, EOFError, pickle.UnpicklingError)


def inlined(function: Function) -> Function:
    """Compile a helper that kernels of the same file call.

    A kernel's cached code holds its helpers' code but is renewed only when its own file changes:
    a helper belongs into the file of its kernels.
    """
    return cast("Function", numba.njit(nogil=True, inline="always")(function))


def called(function: Function) -> Function:
    """Compile a helper that stays a function of its own, so that its loops are optimised by themselves.

    It belongs into the file of its kernels, like those that are inlined.
    """
    return cast("Function", numba.njit(nogil=True)(function))


def kernel(function: Function) -> Function:
    """Compile a function at its first call, without the GIL, and keep the machine code on disk.

    Kernels run on one core each: threads over shards of users give the parallelism, since
    numba's own threading aborts the process when it is entered from several threads. Where no
    cache can be written or read, the code is compiled once a process.

    Parameters
    ----------
    function
        Plain loops over arrays. It writes whole outputs, so that calling it again is harmless.
    """
    compiled = _with_cache(function)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        nonlocal compiled
        try:
            return compiled(*arguments)
        except _CACHE_ERRORS as error:
            # Raised while compiling, before the first array was touched: kernels do no I/O.
            logger.debug("numba's cache cannot be used for %s: %s", function.__name__, error)
            compiled = inlined(function)
            return compiled(*arguments)

    return cast("Function", call)


def _with_cache(function: Function) -> Function:
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except (RuntimeError, *_CACHE_ERRORS):  # RuntimeError: no folder can be written
        return inlined(function)
