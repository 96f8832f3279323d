"""Progress display: a bar on a terminal, a line that is updated in a notebook, log lines elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from harness.execution.notebook_line import NotebookLine, in_notebook

Advance = Callable[[int], None]

logger = logging.getLogger("harness")

_NO_CURSOR = ("dumb", "unknown")  # values of TERM of terminals that cannot redraw a line
_LOG_EVERY = 5.0  # seconds between two log lines
_UPDATE_EVERY = 0.5  # seconds between two updates in a notebook

_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextlib.contextmanager
def hidden_progress(*, hide: bool = True) -> Iterator[None]:
    """Hide the progress of all work within the block, if ``hide`` is set."""
    before = _hidden.set(hide or _hidden.get())
    try:
        yield
    finally:
        _hidden.reset(before)


@contextlib.contextmanager
def progress(
    what: str, total: int | None, *, unit: str = "users", done: int = 0, quiet: bool = False
) -> Iterator[Advance]:
    """Show progress and rate: a bar on a terminal, a line that is updated in a notebook, log lines elsewhere.

    Nothing is shown if the logger ``harness`` is set to a level above INFO, as ``--quiet`` does.

    The yielded function is called, from any thread, with the number of units done since its last call. These numbers
    and ``done`` add up to ``total``, unless the work stops early.

    Parameters
    ----------
    what
        Name of the work, such as ``scoring``.
    total
        Number of units; None if it is not known.
    unit
        Name of the units.
    done
        Number of units that were done before, which do not count in the rate.
    quiet
        Show nothing.

    Examples
    --------
    >>> with progress("scoring", 2, quiet=True) as advance:
    ...     advance(2)
    """
    if quiet or _hidden.get() or logger.level > logging.INFO:
        yield lambda step: None
    elif sys.stderr.isatty() and os.environ.get("TERM") not in _NO_CURSOR:
        with _bar(what, total, unit, done) as advance:
            yield advance
    elif in_notebook():
        with _lines(NotebookLine().show, _UPDATE_EVERY, what, total, unit, done) as advance:
            yield advance
    else:
        with _log_lines(what, total, unit, done) as advance:
            yield advance


@contextlib.contextmanager
def _bar(what: str, total: int | None, unit: str, before: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else _rate(speed, unit))

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as display:
        task = display.add_task(what, total=total, completed=before)
        yield lambda step: display.advance(task, step)


@contextlib.contextmanager
def _log_lines(what: str, total: int | None, unit: str, before: int) -> Iterator[Advance]:
    with _lines(lambda line: logger.info("%s", line), _LOG_EVERY, what, total, unit, before) as advance:
        yield advance


@contextlib.contextmanager
def _lines(
    show: Callable[[str], None], every: float, what: str, total: int | None, unit: str, before: int
) -> Iterator[Advance]:
    """Show a line of text after so many seconds each, and one at the end."""
    start = last = time.monotonic()
    done, lock = 0, threading.Lock()

    def advance(step: int) -> None:
        nonlocal last, done
        with lock:
            done += step
            now = time.monotonic()
            if now - last < every or done <= 0:
                return
            speed, reached = done / (now - start), before + done
            if total is None:
                last = now
                show(f"{what}: {reached} {unit}, {_rate(speed, unit)}")
            elif reached < total:
                last = now
                left = (total - reached) / speed
                show(f"{what}: {reached} of {total} {unit}, {_rate(speed, unit)}, {left:.0f} s left")

    yield advance
    # The clock may not advance during empty work.
    elapsed = max(time.monotonic() - start, 1e-9)
    show(f"{what}: {done} {unit} in {elapsed:.1f} s, {_rate(done / elapsed, unit)}")


def _rate(speed: float, unit: str) -> str:
    return f"{speed:.0f} {unit}/s" if speed >= 10 else f"{speed:.2g} {unit}/s"
