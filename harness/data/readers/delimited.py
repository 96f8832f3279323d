"""Read text files with delimiters: CSV, TSV, RecBole's atomic files, MovieLens' .dat files."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, ClassVar, Self

import pyarrow as pa
import pyarrow.csv

from harness.data.readers.delimited_faults import reading_fault, stray_quote
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError
from harness.storage.input_files import LONGEST_LINE, long_csv_fields, open_bytes
from harness.storage.table_formats import DELIMITERS

_HEADER_BYTES = 1 << 20
_BLOCK = 1 << 20
_LONG_BLOCK = 2 * LONGEST_LINE  # holds the longest line, wherever it begins
_STAND_IN = b"\x1f"  # ASCII's own unit separator replaces delimiters of several bytes
_COMMON_DELIMITERS = (";", "\t", ",", "|", "::", ":")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class DelimitedLayout:
    """How a text file separates its columns.

    Parameters
    ----------
    delimiter
        One or more characters.
    quoted
        Whether values between double quotes may hold delimiters and line ends.
    has_header
        Whether the first line names the columns.
    typed_header
        Whether the header says ``name:type``, as in RecBole's atomic files.
    """

    delimiter: str
    quoted: bool = True
    has_header: bool = True
    typed_header: bool = False

    def with_delimiter(self, delimiter: str | None) -> DelimitedLayout:
        """Return the layout with another delimiter; None changes nothing."""
        if delimiter is None:
            return self
        if delimiter == r"\t":  # as typed in a shell, or between single quotes in YAML
            delimiter = "\t"
        return replace(self, delimiter=delimiter, quoted=self.quoted and len(delimiter.encode()) == 1)


@dataclass(frozen=True)
class DelimitedReader(TableReader):
    """A text file with delimiters.

    Parameters
    ----------
    layout
        How the file separates its columns.
    header
        The names as the first line has them; None without a header.
    """

    layout: DelimitedLayout
    header: tuple[str, ...] | None
    untyped: ClassVar[bool] = True
    takes_delimiter: ClassVar[bool] = True
    default_layout: ClassVar[DelimitedLayout]

    @classmethod
    def open(cls, path: Path, *, usual: Sequence[str] = (), delimiter: str | None = None) -> Self:
        """Open a file and read the names of its columns; columns beyond ``usual`` are named by their number.

        Raises
        ------
        DataError
            The file has no first line, or the line is not text.
        """
        layout = cls.default_layout.with_delimiter(delimiter)
        first = _first_fields(path, layout)
        if not layout.has_header:
            numbers = [str(place) for place in range(1, len(first) + 1)]
            return cls(path, tuple([*usual, *numbers[len(usual) :]][: len(first)]), layout, None)
        names = [name.partition(":")[0] for name in first] if layout.typed_header else first
        return cls(path, tuple(names), layout, tuple(first))

    def alias_of(self, name: str) -> str | None:
        """Return ``user_id`` for ``user`` and ``item_id`` for ``item`` in an atomic file that has them."""
        alias = f"{name}_id"
        return alias if self.layout.typed_header and name in ("user", "item") and alias in self.columns else None

    def missing_column_hint(self, keys: TableKeys) -> str:
        """Return a sentence on a wrong delimiter or a missing header; empty if the header looks right."""
        if len(self.columns) == 1:
            line = self.columns[0] if self.layout.has_header else _first_line(self.path)
            delimiter = next((mark for mark in _COMMON_DELIMITERS if mark in line), None)
            if delimiter is not None:
                return f"The columns look separated by {delimiter!r}: {keys.delimiter_remedy()}. "
        # A number is a value rather than a name.
        if self.header is not None and any(_NUMBER.fullmatch(column) for column in self.columns):
            return "The first line looks like data: put a header above it. "
        return ""

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Read some columns of all rows.

        Raises
        ------
        DataError
            A line has more or fewer columns than the first, is not UTF-8, or has a quote that is not closed.
        """
        quoted, delimiter = self.layout.quoted, self.layout.delimiter
        try:
            table = self._read_in_blocks(columns, text)
        except pa.ArrowInvalid:
            fault = reading_fault(self.path, delimiter, quoted=quoted, width=len(self.columns))
            if fault is not None:
                raise fault from None
            raise
        fault = stray_quote(self.path, delimiter) if quoted and self._has_long_rows(table.num_rows) else None
        if fault is not None:
            raise fault
        return table

    def _read_in_blocks(self, columns: Sequence[str], text: Sequence[str]) -> pa.Table:
        # Arrow infers types from the first block; if a later one contradicts them, all columns are read as text.
        # A block must hold whole lines: larger blocks, which are slower, are for files with long lines.
        attempts = itertools.product((_BLOCK, _LONG_BLOCK), (text, columns))
        for block, as_text in itertools.islice(attempts, 3):
            with contextlib.suppress(pa.ArrowInvalid):
                return self._parse(columns, as_text, block=block)
        return self._parse(columns, columns, block=_LONG_BLOCK)

    def _has_long_rows(self, rows: int) -> bool:
        """Return whether quotes may have made one row of several lines."""
        quotes = ends = 0
        last = b""
        with open_bytes(self.path) as stream:
            while block := stream.read(_BLOCK):
                quotes += block.count(b'"')
                ends += block.count(b"\n")
                last = block[-1:]
        lines = ends + (last != b"\n") - (self.header is not None)
        return quotes > 0 and lines > rows

    def _parse(self, columns: Sequence[str], text: Sequence[str], *, block: int) -> pa.Table:
        layout = self.layout
        one_byte = len(layout.delimiter.encode()) == 1
        parse = pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter if one_byte else _STAND_IN.decode(),
            quote_char='"' if layout.quoted else False,
            newlines_in_values=layout.quoted,
        )
        written = dict(zip(self.columns, self.header or self.columns, strict=True))
        convert = pyarrow.csv.ConvertOptions(
            include_columns=[written[name] for name in columns],
            column_types={written[name]: pa.string() for name in text},
        )
        options = pyarrow.csv.ReadOptions(block_size=block, column_names=None if self.header else list(self.columns))
        with open_bytes(self.path) as stream:
            source: Any = stream
            if not one_byte:
                source = io.BufferedReader(_DelimiterStream(stream, self.path, layout.delimiter), _BLOCK)
            table = pyarrow.csv.read_csv(source, read_options=options, parse_options=parse, convert_options=convert)
        return table.rename_columns(list(columns))


