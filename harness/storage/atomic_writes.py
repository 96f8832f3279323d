"""Write files and folders atomically: a path holds the old content or the complete new one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError
from harness.storage.safe_paths import refuse_link


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file next to ``path`` that replaces it when the block ends without an error.

    A block that raises, or a process that dies, leaves ``path`` as it was. A link is refused.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "a" / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a" / "note.txt").read_text()
    'whole'
    """
    with _creation(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f".part{path.suffix}")
        os.close(descriptor)
    temporary = Path(name)
    try:
        with _write_errors(path):
            yield temporary
            # mkstemp makes files only for the owner; results are for everyone whom the umask allows.
            temporary.chmod(0o666 & ~_umask())
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder next to ``path`` that replaces it when the block ends without an error.

    The file or folder at ``path`` is removed just before. A block that raises leaves it. A link is refused.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_folder(folder / "parts") as temporary:
    ...     _ = (temporary / "part-0").write_text("whole")
    >>> (folder / "parts" / "part-0").read_text()
    'whole'
    """
    with _creation(path):
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=".", suffix=".part"))
    try:
        with _write_errors(path):
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            remove(path)
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """Return the system's reason why a file could not be written or read."""
    # For a full disk, numpy only reports two numbers.
    if error.strerror is None and "requested and" in str(error):
        return os.strerror(errno.ENOSPC)
    return error.strerror or str(error)


@contextlib.contextmanager
def _creation(path: Path) -> Iterator[None]:
    """Make the folder of a path, and report errors of the block, which creates a temporary file or folder there."""
    refuse_link(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}. Choose a folder that can be written.") from error


@contextlib.contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {reason_of(error)}. Nothing half-written is left.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
