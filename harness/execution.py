"""Work in shards over joblib, and how far it has come."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from pydantic.dataclasses import dataclass

from harness.errors import HarnessError

Shard = TypeVar("Shard")
Result = TypeVar("Result")
Advance = Callable[[int], None]

logger = logging.getLogger("harness")

_LOG_EVERY = 5.0  # seconds between two log lines of one piece of work


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Parallel:
    """How to spread work over the cores of one machine.

    Parameters
    ----------
    backend
        ``threading`` for kernels that release the GIL, ``loky`` for metrics in Python.
    n_jobs
        Workers; -1 for one a core, -2 for one less. It never changes a result.
    """

    backend: Literal["threading", "loky"] = "threading"
    n_jobs: int = -1

    def __post_init__(self) -> None:
        if self.n_jobs == 0:
            raise ValueError("n_jobs is 0; use 1 or more, or -1 for one worker a core")

    @property
    def workers(self) -> int:
        """The number of workers on this machine."""
        return int(joblib.effective_n_jobs(self.n_jobs))


def map_shards(function: Callable[[Shard], Result], shards: Sequence[Shard], *, parallel: Parallel) -> list[Result]:
    """Return ``function(shard)`` for each shard, in the order of the shards.

    Examples
    --------
    >>> map_shards(abs, [-2, 3], parallel=Parallel(n_jobs=2))
    [2, 3]
    """
    if parallel.workers == 1 or len(shards) < 2:
        return [function(shard) for shard in shards]
    try:
        jobs = joblib.Parallel(n_jobs=parallel.n_jobs, backend=parallel.backend)
        return list(jobs(joblib.delayed(function)(shard) for shard in shards))
    except TerminatedWorkerError as error:
        raise HarnessError(
            "a worker process was killed, most likely for want of memory. "
            "Use fewer workers (evaluation.parallel.n_jobs), or backend: threading."
        ) from error


@contextlib.contextmanager
def progress(what: str, total: int, *, unit: str = "users", quiet: bool = False) -> Iterator[Advance]:
    """Show how far a piece of work is: a bar on a terminal, log lines elsewhere, on stderr.

    Examples
    --------
    >>> with progress("scoring", 2, quiet=True) as advance:
    ...     advance(2)
    """
    if quiet:
        yield lambda step: None
    elif sys.stderr.isatty():
        with _bar(what, total, unit) as advance:
            yield advance
    else:
        with _log_lines(what, total, unit) as advance:
            yield advance


@contextlib.contextmanager
def _bar(what: str, total: int, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task(what, total=total)
        yield lambda step: display.advance(task, step)


@contextlib.contextmanager
def _log_lines(what: str, total: int, unit: str) -> Iterator[Advance]:
    start = last = time.monotonic()
    done = 0

    def advance(step: int) -> None:
        nonlocal last, done
        done += step
        now = time.monotonic()
        if now - last >= _LOG_EVERY and done < total:
            last = now
            left = (now - start) / done * (total - done)
            logger.info("%s: %d of %d %s, %.0f s left", what, done, total, unit, left)

    yield advance
    elapsed = time.monotonic() - start
    logger.info("%s: %d %s in %.1f s", what, done, unit, elapsed)