class CsvReader(DelimitedReader):
    """A file of comma-separated values."""

    default_layout = DelimitedLayout(DELIMITERS[".csv"])


class TsvReader(DelimitedReader):
    """A file of tab-separated values."""

    default_layout = DelimitedLayout(DELIMITERS[".tsv"])


class AtomicReader(DelimitedReader):
    """One of RecBole's atomic files: tabs, and a header of ``name:type``. Quotation marks in titles quote nothing."""

    default_layout = DelimitedLayout("\t", quoted=False, typed_header=True)


class DatReader(DelimitedReader):
    """One of MovieLens' .dat files: ``::`` between columns, no header. Quotation marks in titles quote nothing."""

    default_layout = DelimitedLayout("::", quoted=False, has_header=False)


def _first_fields(path: Path, layout: DelimitedLayout) -> list[str]:
    line = _first_line(path)
    if not layout.quoted:
        return line.split(layout.delimiter)
    try:
        with long_csv_fields():
            return next(csv.reader([line], delimiter=layout.delimiter))
    except csv.Error as error:
        raise DataError(f"{path}: the header cannot be read: {error}. Write the file as CSV or .parquet.") from error


def _first_line(path: Path) -> str:
    """Return the first line that is not blank."""
    with open_bytes(path) as stream:
        start = stream.read(_HEADER_BYTES + 1)
    if b"\0" in start:
        raise DataError(f"{path}: the file is binary, or not UTF-8. Write it as UTF-8 text, or as .parquet.")
    lines = start.splitlines(keepends=True)
    line = next((line for line in lines if line.strip()), None)
    if line is None:
        raise DataError(f"{path}: the file is empty. Give a file with a header and rows.")
    if len(start) > _HEADER_BYTES and line is lines[-1] and not line.endswith((b"\n", b"\r")):
        raise DataError(
            f"{path}: the first line is longer than {_HEADER_BYTES >> 20} MiB. Check that the file is the right one "
            "and has one row per line, or write it as .parquet."
        )
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: the header is not UTF-8 text. Convert the file, such as by: iconv -f LATIN1 -t UTF-8, "
            "or write it as .parquet."
        ) from error


class _DelimiterStream(io.RawIOBase):
    """A binary stream of a file in which one byte replaces each delimiter of several bytes."""

    def __init__(self, stream: IO[bytes], path: Path, delimiter: str) -> None:
        super().__init__()
        self._stream, self._path, self._delimiter = stream, path, delimiter.encode()
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._held:
            block = self._stream.read(_BLOCK)
            block += self._stream.readline()  # no block may end within a delimiter
            if _STAND_IN in block:
                raise DataError(
                    f"{self._path}: the text holds the control character 0x1f, which the harness uses in place of the "
                    "delimiter. Remove it, or write the file with a delimiter of one character."
                )
            self._held = memoryview(block.replace(self._delimiter, _STAND_IN))
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size
