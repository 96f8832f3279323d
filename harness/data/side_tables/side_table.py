"""Read side tables of items and users, and join them to the interactions by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from harness.artifacts import DataWarning, Vocabulary
from harness.artifacts.array_types import IdArray
from harness.data.readers.column_choice import require_column, unique_column
from harness.data.readers.columns import ColumnLocation, is_text
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.parquet_parts import sha256_of
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.data.side_tables.id_matching import matching_ids, missing_row_warnings, row_of_each_id
from harness.errors import DataError
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn
    from harness.experiment import CategoriesSettings


@dataclass(frozen=True, eq=False)
class SideTableSpec:
    """A side table as an experiment describes it.

    Parameters
    ----------
    section
        ``dataset.items`` or ``dataset.users``, for messages.
    path
        The file.
    id
        Its column of external ids.
    delimiter, form
        Its delimiter and format; None for the delimiter of the format, and the format of the suffix.
    columns
        Names in the joined table to columns of the file.
    optional
        Columns to take if the file has them.
    categories
        The column of categories, or None.
    """

    section: str
    path: Path
    id: str
    delimiter: str | None
    form: TableFormat | None
    columns: Mapping[str, str]
    optional: Sequence[str] = ()
    categories: CategoriesSettings | None = None

    @property
    def what(self) -> str:
        """``item`` or ``user``."""
        return self.section.removeprefix("dataset.").removesuffix("s")

    @property
    def keys(self) -> TableKeys:
        """The settings of the table, for messages."""
        return TableKeys.of(self.section)

    def key_of(self, name: str) -> str:
        """Return the setting that names a column of the joined table."""
        return f"{self.section}.{name if name == 'title' else 'attributes' if self.what == 'item' else 'groups'}"


@dataclass(frozen=True, eq=False)
class SideTable:
    """A side table, joined to a vocabulary.

    Parameters
    ----------
    table
        One row per id of the vocabulary, in its order; values of ids without a row are missing.
    ids
        The ids of the file, in the order of its rows.
    facts
        ``path``, ``sha256``, ``rows``, ``unused`` (rows whose id does not occur) and ``missing``
        (ids without a row).
    warnings
        Warnings about ids without a row, and about what looks wrong in the file.
    """

    table: pd.DataFrame
    ids: IdArray
    facts: Mapping[str, Any]
    warnings: tuple[DataWarning, ...]


def read_side_table(spec: SideTableSpec, vocabulary: Vocabulary) -> SideTable:
    """Read a side table and join it to a vocabulary.

    Parameters
    ----------
    spec
        The file and its columns.
    vocabulary
        The users or items that occur.

    Raises
    ------
    DataError
        The file or a column cannot be read, an id is missing, repeated or of another type than those of the
        interactions, or no id of the file occurs in the interactions.
    """
    reader = open_table(spec.path, delimiter=spec.delimiter, form=spec.form, keys=spec.keys)
    columns = _columns_of(spec, reader)
    id_name = require_column(spec.id, reader, meaning=f"{spec.what} ids", key=f"{spec.section}.id", keys=spec.keys)
    text = [id_name, *(column for name, column in columns.items() if name in ("title", "categories"))]
    table = read_columns(reader, [id_name, *columns.values()], text=text)
    place = ColumnLocation(str(spec.path), id_name)
    ids = matching_ids(table.column(id_name), vocabulary, place=place, untyped=reader.untyped)
    rows = row_of_each_id(ids, vocabulary, place=place, what=spec.what)
    missing = int((rows < 0).sum())
    facts = {
        "path": str(spec.path),
        "sha256": sha256_of(spec.path),
        "rows": table.num_rows,
        "unused": table.num_rows - (len(rows) - missing),
        "missing": missing,
    }
    taken: Any = pa.array(rows, mask=rows < 0)
    joined = {name: _pandas_column(name, table.column(column).take(taken), spec) for name, column in columns.items()}
    name = f"{spec.what}s_without_row"
    warnings = missing_row_warnings(name, rows, vocabulary, where=str(spec.path), what=spec.what)
    return SideTable(
        pd.DataFrame(joined, index=pd.RangeIndex(len(vocabulary))),
        ids.vocabulary.ids[ids.indices],
        facts,
        (*reader.warnings, *warnings),
    )


def _columns_of(spec: SideTableSpec, reader: TableReader) -> dict[str, str]:
    columns = {
        name: require_column(column, reader, meaning=name, key=spec.key_of(name), keys=spec.keys)
        for name, column in spec.columns.items()
    }
    for name in spec.optional:
        if name in reader.columns and name not in columns:
            columns[name] = unique_column(name, reader)
    if spec.categories is not None:
        key = f"{spec.section}.categories.column"
        columns["categories"] = require_column(
            spec.categories.column, reader, meaning="categories", key=key, keys=spec.keys
        )
    return columns


def _is_list(kind: Any) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _pandas_column(name: str, column: ArrowColumn, spec: SideTableSpec) -> Any:
    """Return a column of the joined table; integers stay integers even if some are missing."""
    kind: Any = column.type
    if name == "categories" and spec.categories is not None:
        return _categories(column, spec.categories, ColumnLocation(str(spec.path), spec.categories.column))
    # Plain values or lists of them, but no maps, structs or lists of lists; titles are plain values.
    nested = pa.types.is_nested(kind.value_type if _is_list(kind) and name != "title" else kind)
    if nested:
        raise DataError(
            f"{spec.path}: column '{spec.columns.get(name, name)}' holds {kind}, where {spec.key_of(name)} needs "
            "values. Use text, numbers, dates, true and false, or lists of text."
        )
    if name == "title" and not is_text(column):
        column = column.cast(pa.string())
    if pa.types.is_integer(column.type) and column.null_count:
        return column.cast(pa.int64()).to_pandas(types_mapper=lambda _: pd.Int64Dtype())
    return column.to_pandas()


def _categories(column: ArrowColumn, section: CategoriesSettings, place: ColumnLocation) -> pd.Series[Any]:
    if is_text(column):
        delimiter = section.delimiter
        texts = ("" if text is None else text for text in column.to_pylist())
        parts = ([text] if delimiter is None else text.split(delimiter) for text in texts)
        lists = [tuple(part.strip() for part in some if part.strip()) for some in parts]
    elif _is_list(column.type):
        if section.delimiter is not None:
            raise DataError(
                f"{place.file}: column '{place.column}' holds lists, and dataset.items.categories.delimiter is "
                f"{section.delimiter!r}, which is for text. Leave it out."
            )
        lists = [tuple(str(part) for part in some or () if part is not None) for some in column.to_pylist()]
    else:
        remedy = "Use lists of text, or text with dataset.items.categories.delimiter."
        raise place.type_error(column.type, "categories are", remedy)
    # A repeated category counts once.
    return pd.Series([tuple(dict.fromkeys(some)) for some in lists], dtype=object)
