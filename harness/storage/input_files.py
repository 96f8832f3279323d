"""Open files that users name: regular files only, and with a limit on the length of lines."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from harness.errors import DataError

LONGEST_LINE = 1 << 24  # bytes
_LONGEST_LIST = 1 << 28  # characters of a list of ids, which is kept in memory
_BLOCK = 1 << 20  # shorter than the longest line, so that only lines across blocks are measured
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def special_file_kind(path: Path) -> str | None:
    """Return the kind of a path that is not a regular file, such as ``a folder``; None for files and missing paths.

    A named pipe must never be opened, because that waits for a writer. Reading a device may never end.

    Examples
    --------
    >>> special_file_kind(Path("/")), special_file_kind(Path("/dev/null")), special_file_kind(Path(__file__))
    ('a folder', 'a device', None)
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # reported when the path is opened
        return None
    return next((name for is_kind, name in _KINDS if is_kind(mode)), None)


def is_gzip(path: Path) -> bool:
    """Return whether the name of a file says that gzip compressed it."""
    return path.suffix.lower() == ".gz"


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file as a binary stream, decompressed. Reading raises a ``DataError`` at a line above ``LONGEST_LINE``.

    A few megabytes of gzip may hold one line of many gigabytes, which a reader would keep in memory.
    """
    return io.BufferedReader(_BoundedLines(path), _BLOCK)


def text_lines(path: Path) -> list[str]:
    r"""Return the lines of a UTF-8 text file without their ends, which are ``\n``, ``\r\n`` or ``\r`` alone.

    Raises
    ------
    OSError, UnicodeDecodeError
        The file cannot be read, or is not UTF-8.
    DataError
        A line or the text is too long.
    """
    with io.TextIOWrapper(cast("Any", open_bytes(path)), encoding="utf-8-sig") as text:
        content = text.read(_LONGEST_LIST + 1)
    if len(content) > _LONGEST_LIST:
        raise DataError(f"{path}: the list is longer than {_LONGEST_LIST:,} characters. Write it as a table instead.")
    return content.split("\n")


@contextlib.contextmanager
def long_csv_fields() -> Iterator[None]:
    """Let the ``csv`` module read fields as long as the longest line; its default limit is 131,072 characters."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _BoundedLines(io.RawIOBase):
    """A binary stream of a file that raises ``DataError`` at a line longer than ``LONGEST_LINE``."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._stream = _raw(path)
        self._read = self._begin = 0  # the bytes read so far, and where the last line begins

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(min(len(buffer), _BLOCK))
        end = b"\n" if b"\n" in block else b"\r"
        first = block.find(end)
        if self._read + (len(block) if first < 0 else first) - self._begin > LONGEST_LINE:
            raise self._too_long()
        if first >= 0:
            self._begin = self._read + block.rfind(end) + 1
        self._read += len(block)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _too_long(self) -> DataError:
        # Lines are counted only now, because counting them while reading would slow down every file.
        number, left = 1, self._begin
        with _raw(self._path) as stream:
            while left and (block := stream.read(min(left, _BLOCK))):
                number += block.count(b"\n") or block.count(b"\r")
                left -= len(block)
        return DataError(
            f"{self._path}, line {number:,}: the line is longer than {LONGEST_LINE >> 20} MiB. "
            "Check that the file is the right one and has one row per line, or write it as .parquet."
        )


def _raw(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb") if is_gzip(path) else path.open("rb", buffering=0))
