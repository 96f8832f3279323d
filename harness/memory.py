"""Measure, check and forecast memory use, and parse and format sizes in bytes."""

from __future__ import annotations

import logging
import re
import resource
import sys
from pathlib import Path

from harness.errors import HarnessError

logger = logging.getLogger("harness")

_LONG = 5.0  # seconds from which on `forecast` logs a message
_LARGE = 10**9  # bytes from which on `forecast` logs a message

_MEMINFO = Path("/proc/meminfo")
_CONTROL_GROUP = Path("/sys/fs/cgroup")


_UNITS = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 10**12}
_BINARY = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:e\+?[0-9]{1,2})?) ?([KMGT]?)(i?)B?", re.IGNORECASE)


def bytes_of(text: str) -> int:
    """Parse a size such as ``4 GB``, ``512MiB`` or ``1000000`` into bytes.

    Raises
    ------
    ValueError
        The text is not a size.

    Examples
    --------
    >>> bytes_of("4 GB"), bytes_of("1.5GiB"), bytes_of("1e9")
    (4000000000, 1610612736, 1000000000)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match[3] and not match[2]):
        raise ValueError(f"'{text}' is not a size; write it like 4 GB, 512 MiB or 1000000")
    number, unit, binary = match[1], match[2].upper(), match[3]
    return int(float(number) * (_BINARY[unit] if binary else _UNITS[unit]))


def size_text(size: int) -> str:
    """Format a number of bytes with a decimal unit, rounded up to one decimal.

    Examples
    --------
    >>> size_text(999), size_text(1_600_000), size_text(12_345_678_901)
    ('999 B', '1.6 MB', '12.4 GB')
    """
    for unit in ("T", "G", "M", "K"):
        if size >= _UNITS[unit]:
            tenths = -(-size * 10 // _UNITS[unit])
            return f"{tenths / 10:g} {'k' if unit == 'K' else unit}B"
    return f"{size} B"


def peak_memory() -> int:
    """Return the peak resident memory in bytes of this process or of its largest finished child process."""
    # ru_maxrss is in kilobytes, except on macOS, where it is in bytes.
    scale = 1 if sys.platform == "darwin" else 1024
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whose) * scale


def available_memory(meminfo: Path = _MEMINFO, control_group: Path = _CONTROL_GROUP) -> int | None:
    """Return the bytes that can be allocated without swapping, or None if the system does not report it.

    This is the smaller of the memory that the kernel reports as available and the memory left within
    the limit of a container.

    Parameters
    ----------
    meminfo
        The file ``/proc/meminfo``.
    control_group
        Folder of the control group (version 2) of the process.
    """
    left = [
        bytes_ for bytes_ in (_available_in_kernel(meminfo), _left_in_container(control_group)) if bytes_ is not None
    ]
    return min(left, default=None)


def check_memory(needed: int, what: str, *, remedy: str) -> None:
    """Check that enough memory is available before starting a computation.

    Parameters
    ----------
    needed
        Bytes that the computation needs.
    what
        Name of the computation in the message.
    remedy
        Sentence of the message that says what would work.

    Raises
    ------
    HarnessError
        Less memory is available.
    """
    available = available_memory()
    if available is not None and needed > available:
        raise HarnessError(
            f"{what} needs {size_text(needed)} of memory, and {size_text(available)} are available. {remedy}"
        )


def forecast(what: str, *, memory: int, seconds: float | None = None) -> None:
    """Log the expected time and memory of a computation that takes at least five seconds or a gigabyte.

    Parameters
    ----------
    what
        The computation, such as ``ease on 30,000 items``.
    memory
        Peak memory in bytes.
    seconds
        Approximate time; None if unknown.

    Examples
    --------
    >>> forecast("ease on 100 items", memory=120_000, seconds=0.01)  # too small to log
    """
    if memory < _LARGE and (seconds is None or seconds < _LONG):
        return
    duration = "" if seconds is None else f"about {_duration(seconds)} and "
    logger.info("%s takes %sup to %s of memory", what, duration, size_text(memory))


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _available_in_kernel(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _left_in_container(folder: Path) -> int | None:
    try:
        limit = int((folder / "memory.max").read_text())
        return max(0, limit - int((folder / "memory.current").read_text()))
    except (OSError, ValueError):  # "max" means no limit
        return None
