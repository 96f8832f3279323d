"""Check that required files exist."""

from __future__ import annotations

from pathlib import Path

from harness.errors import CheckpointError
from harness.storage.input_files import special_file_kind


def require_file(path: Path, what: str) -> Path:
    """Return a file if it exists; ``what`` describes it in messages.

    Raises
    ------
    CheckpointError
        The file is missing, a folder, or no regular file, such as a device.
    """
    if not path.is_file():
        odd = special_file_kind(path)
        wrong = "does not exist" if odd is None else f"is {odd}, not a regular file"
        raise CheckpointError(f"{what} {path} {'is a folder; name a file in it' if path.is_dir() else wrong}.")
    return path
