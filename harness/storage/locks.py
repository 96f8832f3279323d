"""Lock a path against other processes and threads."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import filelock

from harness.errors import HarnessError, LockError
from harness.storage.atomic_writes import reason_of
from harness.storage.safe_paths import refuse_link

logger = logging.getLogger("harness")

LONG = 7 * 24 * 3600.0  # seconds to wait for a process that may work for days


def lock_path(path: Path) -> Path:
    """Return the lock file of a path."""
    return path.with_name(path.name + ".lock")


@contextlib.contextmanager
def lock(path: Path, *, timeout: float = 600.0) -> Iterator[None]:
    """Hold the lock of ``path`` against other processes and threads.

    Raises
    ------
    LockError
        The lock file cannot be written: the folder is read-only, or the disk is full.
    HarnessError
        Another process held the lock for longer than ``timeout`` seconds, or the lock file is a link.
    """
    guard = lock_path(path)
    refuse_link(guard)
    try:
        guard.parent.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(guard)
        try:
            held.acquire(timeout=0)
        except filelock.Timeout:
            # filelock also waits if nobody holds the lock, but the file cannot be created or opened.
            if not os.access(guard, os.W_OK):
                raise LockError(f"cannot lock {guard}. Choose a folder that can be written.") from None
            logger.info("waiting for another process that works on %s", path)
            held.acquire(timeout=timeout)
    except filelock.Timeout as error:
        raise HarnessError(
            f"another process has held {guard} for {timeout:.0f} s. "
            "Wait for it, or delete the file if no such process is running."
        ) from error
    except OSError as error:
        raise LockError(f"cannot lock {guard}: {reason_of(error)}. Choose a folder that can be written.") from error
    try:
        yield
    finally:
        held.release()
