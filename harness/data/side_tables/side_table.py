"""Read side tables of items and users, and join them to the interactions by id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from harness.artifacts import DataWarning, Facts, Vocabulary
from harness.artifacts.array_types import IdArray
from harness.data.readers.column_choice import require_column, unique_column
from harness.data.readers.columns import ColumnLocation, is_text
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.parquet_parts import sha256_of
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.data.side_tables.id_matching import matching_ids, missing_row_warnings, row_of_each_id
from harness.errors import DataError
from harness.experiment import ItemsSettings, UsersSettings

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn


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
    facts: Facts
    warnings: tuple[DataWarning, ...]


def read_side_table(settings: ItemsSettings | UsersSettings, path: Path, vocabulary: Vocabulary) -> SideTable:
    """Read a side table and join it to a vocabulary.

    Parameters
    ----------
    settings
        The section of the experiment that describes the table.
    path
        The file.
    vocabulary
        The users or items that occur.

    Raises
    ------
    DataError
        The file or a column cannot be read, an id is missing, repeated or of another type than those of the
        interactions, or no id of the file occurs in the interactions.
    """
    what = "item" if isinstance(settings, ItemsSettings) else "user"
    section = f"dataset.{what}s"
    keys = TableKeys.of(section)
    reader = open_table(path, delimiter=settings.delimiter, form=settings.format, keys=keys)
    columns = _columns_of(settings, reader, keys)
    id_name = require_column(settings.id, reader, meaning=f"{what} ids", key=f"{section}.id", keys=keys)
    text = [id_name, *(column for name, column in columns.items() if name in ("title", "categories"))]
    table = read_columns(reader, [id_name, *columns.values()], text=text)
    place = ColumnLocation(str(path), id_name)
    ids = matching_ids(table.column(id_name), vocabulary, place=place, untyped=reader.untyped)
    rows = row_of_each_id(ids, vocabulary, place=place, what=what)
    missing = int((rows < 0).sum())
    facts: Facts = {
        "path": str(path),
        "sha256": sha256_of(path),
        "rows": table.num_rows,
        "unused": table.num_rows - (len(rows) - missing),
        "missing": missing,
    }
    taken: Any = pa.array(rows, mask=rows < 0)
    joined: dict[str, Any] = {}
    for name, column in columns.items():
        values, place = table.column(column).take(taken), ColumnLocation(str(path), column)
        if name == "categories" and isinstance(settings, ItemsSettings) and settings.categories is not None:
            joined[name] = _categories(values, settings.categories.delimiter, place)
        else:
            joined[name] = _pandas_column(name, values, place, _key_of(name, of_items=what == "item"))
    warnings = missing_row_warnings(f"{what}s_without_row", rows, vocabulary, where=str(path), what=what)
    return SideTable(
        pd.DataFrame(joined, index=pd.RangeIndex(len(vocabulary))),
        ids.vocabulary.ids[ids.indices],
        facts,
        (*reader.warnings, *warnings),
    )


def _columns_of(settings: ItemsSettings | UsersSettings, reader: TableReader, keys: TableKeys) -> dict[str, str]:
    """Return the names in the joined table to columns of the file."""
    items = settings if isinstance(settings, ItemsSettings) else None
    kept = settings.attributes if isinstance(settings, ItemsSettings) else settings.groups
    named = {name: name for name in kept}
    if items is not None and items.title is not None:
        named = {"title": items.title} | named
    columns = {
        name: require_column(column, reader, meaning=name, key=_key_of(name, of_items=items is not None), keys=keys)
        for name, column in named.items()
    }
    if items is not None and "title" in reader.columns and "title" not in columns:
        columns["title"] = unique_column("title", reader)
    if items is not None and items.categories is not None:
        key = "dataset.items.categories.column"
        columns["categories"] = require_column(
            items.categories.column, reader, meaning="categories", key=key, keys=keys
        )
    return columns


def _key_of(name: str, *, of_items: bool) -> str:
    """Return the setting that names a column of the joined table."""
    return f"dataset.items.{'title' if name == 'title' else 'attributes'}" if of_items else "dataset.users.groups"


def _is_list(kind: Any) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _pandas_column(name: str, column: ArrowColumn, place: ColumnLocation, key: str) -> Any:
    """Return a column of the joined table; integers stay integers even if some are missing."""
    kind: Any = column.type
    # Plain values or lists of them, but no maps, structs or lists of lists; titles are plain values.
    if pa.types.is_nested(kind.value_type if _is_list(kind) and name != "title" else kind):
        raise DataError(
            f"{place.file}: column '{place.column}' holds {kind}, where {key} needs values. "
            "Use text, numbers, dates, true and false, or lists of text."
        )
    if name == "title" and not is_text(column):
        column = column.cast(pa.string())
    if pa.types.is_integer(column.type) and column.null_count:
        return column.cast(pa.int64()).to_pandas(types_mapper=lambda _: pd.Int64Dtype())
    return column.to_pandas()


def _categories(column: ArrowColumn, delimiter: str | None, place: ColumnLocation) -> pd.Series[Any]:
    if is_text(column):
        texts = ("" if text is None else text for text in column.to_pylist())
        parts = ([text] if delimiter is None else text.split(delimiter) for text in texts)
        lists = [tuple(part.strip() for part in some if part.strip()) for some in parts]
    elif _is_list(column.type):
        if delimiter is not None:
            raise DataError(
                f"{place.file}: column '{place.column}' holds lists, and dataset.items.categories.delimiter is "
                f"{delimiter!r}, which is for text. Leave it out."
            )
        lists = [tuple(str(part) for part in some or () if part is not None) for some in column.to_pylist()]
    else:
        remedy = "Use lists of text, or text with dataset.items.categories.delimiter."
        raise place.type_error(column.type, "categories are", remedy)
    # A repeated category counts once.
    return pd.Series([tuple(dict.fromkeys(some)) for some in lists], dtype=object)
