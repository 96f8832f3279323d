"""Attempts in a row: each input follows from a seed, a kind and a number, and can be made again alone."""

from __future__ import annotations

import contextlib
import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

import numpy as np

from fuzz.kinds import KINDS
from harness.errors import HarnessError

MEMORY = 1 << 30  # bytes by which an input may raise the peak of the process
LONGEST_MESSAGE = 4_000


@dataclass
class Outcome:
    """What became of the inputs of one kind."""

    accepted: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


def attempts(
    kind: str,
    *,
    seed: int,
    first: int,
    count: int,
    seconds: int | None = None,
    started: Callable[[int], None] = lambda number: None,
) -> Outcome:
    """Try inputs of one kind and return what became of them.

    Parameters
    ----------
    kind
        One of ``KINDS``.
    seed, first, count
        The inputs are those of the seed with numbers from ``first`` on.
    seconds
        That an input may take; None where the caller has an alarm of its own.
    started
        Called with the number of each input before it is tried.
    """
    outcome = Outcome()
    place = list(KINDS).index(kind)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tried = KINDS[kind](folder)
        for number in range(first, first + count):
            started(number)
            work = folder / "input"
            work.mkdir()
            peak = _peak()
            try:
                with _limited(seconds), warnings.catch_warnings():
                    warnings.simplefilter("error")
                    tried.attempt(np.random.default_rng([seed, place, number]), work)
                outcome.accepted += 1
            except HarnessError as error:
                outcome.refused += 1
                if not 0 < len(str(error)) <= LONGEST_MESSAGE:
                    outcome.failures.append(f"{kind} {number}: a message of {len(str(error)):,} characters")
            except Exception:
                outcome.failures.append(f"{kind} {number}: {traceback.format_exc()}")
            if _peak() - peak > MEMORY:
                outcome.failures.append(f"{kind} {number}: the peak of memory rose by {_peak() - peak:,} bytes")
            shutil.rmtree(work)
    return outcome


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextlib.contextmanager
def _limited(seconds: int | None) -> Iterator[None]:
    """Raise TimeoutError in a block that takes too long."""
    if seconds is None:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
