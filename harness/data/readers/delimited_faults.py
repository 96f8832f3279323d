"""Find the line of a delimited file that cannot be read, and say what is wrong with it."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from harness.data.readers.file_checks import not_utf8
from harness.errors import DataError
from harness.storage.input_files import LONGEST_LINE, long_csv_fields, open_bytes


def reading_fault(path: Path, delimiter: str, *, quoted: bool, width: int) -> DataError | None:
    """Return the error for the first faulty line; None if no fault is found.

    Parameters
    ----------
    path
        The file.
    delimiter
        What separates its columns.
    quoted
        Whether values may stand between double quotes.
    width
        The number of columns of the first line.
    """
    fault = not_utf8(path) or (stray_quote(path, delimiter) if quoted else None)
    return fault or _wrong_width(path, delimiter, quoted=quoted, width=width)


def stray_quote(path: Path, delimiter: str) -> DataError | None:
    """Return the error for the first double quote that is not closed, so that rows would be lost; None without one."""
    with _text(path) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        done = 0
        try:
            with long_csv_fields():
                for _ in reader:
                    done = reader.line_num
        except csv.Error as error:
            if "field limit" in str(error):
                return DataError(
                    f"{path}, line {done + 1:,}: a value between double quotes is longer than "
                    f"{LONGEST_LINE >> 20} MiB, so its closing quote is probably missing. Close it, or shorten it."
                )
            return DataError(
                f"{path}, line {done + 1}: a double quote opens a value and does not close it before the "
                "next delimiter or line end, so rows would be lost. Close it, or write a quote inside quotes twice."
            )
    return None


def _wrong_width(path: Path, delimiter: str, *, quoted: bool, width: int) -> DataError | None:
    """Return the error for the first line with another number of columns, which also counts the others."""
    wrong = [(number, fields) for number, fields in _field_counts(path, delimiter, quoted=quoted) if fields != width]
    if not wrong:
        return None
    number, fields = wrong[0]
    more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
    columns = "1 column" if fields == 1 else f"{fields} columns"
    quotes = "; text that holds the delimiter needs double quotes around it" if quoted else ""
    return DataError(
        f"{path}, line {number}{more}: {columns} where the first line has {width}. Fix or remove the line{quotes}."
    )


def _field_counts(path: Path, delimiter: str, *, quoted: bool) -> Iterator[tuple[int, int]]:
    """Yield the number and the count of fields of each line that is not blank."""
    with _text(path) as lines:
        if not quoted:
            for number, line in enumerate(lines, start=1):
                if line.strip("\r\n"):
                    yield number, line.count(delimiter) + 1
            return
        reader = csv.reader(lines, delimiter=delimiter)
        with long_csv_fields(), contextlib.suppress(csv.Error):  # the lines before the error are enough
            for fields in reader:
                if fields:
                    yield reader.line_num, len(fields)


def _text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", errors="replace", newline="")
