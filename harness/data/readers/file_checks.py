"""Checks of files before and while they are read."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from harness.errors import DataError, did_you_mean
from harness.storage.input_files import open_bytes, special_file_kind, text_lines
from harness.storage.table_formats import FORMATS


def check_file(path: Path, *, key: str) -> None:
    """Check that a path is a folder or a regular file that is not empty.

    Parameters
    ----------
    path
        What is to be read.
    key
        The setting that names it, for messages.

    Raises
    ------
    DataError
        The file is missing, empty, or not a regular file, such as a device.
    """
    if path.is_dir():
        return
    kind = special_file_kind(path)
    if kind is not None:
        raise DataError(f"{path} is {kind}, not a regular file. Give a file, as {FORMATS}.")
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside)
        raise DataError(
            f"{path}: there is no such file. {hint if hint.startswith('Did') else f'Check {key}.'} "
            "A relative path starts at the working directory."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. Give a file with a header and rows.")


@contextlib.contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn every error that a damaged file causes in the block into a ``DataError``.

    Raises
    ------
    DataError
        The block could not read the file.
    """
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error) as error:
        raise DataError(f"{path}: the file cannot be read: {_reason(error)}. Write it again as {FORMATS}.") from error


def id_lines(path: Path) -> list[str]:
    """Return the lines of a text file that lists one id per line; spaces are part of an id.

    Raises
    ------
    DataError
        The file is missing, or cannot be read as UTF-8.
    """
    remedy = "Give a text file with one id per line; a relative path starts at the working directory."
    kind = special_file_kind(path)
    if kind is not None:
        raise DataError(f"{path} is {kind}, where a list of ids is needed. {remedy}")
    try:
        return text_lines(path)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the list of ids is not UTF-8 text. Write it as UTF-8, one id per line.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: the list of ids cannot be read: {_reason(error)}. {remedy}") from error


def not_utf8(path: Path) -> DataError | None:
    """Return the error for the first line that is not UTF-8; None if all lines are."""
    with open_bytes(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return DataError(
                    f"{path}, line {number}: the text is not UTF-8 (byte 0x{line[error.start]:02x}). "
                    "Convert the file, such as by: iconv -f LATIN1 -t UTF-8, or write it as .parquet."
                )
    return None


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join(text.split())[:200].rstrip(".")
