"""The cache: folders named by a hash of everything that decides their content."""

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
import platformdirs

from harness.errors import HarnessError
from harness.storage.atomic_writes import write_text
from harness.storage.locks import lock_path

_DESCRIPTION = "entry.json"
_NAMELESS = "?"
_KINDS = ("predictions",)
_REMEDY = "Set HARNESS_CACHE to a folder that can be written."
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class CacheEntry:
    """A folder of the cache.

    Parameters
    ----------
    path
        The folder.
    kind, key
        What it holds, and the hash of everything that decides its content.
    name
        The name of the run that created it.
    size
        Bytes of its files.
    used
        When it was last opened, in UTC.
    in_use
        Whether a process is working on it.
    """

    path: Path
    kind: str
    key: str
    name: str
    size: int
    used: datetime.datetime
    in_use: bool


def cache_folder() -> Path:
    """Return ``$HARNESS_CACHE``, or ``harness`` in the user's cache folder."""
    chosen = os.environ.get("HARNESS_CACHE")
    try:
        return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("harness"))
    except RuntimeError as error:  # such as ~somebody
        raise HarnessError(f"HARNESS_CACHE is '{chosen}': no such home folder. Write the full path.") from error


def entry_folder(kind: str, key: str) -> Path:
    """Return the folder of a key, created if it does not exist.

    Parameters
    ----------
    kind
        What the folder holds: ``predictions``.
    key
        64 hexadecimal digits: a hash of everything that decides the content.

    Raises
    ------
    HarnessError
        The folder cannot be created.
    """
    if kind not in _KINDS or not _KEY.fullmatch(key):
        raise ValueError(f"{kind}/{key} is not a folder of the cache")
    folder = cache_folder() / kind / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarnessError(f"cannot create {folder}: {error.strerror or error}. {_REMEDY}") from error
    return folder


def describe_entry(folder: Path, description: Mapping[str, Any]) -> None:
    """Describe an entry for people, unless it is described, and mark it as used now; the caller must hold its lock.

    Parameters
    ----------
    folder
        The folder, created again if another process has removed it.
    description
        Plain values, including ``name``.
    """
    if _name(folder) == _NAMELESS:  # new, or damaged
        write_text(folder / _DESCRIPTION, json.dumps(dict(description), indent=2, ensure_ascii=False) + "\n")
    (folder / _DESCRIPTION).touch()


def drop_if_empty(folder: Path) -> None:
    """Remove an entry that holds nothing but its description; the caller must hold its lock."""
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == [_DESCRIPTION]:
            shutil.rmtree(folder)


def cache_entries() -> list[CacheEntry]:
    """Return the entries of the cache, the longest unused first.

    Raises
    ------
    HarnessError
        The path of the cache is not a folder.
    """
    folder = cache_folder()
    try:
        for path in (*(folder / kind for kind in _KINDS), folder, *folder.parents):
            # A broken link exists too, and nothing can be created in its place.
            if not path.is_dir() and os.path.lexists(path):
                raise HarnessError(f"cannot use the cache {folder}: {path} is not a folder. {_REMEDY}")
    except OSError as error:
        raise HarnessError(f"cannot use the cache {folder}: {error.strerror}. {_REMEDY}") from error
    return sorted(_entries(), key=lambda entry: (entry.used, entry.key))


def prune_cache(
    *, older_than: datetime.timedelta | None = None, keep: int | None = None, dry_run: bool = False
) -> list[CacheEntry]:
    """Remove entries, the longest unused first, and return them. Entries in use stay.

    Without ``older_than`` and ``keep``, all entries are removed.

    Parameters
    ----------
    older_than
        Remove entries that were not used for this long; None for no such limit.
    keep
        Remove entries until at most this many bytes are left; None for no such limit.
    dry_run
        Remove nothing, and return the entries that would be removed.
    """
    for remains in cache_folder().glob("*/.*.removed"):  # of a removal that was killed
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
        # Renamed first, so that the remains of a killed removal are not an entry.
        doomed = path.with_name(f".{path.name}.removed")
        shutil.rmtree(doomed, ignore_errors=True)
        path.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise HarnessError(f"cannot remove {path}: {error.strerror or error}.") from error
    finally:
        held.release()
    return True
