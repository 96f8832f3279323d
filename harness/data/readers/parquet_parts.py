"""Folders of parquet files, each a part of one table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.storage import sha256_file
from harness.storage.input_files import special_file_kind
from harness.storage.table_formats import FORMATS, PARQUET


@dataclass(frozen=True)
class FolderParts:
    """The files of a folder of parquet files.

    Parameters
    ----------
    files
        The parquet files, sorted by name.
    ignored
        Names of the other files, except hidden ones and markers such as ``_SUCCESS``.
    """

    files: tuple[Path, ...]
    ignored: tuple[str, ...]


def parts_of(folder: Path) -> FolderParts:
    """Return the files of a folder of parquet files, sorted by name.

    Raises
    ------
    DataError
        The folder holds no parquet file, an unreadable one, or another folder, whose rows would be left out.
    """
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith(("_", ".")))
    for entry in entries:
        if entry.is_dir():
            raise DataError(
                f"{folder} holds a folder, '{entry.name}', whose rows would be left out. "
                "Put all parts into one folder, or write them as one .parquet file."
            )
    files = tuple(entry for entry in entries if entry.suffix.lower() in PARQUET)
    if not files:
        raise DataError(f"{folder} is a folder without a .parquet file. Give one file or folder, as {FORMATS}.")
    for file in files:
        kind = special_file_kind(file)
        if kind is not None:
            raise DataError(f"{file} is {kind}, not a regular file. Remove it from the folder.")
        if file.stat().st_size == 0:
            raise DataError(f"{file}: the part is empty, not a parquet file. Write it again, or remove it.")
    return FolderParts(files, tuple(entry.name for entry in entries if entry not in files))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the parts of a folder in order, as hex."""
    if not path.is_dir():
        return sha256_file(path)
    return hashlib.sha256("\n".join(map(sha256_file, parts_of(path).files)).encode()).hexdigest()
