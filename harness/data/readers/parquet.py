"""Read parquet: one file, or a folder of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import pyarrow as pa
import pyarrow.parquet

from harness.artifacts import DataWarning
from harness.data.readers.columns import ColumnLocation, is_text, plain_column
from harness.data.readers.file_checks import read_errors
from harness.data.readers.parquet_parts import FolderParts, parts_of
from harness.data.readers.table_reader import TableReader
from harness.data.times.int96 import with_exact_int96
from harness.errors import DataError
from harness.storage.arrow_types import plain_type


@dataclass(frozen=True)
class ParquetReader(TableReader):
    """A parquet file, or a folder of parquet files.

    Parameters
    ----------
    files
        The file, or the files of the folder, sorted by name.
    """

    files: tuple[Path, ...]
    takes_gzip: ClassVar[bool] = False

    @classmethod
    def open(cls, path: Path, *, usual: Sequence[str] = (), delimiter: str | None = None) -> Self:
        """Open a file or folder and read the names of its columns.

        Raises
        ------
        DataError
            A file cannot be read, or the folder holds no parquet file.
        """
        if not path.is_dir():
            return cls(path, tuple(_schema(path).names), (path,))
        parts = parts_of(path)
        # Columns of later parts count too: an optional one that the first part lacks would be left out silently.
        columns = dict.fromkeys(name for file in parts.files[1:] for name in _schema(file).names)
        first = _schema(parts.files[0]).names
        later = tuple(name for name in columns if name not in first)
        return cls(path, (*first, *later), parts.files, warnings=tuple(_folder_warnings(path, parts)))

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Read some columns of all files, in their order.

        Raises
        ------
        DataError
            A file lacks one of the columns, or has it with another type than the first file.
        """
        first = _schema(self.files[0])
        tables = []
        for file in self.files:
            _check_alike(file, columns, first, self.files[0])
            with read_errors(file), pyarrow.parquet.ParquetFile(file) as opened:
                raw = with_exact_int96(opened.read(columns=list(columns)).select(list(columns)), file)
                plain = [plain_column(raw.column(name), place=ColumnLocation(str(file), name)) for name in columns]
                table = pa.table(plain, names=list(columns))
                # Parquet does not check that text is UTF-8, and later steps assume it.
                table.select([name for name in columns if is_text(table.column(name))]).validate(full=True)
                tables.append(table)
        # Files of the same types may differ in the longest text they allow, and in the unit of INT96 times.
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")


def _schema(file: Path) -> pa.Schema:
    with read_errors(file):
        return pyarrow.parquet.read_schema(file)


def _check_alike(file: Path, columns: Sequence[str], first: pa.Schema, first_file: Path) -> None:
    schema = _schema(file)
    for name in columns:
        places = schema.get_all_field_indices(name)
        if len(places) != 1:
            count = "no column" if not places else f"{len(places)} columns"
            where = "another part" if file == first_file else first_file.name
            raise DataError(
                f"{file}: {count} '{name}', where {where} has one. All parts of a folder need the same columns."
            )
        kind, expected = schema.field(name).type, first.field(name).type
        if _text_alike(kind) != _text_alike(expected):
            raise DataError(
                f"{file}: column '{name}' holds {kind}, where {first_file.name} holds {expected}. "
                "Write all parts of a folder with the same types."
            )


def _text_alike(kind: pa.DataType) -> pa.DataType:
    """Return the type that a type is read as, with one type for text of any length."""
    plain: pa.DataType = plain_type(kind)
    return pa.string() if pa.types.is_large_string(plain) else plain


def _folder_warnings(folder: Path, parts: FolderParts) -> Iterator[DataWarning]:
    if parts.ignored:
        yield DataWarning(
            "files_ignored",
            len(parts.ignored),
            f"{folder}: {len(parts.ignored):,} files of the folder are not parquet and were not read, such as "
            f"'{parts.ignored[0]}'. Remove them, or write their rows as parquet.",
        )
    empty = [file.name for file in parts.files if _rows(file) == 0]
    if empty:
        yield DataWarning(
            "empty_parts",
            len(empty),
            f"{folder}: {len(empty):,} of {len(parts.files):,} parts have no rows, such as '{empty[0]}'. "
            "Check that the program that wrote them finished.",
        )


def _rows(file: Path) -> int:
    with read_errors(file):
        return pyarrow.parquet.read_metadata(file).num_rows
