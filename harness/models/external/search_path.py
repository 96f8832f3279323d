"""Where this process looks for modules: in the folder of one project, and then wherever packages are installed."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

_borrowed: list[str] = []  # what stands on sys.path for a project: its folder, and what its code added


def project() -> str | None:
    """Return the folder that is looked into first; None: there is no such."""
    return _borrowed[0] if _borrowed else None


def installed() -> list[str]:
    """Return where installed modules are looked for."""
    return _divided()[1]


@contextlib.contextmanager
def ahead(folder: str | None) -> Iterator[None]:
    """Look into a folder before all others, and not into the working directory.

    Afterwards the folder stays, and what was put on ``sys.path`` within; the working directory is back behind it.
    """
    working_directory, own = _divided()
    ours = [] if folder is None else [folder]
    sys.path[:] = [*ours, *own, *_borrowed[1:]]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if folder is not None:
            _borrowed[:] = [folder, *(entry for entry in sys.path if entry not in own and entry != folder)]
        sys.path[len(ours) : len(ours)] = working_directory


def give_back() -> None:
    """Leave ``sys.path`` as it was before the project."""
    for entry in _borrowed:
        if entry in sys.path:
            sys.path.remove(entry)
    _borrowed.clear()


def _divided() -> tuple[list[str], list[str]]:
    """Return the working directory, which ``python -m`` puts first though nobody installed it, and the rest."""
    entries = list(sys.path)
    for entry in _borrowed:
        if entry in entries:
            entries.remove(entry)
    first = 1 if entries and entries[0] in ("", str(Path.cwd())) else 0
    return entries[:first], entries[first:]
