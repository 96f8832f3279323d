"""Atomic writes, locks, checksums, and paths that stay inside."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from harness.errors import HarnessError, LockError

logger = logging.getLogger("harness")

LONG = 7 * 24 * 3600.0  # seconds to wait for a process that may work for days
_CHUNK = 1 << 20


def cache_folder() -> Path:
    """Return ``$HARNESS_CACHE``, or ``harness`` under the user's cache folder."""
    chosen = os.environ.get("HARNESS_CACHE")
    try:
        return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("harness"))
    except RuntimeError as error:  # ~somebody
        raise HarnessError(f"HARNESS_CACHE is '{chosen}': there is no such home. Write the whole path.") from error


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path`` that takes its place when the block ends well.

    A block that raises, or a process that dies, leaves what stood at ``path`` as it was. A link is refused.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "a" / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a" / "note.txt").read_text()
    'whole'
    """
    refuse_link(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f".part{path.suffix}")
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}. Choose a folder that can be written.") from error
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files for the owner alone; results are for everyone the umask allows.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {reason_of(error)}. Nothing half-written is left.") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``path`` that takes its place when the block ends well.

    What stood at ``path``, a file or a folder, is removed just before. A block that raises leaves it. A link is
    refused.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_folder(folder / "parts") as temporary:
    ...     _ = (temporary / "part-0").write_text("whole")
    >>> (folder / "parts" / "part-0").read_text()
    'whole'
    """
    refuse_link(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".", suffix=".part"))
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}. Choose a folder that can be written.") from error
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o777 & ~mask)
        remove(path)
        temporary.rename(path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {reason_of(error)}. Nothing half-written is left.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """Return why something could not be written or read, as the system says it."""
    # numpy tells of a file that ends early by two numbers alone.
    if error.strerror is None and "requested and" in str(error):
        return os.strerror(errno.ENOSPC)
    return error.strerror or str(error)


def lock_path(path: Path) -> Path:
    """Return the file that guards a path."""
    return path.with_name(path.name + ".lock")


@contextlib.contextmanager
def lock(path: Path, *, timeout: float = 600.0) -> Iterator[None]:
    """Hold the lock that guards ``path`` against other processes and threads.

    Raises
    ------
    LockError
        The lock cannot be made: the folder can only be read, or the disk is full.
    HarnessError
        Another process kept the lock for longer than ``timeout`` seconds, or a link stands in the lock's place.
    """
    guard = lock_path(path)
    refuse_link(guard)
    try:
        guard.parent.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(guard)
        try:
            held.acquire(timeout=0)
        except filelock.Timeout:
            # filelock also waits where nobody holds the lock, but it cannot be made or opened.
            if not os.access(guard, os.W_OK):
                raise LockError(f"cannot lock {guard}. Choose a folder that can be written.") from None
            logger.info("waiting for another process that works on %s", path)
            held.acquire(timeout=timeout)
    except filelock.Timeout as error:
        raise HarnessError(
            f"another process has held {guard} for {timeout:.0f} s. "
            "Wait for it, or delete the file if no such process is running."
        ) from error
    except OSError as error:
        raise LockError(f"cannot lock {guard}: {reason_of(error)}. Choose a folder that can be written.") from error
    try:
        yield
    finally:
        held.release()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


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
    """Return the SHA-256 of the names and the contents of files and folders, as hex, in their order."""
    return sha256_json([[path.name, digest] for path, digest in path_digests(paths)])


def path_digests(paths: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return files with the SHA-256 of their bytes, as hex, in their order.

    Of a folder it is that of the names, sizes and times of change of what lies in it, however deep: it may hold a data
    set of any size.
    """
    return [(path, sha256_json(_entries(path)) if path.is_dir() else sha256_file(path)) for path in paths]


def _entries(folder: Path) -> list[list[str | int]]:
    found: list[list[str | int]] = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(OSError):  # a link that leads nowhere
            facts = path.stat()
            if not path.is_dir():
                found.append([path.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns])
    return found


def inside(folder: Path, name: str) -> Path:
    """Return ``folder / name`` for a relative name that stays inside the folder.

    The folder itself may be a link, as its user chose it. Nothing below it may be one.

    Raises
    ------
    HarnessError
        The name is absolute, empty, or leads out of the folder, or a link stands on the way.

    Examples
    --------
    >>> inside(Path("reports"), "ml-100k/ease").as_posix()
    'reports/ml-100k/ease'
    """
    parts = name.replace("\\", "/").split("/")
    odd = any(part in ("", ".", "..") or ":" in part or not part.isprintable() for part in parts)
    if odd or Path(name).is_absolute():
        raise HarnessError(
            f"the name {name!r} would leave the folder {folder}. "
            "Use words separated by single slashes, such as 'ml-100k/ease'."
        )
    target = folder
    for part in parts:
        target /= part
        refuse_link(target)
    return target


def refuse_link(path: Path) -> None:
    """Refuse a link in the place of what is written, wherever it leads.

    Raises
    ------
    HarnessError
        A link stands at the path.
    """
    # A name that is too long for the system is no link; pathlib would raise.
    if os.path.islink(path):  # noqa: PTH114
        raise HarnessError(
            f"{path} is a link, and nothing is written through links. "
            "Remove it, or name the folder or file that it leads to."
        )
