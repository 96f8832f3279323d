"""What is known of items and users: tables of their own, joined to the interactions by own ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.artifacts import Caution, Vocabulary
from harness.artifacts.array_types import IdArray, Int64Array
from harness.data.readers.columns import Place, is_text
from harness.data.readers.file_layout import sha256_of
from harness.data.readers.id_columns import CodedIds, coded_ids, shown_id
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.tables import TableFile, cautions_of, needed_column, open_table, read_columns, single_column
from harness.errors import DataError
from harness.storage.table_format import TableFormat

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn


class CategoriesSection(Protocol):
    """The column that holds the categories of an item."""

    @property
    def column(self) -> str:
        """A column of lists, or of text."""
        ...

    @property
    def delimiter(self) -> str | None:
        """What sets categories apart in text; None: the column holds lists, or one category a row."""
        ...


@dataclass(frozen=True, eq=False)
class Wanted:
    """What an experiment asks of a side table.

    Parameters
    ----------
    section
        ``dataset.items`` or ``dataset.users``, for messages.
    path, id, delimiter, form
        The file, its column of own ids, what sets its columns apart (None: as its format has it), and its
        format (None: as its name says).
    columns
        Names in the joined table to columns of the file.
    optional
        Columns that are taken where there are such.
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
    categories: CategoriesSection | None = None

    @property
    def what(self) -> str:
        """``item`` or ``user``."""
        return self.section.removeprefix("dataset.").removesuffix("s")

    @property
    def keys(self) -> TableKeys:
        """What the user may set, for messages."""
        return TableKeys.of(self.section)


@dataclass(frozen=True, eq=False)
class SideTable:
    """A side table, joined.

    Parameters
    ----------
    table
        A row an id of the interactions' vocabulary, in its order; what is not known is missing.
    own
        The ids of the file, in the order of its rows.
    facts
        ``path``, ``sha256``, ``rows``, ``unused`` (rows whose id does not occur) and ``missing``
        (ids without a row).
    cautions
        Of ids without a row, and of what looks wrong in the file.
    """

    table: pd.DataFrame
    own: IdArray
    facts: Mapping[str, Any]
    cautions: tuple[Caution, ...]


def read_side_table(wanted: Wanted, vocabulary: Vocabulary) -> SideTable:
    """Read a side table and join it to a vocabulary.

    Parameters
    ----------
    wanted
        The file and its columns.
    vocabulary
        The users or items that occur.

    Raises
    ------
    DataError
        The file or a column cannot be read, an id is missing, twice there or of another kind than
        those of the interactions, or no id of the file occurs.
    """
    file = open_table(wanted.path, delimiter=wanted.delimiter, form=wanted.form, keys=wanted.keys)
    columns = _columns_of(wanted, file)
    own = needed_column(wanted.id, file, meaning=f"{wanted.what} ids", key=f"{wanted.section}.id", keys=wanted.keys)
    text = [own, *(column for name, column in columns.items() if name in ("title", "categories"))]
    table = read_columns(file, [own, *columns.values()], text=text if file.is_text else [own])
    ids = own_ids(table.column(own), vocabulary, place=Place(str(wanted.path), own), text_file=file.is_text)
    rows = rows_in(ids, vocabulary, place=Place(str(wanted.path), own), what=wanted.what)
    missing = int((rows < 0).sum())
    facts = {
        "path": str(wanted.path),
        "sha256": sha256_of(wanted.path),
        "rows": table.num_rows,
        "unused": table.num_rows - (len(rows) - missing),
        "missing": missing,
    }
    taken: Any = pa.array(rows, mask=rows < 0)
    joined = {name: _joined(name, table.column(column).take(taken), wanted) for name, column in columns.items()}
    name = f"{wanted.what}s_without_row"
    cautions = missing_caution(name, rows, vocabulary, where=str(wanted.path), what=wanted.what)
    return SideTable(
        pd.DataFrame(joined, index=pd.RangeIndex(len(vocabulary))),
        ids.vocabulary.ids[ids.indices],
        facts,
        (*cautions_of(file), *cautions),
    )


def own_ids(column: ArrowColumn, vocabulary: Vocabulary, *, place: Place, text_file: bool) -> CodedIds:
    """Return the ids of another file, of the same kind as the interactions'.

    Raises
    ------
    DataError
        One is missing, or they are of another kind.
    """
    # Text that may mean integers does so only if the interactions' ids are integers.
    ids = coded_ids(column, place=place, text_file=text_file and not vocabulary.is_text)
    if ids.vocabulary.is_text != vocabulary.is_text:
        kinds = {True: "text", False: "integers"}
        raise DataError(
            f"{place.file}: column '{place.column}' holds {kinds[ids.vocabulary.is_text]}, such as "
            f"{shown_id(ids.vocabulary, -1)}, where the ids of the interactions are {kinds[vocabulary.is_text]}, "
            f"such as {shown_id(vocabulary, -1)}. Write the ids of both files alike."
        )
    return ids


