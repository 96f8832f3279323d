"""SHA-256 of files, folders and plain values."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, as hex.

    Examples
    --------
    >>> sha256_json({"a": 1, "b": 2}) == sha256_json({"b": 2, "a": 1})
    True
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def sha256_paths(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of the names and contents of files and folders, as hex; their order matters."""
    return sha256_json([[path.name, digest] for path, digest in path_digests(paths)])


def path_digests(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return each path with the SHA-256 of the file, as hex.

    The SHA-256 of a folder is that of the names, sizes and modification times of all files in it, because it may hold
    a data set of any size.
    """
    return [(path, sha256_json(_folder_entries(path)) if path.is_dir() else sha256_file(path)) for path in paths]


def file_digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of files by their path in a folder; a subfolder stands for all files in it.

    Hidden files, which a killed writer may leave, and missing files are left out.

    Parameters
    ----------
    folder
        The folder of the files.
    names
        Names of files and subfolders in it.
    """
    found: dict[str, str] = {}
    for name in names:
        path = folder / name
        parts = sorted(part for part in path.rglob("*") if not part.name.startswith(".")) if path.is_dir() else [path]
        found |= {part.relative_to(folder).as_posix(): sha256_file(part) for part in parts if part.is_file()}
    return found


def changed_file(folder: Path, listed: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the path of the first file whose SHA-256 differs from the listed one; None if all are equal.

    Parameters
    ----------
    folder
        The folder of the files.
    listed
        SHA-256 by path, as ``file_digests`` returns them.
    names
        Names of the files and subfolders to check; a file that is not listed must not exist.
    """
    for name in names:
        expected = {path: digest for path, digest in listed.items() if path.partition("/")[0] == name}
        found = file_digests(folder, [name])
        for path in sorted({*expected, *found}):
            if expected.get(path) != found.get(path):
                return path
    return None


def _folder_entries(folder: Path) -> list[list[str | int]]:
    found: list[list[str | int]] = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # a broken link
            facts = path.stat()
            if not path.is_dir():
                found.append([path.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns])
    return found
