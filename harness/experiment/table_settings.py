"""The sections of ``dataset`` that say what is in files of data: columns, side tables, vectors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import Field, PlainValidator, TypeAdapter
from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Text
from harness.storage.table_formats import TableFormat

_OWN_NAMES = ("title", "categories")  # of the joined table


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Columns:
    """Names of the columns of a data file.

    Parameters
    ----------
    user, item
        Own ids, integers or text.
    timestamp, rating
        None means the column called so, if there is one.
    """

    user: Text = "user"
    item: Text = "item"
    timestamp: Text | None = None
    rating: Text | None = None

    def __post_init__(self) -> None:
        named = {"user": self.user, "item": self.item, "timestamp": self.timestamp, "rating": self.rating}
        for key, column in named.items():
            others = [other for other in named if other != key and column is not None and named[other] == column]
            if others:
                raise FaultError((key,), f"the column {shown(column)} is both {others[0]} and {key}. Name two columns.")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Categories:
    """The column with the categories of an item.

    Parameters
    ----------
    column
        Of lists, or of text.
    delimiter
        What sets categories apart in text; None: the column holds lists, or one category a row.
    """

    column: Text
    delimiter: Text | None = None


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Vectors:
    """A file with a vector an item.

    Parameters
    ----------
    path
        ``.npy`` with the shape (items, dimension), or parquet.
    ids
        With ``.npy`` alone: a file with the id of each row, one a line, or ``.npy``. None: the rows are
        those of the side table.
    id, column
        With parquet alone: the columns of own ids (None: as in the side table) and of vectors.
    """

    path: Text
    ids: Text | None = None
    id: Text | None = None
    column: Text = "vector"

    def __post_init__(self) -> None:
        if self.ids is not None and PurePath(self.path).suffix.lower() != ".npy":
            raise FaultError(("ids",), "dataset.items.vectors.ids belongs to a .npy file; others hold their ids")


def _vectors(value: Any) -> Any:
    if value is None or isinstance(value, Vectors):
        return value
    if isinstance(value, str) and value:
        return Vectors(path=value)
    if isinstance(value, dict):
        return TypeAdapter(Vectors).validate_json(json.dumps(value, allow_nan=False))
    raise FaultError((), f"dataset.items.vectors is {shown(value)}; a file, or a map with 'path', is needed")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Items:
    """What is known of the items.

    Parameters
    ----------
    path
        A file with a row an item, in any format of interactions; None: there are vectors alone.
    id
        Its column of own ids.
    title
        Its column of titles; None means the column called so, if there is one.
    categories
        Its column of categories.
    attributes
        Further columns, under their own names.
    delimiter
        Of a text file; None: as its format has it.
    format
        Of the file; None: as its name says.
    vectors
        A file, or a map.
    """

    path: Text | None = None
    id: Text = "item"
    title: Text | None = None
    categories: Categories | None = None
    attributes: tuple[Text, ...] = ()
    delimiter: Text | None = None
    format: TableFormat | None = None
    vectors: Annotated[Vectors | None, PlainValidator(_vectors)] = None

    def __post_init__(self) -> None:
        if self.path is None:
            if self.vectors is None:
                raise FaultError((), "dataset.items names no file: add 'path', a table, or 'vectors'")
            for key in ("title", "categories", "attributes", "delimiter", "format"):
                if getattr(self, key):
                    raise FaultError((key,), f"dataset.items.{key} is of a table, and there is none: add 'path'")
        check_delimiter(self.delimiter, "dataset.items.delimiter")
        _check_names("attributes", self.attributes)
        if self.vectors is not None and self.vectors.id is None:
            object.__setattr__(self, "vectors", replace(self.vectors, id=self.id))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Users:
    """What is known of the users.

    Parameters
    ----------
    path
        A file with a row a user, in any format of interactions.
    groups
        Columns that put users into groups, under their own names.
    id
        Its column of own ids.
    delimiter
        Of a text file; None: as its format has it.
    format
        Of the file; None: as its name says.
    """

    path: Text
    groups: Annotated[tuple[Text, ...], Field(min_length=1)]
    id: Text = "user"
    delimiter: Text | None = None
    format: TableFormat | None = None

    def __post_init__(self) -> None:
        check_delimiter(self.delimiter, "dataset.users.delimiter")
        _check_names("groups", self.groups)


def check_delimiter(delimiter: str | None, where: str) -> None:
    """Raise a ``FaultError`` at ``delimiter`` where it cannot set columns apart."""
    if delimiter is not None and set(delimiter) & set('\r\n"'):
        raise FaultError(
            ("delimiter",),
            f"{where} is {shown(delimiter)}; one or more characters are needed, no quotation mark and no end of line",
        )


def _check_names(key: str, names: tuple[str, ...]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise FaultError((key, place), f"the column {shown(name)} is named twice. Leave one out.")
        if name in _OWN_NAMES:
            raise FaultError((key, place), f"{shown(name)} has a key of its own in dataset.items. Name it there.")