def rows_in(ids: CodedIds, vocabulary: Vocabulary, *, place: Place, what: str) -> Int64Array:
    """Return the row of each id of a vocabulary in a file, -1 where it has none; int64 ``(ids,)``.

    Raises
    ------
    DataError
        An id has two rows, or none of them occurs in the vocabulary.
    """
    first = np.full(len(ids.vocabulary), len(ids.indices))
    np.minimum.at(first, ids.indices, np.arange(len(ids.indices)))
    again = first[ids.indices] != np.arange(len(ids.indices))
    if again.any():
        row = int(np.argmax(again))
        raise place.error(
            again,
            f"the {what} {shown_id(ids.vocabulary, ids.indices[row])} is in row {first[ids.indices[row]] + 1} already",
            f"Each {what} needs one row; remove the others.",
        )
    places = ids.vocabulary.indices(vocabulary.ids)
    if (places < 0).all():
        raise DataError(
            f"{place.file}: none of the ids of column '{place.column}' occurs in the interactions: they are such as "
            f"{shown_id(ids.vocabulary, 0)} here and {shown_id(vocabulary, 0)} there. "
            "Name the right column, or another file."
        )
    return np.where(places < 0, -1, first[places])


def missing_caution(
    name: str, rows: Int64Array, vocabulary: Vocabulary, *, where: str, what: str
) -> tuple[Caution, ...]:
    """Return the caution of ids without a row, if there are such."""
    missing = np.flatnonzero(rows < 0)
    if len(missing) == 0:
        return ()
    sentence = (
        f"{where}: {len(missing):,} of {len(rows):,} {what}s of the interactions are not in it, such as "
        f"{shown_id(vocabulary, missing[0])}. What needs it knows nothing of them."
    )
    return (Caution(name, len(missing), sentence),)


def _columns_of(wanted: Wanted, file: TableFile) -> dict[str, str]:
    columns = {
        name: needed_column(
            column, file, meaning=name, key=f"{wanted.section}.{_key_of(name, wanted)}", keys=wanted.keys
        )
        for name, column in wanted.columns.items()
    }
    for name in wanted.optional:
        if name in file.names and name not in columns:
            columns[name] = single_column(name, file)
    if wanted.categories is not None:
        key = f"{wanted.section}.categories.column"
        columns["categories"] = needed_column(
            wanted.categories.column, file, meaning="categories", key=key, keys=wanted.keys
        )
    return columns


def _has_values(kind: Any) -> bool:
    """Return whether a type holds plain values or lists of them, and not maps, structs or lists of lists."""
    return not pa.types.is_nested(kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind)


def _key_of(name: str, wanted: Wanted) -> str:
    return name if name == "title" else "attributes" if wanted.what == "item" else "groups"


def _joined(name: str, column: ArrowColumn, wanted: Wanted) -> Any:
    """Return a column of the joined table; whole numbers stay so where some are missing."""
    if name == "categories" and wanted.categories is not None:
        return _categories(column, wanted.categories, Place(str(wanted.path), wanted.categories.column))
    if not _has_values(column.type) or (name == "title" and pa.types.is_nested(column.type)):
        raise DataError(
            f"{wanted.path}: column '{wanted.columns.get(name, name)}' holds {column.type}, where {wanted.section}."
            f"{_key_of(name, wanted)} needs values. Use text, numbers, dates, true and false, or lists of text."
        )
    if name == "title" and not is_text(column):
        column = column.cast(pa.string())
    if pa.types.is_integer(column.type) and column.null_count:
        return column.cast(pa.int64()).to_pandas(types_mapper=lambda _: pd.Int64Dtype())
    return column.to_pandas()


def _categories(column: ArrowColumn, section: CategoriesSection, place: Place) -> pd.Series[Any]:
    kind = column.type
    if is_text(column):
        delimiter = section.delimiter
        texts = ("" if text is None else text for text in column.to_pylist())
        parts = ([text] if delimiter is None else text.split(delimiter) for text in texts)
        lists = [tuple(part.strip() for part in some if part.strip()) for some in parts]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if section.delimiter is not None:
            raise DataError(
                f"{place.file}: column '{place.column}' holds lists, and dataset.items.categories.delimiter is "
                f"{section.delimiter!r}, which is for text. Leave it out."
            )
        lists = [tuple(str(part) for part in some or () if part is not None) for some in column.to_pylist()]
    else:
        raise DataError(
            f"{place.file}: column '{place.column}' holds {kind}, where categories are needed. "
            "Use lists of text, or text with dataset.items.categories.delimiter."
        )
    # A category that is named twice is one.
    return pd.Series([tuple(dict.fromkeys(some)) for some in lists], dtype=object)
