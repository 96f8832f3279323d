"""Parquet: one file, or a folder of parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet

from harness.artifacts import Caution
from harness.data.readers.columns import Place, is_text, plain_column
from harness.data.readers.file_layout import parts_of, reading
from harness.data.times.int96 import with_exact_int96
from harness.errors import DataError
from harness.storage.arrow_types import plain_type


@dataclass(frozen=True)
class ParquetFiles:
    """Parquet whose columns are known.

    Parameters
    ----------
    path
        The file or folder.
    files
        The file, or the parts in the order of their names.
    names
        Of the columns, in order.
    cautions
        Of files that are not read, and parts without rows.
    """

    path: Path
    files: tuple[Path, ...]
    names: tuple[str, ...]
    cautions: tuple[Caution, ...] = ()
    is_text: ClassVar[bool] = False
    looks_separated_by: ClassVar[None] = None

    @classmethod
    def open(cls, path: Path) -> ParquetFiles:
        """Read the names of the columns.

        Raises
        ------
        DataError
            A part has other columns than the first, or the folder holds no part.
        """
        if not path.is_dir():
            return cls(path, (path,), tuple(_schema(path).names))
        parts = parts_of(path)
        first, *others = (_schema(file).names for file in parts.files)
        # Columns of later parts count too: an optional one, once missing, would be left out without a word.
        later = dict.fromkeys(name for names in others for name in names if name not in first)
        return cls(path, parts.files, (*first, *later), _cautions(path, parts.ignored, parts.files))

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Return columns, the rows of the parts in their order.

        Parameters
        ----------
        columns
            Names of columns.
        text
            Of no meaning here: parquet says which columns are text.

        Raises
        ------
        DataError
            A part lacks one of the columns, or has it with another type than the first.
        """
        first = _schema(self.files[0])
        tables = []
        for file in self.files:
            _check_alike(file, columns, first, self.files[0])
            with reading(file), pyarrow.parquet.ParquetFile(file) as opened:
                read = with_exact_int96(opened.read(columns=list(columns)).select(list(columns)), file)
                table = _plain(read, file)
                # Parquet does not check that text is UTF-8, and what comes later takes it to be.
                table.select([name for name in columns if is_text(table.column(name))]).validate(full=True)
                tables.append(table)
        # Parts of the same types may differ in how long their texts may be, and in the unit of INT96 times.
        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")


def _schema(file: Path) -> pa.Schema:
    with reading(file):
        return pyarrow.parquet.read_schema(file)


def _check_alike(file: Path, columns: Sequence[str], first: pa.Schema, first_file: Path) -> None:
    schema = _schema(file)
    for name in columns:
        places = schema.get_all_field_indices(name)
        if len(places) != 1:
            got = "no column" if not places else f"{len(places)} columns"
            where = "another part" if file == first_file else first_file.name
            raise DataError(
                f"{file}: {got} '{name}', where {where} has one. All parts of a folder need the same columns."
            )
        kind, wanted = schema.field(name).type, first.field(name).type
        if _family(kind) != _family(wanted):
            raise DataError(
                f"{file}: column '{name}' holds {kind}, where {first_file.name} holds {wanted}. "
                "Write all parts of a folder with the same types."
            )


def _family(kind: pa.DataType) -> pa.DataType:
    """Return the type that a type is read as, texts of any length alike."""
    found: pa.DataType = plain_type(kind)
    return pa.string() if pa.types.is_large_string(found) else found


def _plain(table: pa.Table, file: Path) -> pa.Table:
    names = table.column_names
    return pa.table([plain_column(table.column(name), place=Place(str(file), name)) for name in names], names=names)


def _cautions(folder: Path, ignored: Sequence[str], files: Sequence[Path]) -> tuple[Caution, ...]:
    found = []
    if ignored:
        found.append(
            Caution(
                "files_ignored",
                len(ignored),
                f"{folder}: {len(ignored):,} files of the folder are not parquet and were not read, such as "
                f"'{ignored[0]}'. Remove them, or write their rows as parquet.",
            )
        )
    empty = [file.name for file in files if _rows(file) == 0]
    if empty:
        found.append(
            Caution(
                "empty_parts",
                len(empty),
                f"{folder}: {len(empty):,} of {len(files):,} parts have no rows, such as '{empty[0]}'. "
                "Check that what wrote them was finished.",
            )
        )
    return tuple(found)


def _rows(file: Path) -> int:
    with reading(file):
        return pyarrow.parquet.read_metadata(file).num_rows
