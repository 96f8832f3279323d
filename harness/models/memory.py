"""How much memory a dense matrix may take."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTROL_GROUP = Path("/sys/fs/cgroup")


def available_memory(meminfo: Path = _MEMINFO, control_group: Path = _CONTROL_GROUP) -> int | None:
    """Return the bytes that can be had without swapping, or None where the system does not say.

    The lower of what the kernel calls available and what a container's limit leaves.

    Parameters
    ----------
    meminfo
        The kernel's account of memory.
    control_group
        The folder of the process's control group (version 2).
    """
    left = [bytes_ for bytes_ in (_kernel(meminfo), _container(control_group)) if bytes_ is not None]
    return min(left, default=None)


def _kernel(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _container(folder: Path) -> int | None:
    try:
        limit = int((folder / "memory.max").read_text())
        return max(0, limit - int((folder / "memory.current").read_text()))
    except (OSError, ValueError):  # "max" stands for no limit
        return None
