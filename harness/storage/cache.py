"""What runs keep for later ones: folders named by a hash of all that decides their content."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from harness.errors import HarnessError
from harness.storage.files import cache_folder, lock_path, write_text

_DESCRIPTION = "entry.json"
_NAMELESS = "?"
_KINDS = ("predictions",)
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class CacheEntry:
    """One folder of the cache.

    Parameters
    ----------
    path
        Where it is.
    kind, key
        What it holds, and the hash of all that decides its content.
    name
        Of the run that made it.
    size
        Bytes of its files.
    used
        When it was last opened, in UTC.
    in_use
        Whether a process works on it now.
    """

    path: Path
    kind: str
    key: str
    name: str
    size: int
    used: datetime.datetime
    in_use: bool


def open_entry(kind: str, key: str, description: Mapping[str, Any]) -> Path:
    """Return the folder of a key, made if it is not there; it counts as used now.

    Parameters
    ----------
    kind
        What the folder holds: ``predictions``.
    key
        64 hexadecimal digits: a hash of all that decides the content.
    description
        Plain values for people, ``name`` among them.

    Raises
    ------
    HarnessError
        The folder cannot be made.
    """
    if kind not in _KINDS or not _KEY.fullmatch(key):
        raise ValueError(f"{kind}/{key} is no place of the cache")
    folder = cache_folder() / kind / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(
            f"cannot make {folder}: {error.strerror or error}. Set HARNESS_CACHE to a folder that can be written."
        ) from error
    if _name(folder) == _NAMELESS:  # new, or damaged
        write_text(folder / _DESCRIPTION, json.dumps(dict(description), indent=2, ensure_ascii=False) + "\n")
    with contextlib.suppress(OSError):  # a cache that may only be read is read
        os.utime(folder / _DESCRIPTION)
    return folder


def drop_if_empty(folder: Path) -> None:
    """Remove an entry that holds nothing but its description; who calls holds its lock."""
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == [_DESCRIPTION]:
            shutil.rmtree(folder)


def cache_entries() -> list[CacheEntry]:
    """Return what is in the cache, the longest unused first.

    Raises
    ------
    HarnessError
        What stands at the cache's place is no folder.
    """
    folder = cache_folder()
    try:
        for path in (*(folder / kind for kind in _KINDS), folder, *folder.parents):
            # A link that leads nowhere is there, and nothing can be made in its place.
            if not path.is_dir() and os.path.lexists(path):
                raise HarnessError(f"the cache {folder} cannot be: {path} is no folder. Set HARNESS_CACHE to a folder.")
    except OSError as error:
        raise HarnessError(f"the cache {folder} cannot be: {error.strerror}. Set HARNESS_CACHE to a folder.") from error
    return sorted(_entries(), key=lambda entry: (entry.used, entry.key))


def prune_cache(
    *, older_than: datetime.timedelta | None = None, keep: int | None = None, dry_run: bool = False
) -> list[CacheEntry]:
    """Remove entries, the longest unused first, and return them. Those that a process works on stay.

    Parameters
    ----------
    older_than
        Remove what was not used for so long; None for no such limit.
    keep
        Remove until no more than so many bytes are left; None for no such limit. Without either,
        everything goes.
    dry_run
        Remove nothing, and return what would be.
    """
    for remains in cache_folder().glob("*/.*.removed"):  # of a removal that died
        shutil.rmtree(remains, ignore_errors=True)
    now, entries = datetime.datetime.now(datetime.UTC), cache_entries()
    left = sum(entry.size for entry in entries)
    removed = []
    for entry in entries:
        old = older_than is not None and now - entry.used > older_than
        too_much = keep is not None and left > keep
        everything = older_than is None and keep is None
        if not (old or too_much or everything) or entry.in_use:
            continue
        if dry_run or _remove(entry.path):
            left -= entry.size
            removed.append(entry)
    return removed


def _entries() -> Iterator[CacheEntry]:
    for kind in _KINDS:
        folder = cache_folder() / kind
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink() and _KEY.fullmatch(path.name):
                files = [file for file in path.rglob("*") if file.is_file()]
                yield CacheEntry(
                    path=path,
                    kind=kind,
                    key=path.name,
                    name=_name(path),
                    size=sum(file.stat().st_size for file in files),
                    used=_used(path),
                    in_use=_in_use(path),
                )


def _name(path: Path) -> str:
    try:
        return str(json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return _NAMELESS


def _used(path: Path) -> datetime.datetime:
    marked = path / _DESCRIPTION
    moment = (marked if marked.exists() else path).stat().st_mtime
    return datetime.datetime.fromtimestamp(moment, datetime.UTC)


def _in_use(path: Path) -> bool:
    guard = lock_path(path)
    if not guard.exists():
        return False
    held = filelock.FileLock(guard)
    try:
        held.acquire(timeout=0)
    except (filelock.Timeout, OSError):
        return True
    held.release()
    return False


def _remove(path: Path) -> bool:
    held = filelock.FileLock(lock_path(path))
    try:
        held.acquire(timeout=0)
    except (filelock.Timeout, OSError):
        return False
    try:
        # Renamed first: what is left of a removal that dies is no entry any more.
        doomed = path.with_name(f".{path.name}.removed")
        shutil.rmtree(doomed, ignore_errors=True)
        path.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise HarnessError(f"cannot remove {path}: {error.strerror or error}.") from error
    finally:
        held.release()
    return True
