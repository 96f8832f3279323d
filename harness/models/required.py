"""Files that have to be there."""

from __future__ import annotations

from pathlib import Path

from harness.errors import CheckpointError


def require_file(path: Path, what: str) -> Path:
    """Return a file if it is there; ``what`` it is called in messages.

    Raises
    ------
    CheckpointError
        It is missing, or a folder.
    """
    if not path.is_file():
        wrong = "is a folder; name a file in it" if path.is_dir() else "does not exist"
        raise CheckpointError(f"{what} {path} {wrong}.")
    return path
