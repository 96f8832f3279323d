"""Text files with delimiters: CSV, TSV, RecBole's atomic files, MovieLens' .dat."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

import pyarrow as pa
import pyarrow.csv

from harness.data.readers.file_checks import Layout, not_utf8
from harness.errors import DataError
from harness.storage.input_files import LONGEST_LINE, long_csv_fields, open_bytes

_HEADER_BYTES = 1 << 20
_BLOCK = 1 << 20
_LONG_BLOCK = 2 * LONGEST_LINE  # holds the longest line, wherever it begins
_STAND_IN = b"\x1f"  # ASCII's own unit separator, for delimiters that are no single byte
_SNIFFED = (";", "\t", ",", "|", "::", ":")


@dataclass(frozen=True)
class DelimitedReader:
    """A text file whose columns are known.

    Parameters
    ----------
    path, layout
        Where it is, and how it is laid out.
    names
        Of the columns, in order; in an atomic file the part before the colon.
    header
        The names as the first line has them; None where it has none.
    """

    path: Path
    layout: Layout
    names: tuple[str, ...]
    header: tuple[str, ...] | None
    is_text: ClassVar[bool] = True

    @classmethod
    def open(cls, path: Path, layout: Layout, *, unnamed: Sequence[str] = ()) -> DelimitedReader:
        """Read the names of the columns.

        Parameters
        ----------
        path, layout
            Of the file.
        unnamed
            Names by position where the layout has no header; further columns are called by their number.

        Raises
        ------
        DataError
            There is no first line, or it is not text.
        """
        first = _first_fields(path, layout)
        if not layout.header:
            numbers = [str(place) for place in range(1, len(first) + 1)]
            return cls(path, layout, tuple([*unnamed, *numbers[len(unnamed) :]][: len(first)]), None)
        names = [name.partition(":")[0] for name in first] if layout.typed else first
        return cls(path, layout, tuple(names), tuple(first))

    @property
    def looks_separated_by(self) -> str | None:
        """Another delimiter that the one column's name holds, to suggest it."""
        if len(self.names) > 1 or not self.names:
            return None
        line = self.names[0] if self.layout.header else _first_line(self.path)
        return next((mark for mark in _SNIFFED if mark in line), None)

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Return columns, those of ``text`` as they are written.

        Raises
        ------
        DataError
            A line has more or fewer columns than the first, is not UTF-8, or holds a quote that does not end.
        """
        try:
            table = self._table(columns, text)
        except pa.ArrowInvalid:
            fault = not_utf8(self.path) or self._stray_quote() or self._wrong_width()
            if fault is not None:
                raise fault from None
            raise
        if self.layout.quoted and self._spans_lines(table.num_rows):
            fault = self._stray_quote()
            if fault is not None:
                raise fault
        return table

    def _table(self, columns: Sequence[str], text: Sequence[str]) -> pa.Table:
        # The types of columns are guessed from the first block, and a later one may gainsay that: then all are text.
        # A block must hold a line whole: larger blocks, which are slower, are for files with long lines.
        attempts = itertools.product((_BLOCK, _LONG_BLOCK), (text, columns))
        for block, some in itertools.islice(attempts, 3):
            with contextlib.suppress(pa.ArrowInvalid):
                return self._parsed(columns, some, block=block)
        return self._parsed(columns, columns, block=_LONG_BLOCK)

    def _spans_lines(self, rows: int) -> bool:
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

    def _stray_quote(self) -> DataError | None:
        """Return the error that names the first quote which swallows what follows it, if one does."""
        if not self.layout.quoted:
            return None
        with open_bytes(self.path) as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            reader = csv.reader(lines, delimiter=self.layout.delimiter, strict=True)
            done = 0
            try:
                with long_csv_fields():
                    for _ in reader:
                        done = reader.line_num
            except csv.Error as error:
                if "field limit" in str(error):
                    return DataError(
                        f"{self.path}, line {done + 1:,}: a value between double quotes is longer than "
                        f"{LONGEST_LINE >> 20} MiB, as one is whose closing quote is missing. Close it, or shorten it."
                    )
                return DataError(
                    f"{self.path}, line {done + 1}: a double quote opens a value, and does not close it before the "
                    "next delimiter or end of line, so that rows would be lost. Close it, or write it twice in a "
                    "value between quotes."
                )
        return None

    def _parsed(self, columns: Sequence[str], text: Sequence[str], *, block: int) -> pa.Table:
        layout = self.layout
        one_byte = len(layout.delimiter.encode()) == 1
        parse = pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter if one_byte else _STAND_IN.decode(),
            quote_char='"' if layout.quoted else False,
            newlines_in_values=layout.quoted,
        )
        written = dict(zip(self.names, self.header or self.names, strict=True))
        convert = pyarrow.csv.ConvertOptions(
            include_columns=[written[name] for name in columns],
            column_types={written[name]: pa.string() for name in text},
        )
        options = pyarrow.csv.ReadOptions(block_size=block, column_names=None if self.header else list(self.names))
        with open_bytes(self.path) as stream:
            source: Any = stream if one_byte else _translated(stream, self.path, layout.delimiter)
            table = pyarrow.csv.read_csv(source, read_options=options, parse_options=parse, convert_options=convert)
        return table.rename_columns(list(columns))

    def _wrong_width(self) -> DataError | None:
        """Return the error that names the first line of another width, and counts the others."""
        width = len(self.names)
        wrong = [(number, fields) for number, fields in self._lines() if fields != width]
        if not wrong:
            return None
        number, fields = wrong[0]
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        columns = "1 column" if fields == 1 else f"{fields} columns"
        quotes = "text that holds the delimiter needs double quotes around it" if self.layout.quoted else ""
        return DataError(
            f"{self.path}, line {number}{more}: {columns} where the first line has {width}. "
            f"Mend or remove the line{'; ' if quotes else ''}{quotes}."
        )

    def _lines(self) -> Iterator[tuple[int, int]]:
        """Yield the number and the number of fields of each line that is not blank."""
        layout = self.layout
        with open_bytes(self.path) as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            if not layout.quoted:
                for number, line in enumerate(lines, start=1):
                    if line.strip("\r\n"):
                        yield number, line.count(layout.delimiter) + 1
                return
            reader = csv.reader(lines, delimiter=layout.delimiter)
            with long_csv_fields(), contextlib.suppress(csv.Error):  # what was found so far must do
                for fields in reader:
                    if fields:
                        yield reader.line_num, len(fields)


def _first_fields(path: Path, layout: Layout) -> list[str]:
    line = _first_line(path)
    if not layout.quoted:
        return line.split(layout.delimiter)
    try:
        with long_csv_fields():
            return next(csv.reader([line], delimiter=layout.delimiter))
    except csv.Error as error:
        raise DataError(f"{path}: the header cannot be read: {error}. Write the file as CSV or .parquet.") from error


def _first_line(path: Path) -> str:
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
            "and that lines end where rows do, or write it as .parquet."
        )
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: the header is not UTF-8 text. Convert the file, such as by: iconv -f LATIN1 -t UTF-8, "
            "or write it as .parquet."
        ) from error


class _DelimiterStream(io.RawIOBase):
    """A file's bytes with one delimiter in place of another, line by whole line."""

    def __init__(self, stream: IO[bytes], path: Path, delimiter: str) -> None:
        super().__init__()
        self._stream, self._path, self._delimiter = stream, path, delimiter.encode()
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._held:
            block = self._stream.read(_BLOCK)
            block += self._stream.readline()
            if _STAND_IN in block:
                raise DataError(
                    f"{self._path}: the text holds the control character 0x1f, which stands in for the delimiter. "
                    "Remove it, or write the file with a delimiter of one character."
                )
            self._held = memoryview(block.replace(self._delimiter, _STAND_IN))
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size


def _translated(stream: IO[bytes], path: Path, delimiter: str) -> io.BufferedReader:
    return io.BufferedReader(_DelimiterStream(stream, path, delimiter), _BLOCK)
