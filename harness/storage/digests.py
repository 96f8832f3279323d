"""Digests of the files of a folder, which tie the files to the list that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.storage.files import sha256_file


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of files by their path in a folder; a folder stands for all files in it.

    Hidden files, which writers leave where they die, do not count. What is not there is left out.

    Parameters
    ----------
    folder
        Where the files are.
    names
        Of files and folders in it.
    """
    found: dict[str, str] = {}
    for name in names:
        path = folder / name
        parts = sorted(part for part in path.rglob("*") if not part.name.startswith(".")) if path.is_dir() else [path]
        found |= {part.relative_to(folder).as_posix(): sha256_file(part) for part in parts if part.is_file()}
    return found


def changed_file(folder: Path, listed: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the first file that is not as it is listed, by its path in a folder; None where all are.

    Parameters
    ----------
    folder
        Where the files are.
    listed
        SHA-256 by path, as ``file_digests`` returns them.
    names
        Which files and folders are looked at; one that is not listed must not be there.
    """
    for name in names:
        wanted = {path: digest for path, digest in listed.items() if path.partition("/")[0] == name}
        found = file_digests(folder, [name])
        for path in sorted({*wanted, *found}):
            if wanted.get(path) != found.get(path):
                return path
    return None
