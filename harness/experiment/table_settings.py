"""The keys of ``dataset`` that describe data files: columns, side tables and item vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Text
from harness.storage.table_formats import TableFormat

_RESERVED_NAMES = ("title", "categories")  # columns of the joined table


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ColumnNames:
    """Names of the columns of a data file.

    Parameters
    ----------
    user, item
        Columns of external ids, which are integers or text.
    timestamp, rating
        None: the column ``timestamp`` or ``rating``, if it exists.
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
                raise FaultError(
                    (key,),
                    f"the column {shown(column)} is both {others[0]} and {key}. Choose different columns.",
                )


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CategoriesSettings:
    """The column with the categories of items.

    Parameters
    ----------
    column
        Name of a column of lists or text.
    delimiter
        Separator of categories in text. None: the column holds lists, or one category per row.
    """

    column: Text
    delimiter: Text | None = None


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class VectorsSettings:
    """A file of item vectors.

    Parameters
    ----------
    path
        ``.npy`` file of shape (items, dimension), or parquet.
    ids
        Only with ``.npy``: a file with the id of each row, one per line, or another ``.npy`` file. None: the
        rows are those of the side table.
    id, column
        Only with parquet: the columns of external ids (None: as in the side table) and of vectors.
    """

    path: Text
    ids: Text | None = None
    id: Text | None = None
    column: Text = "vector"

    def __post_init__(self) -> None:
        if self.ids is not None and PurePath(self.path).suffix.lower() != ".npy":
            raise FaultError(("ids",), "dataset.items.vectors.ids applies only to .npy files; others contain their ids")


def _vectors(value: Any) -> Any:
    if isinstance(value, str) and value:
        return {"path": value}
    if value is None or isinstance(value, (dict, VectorsSettings)):
        return value
    raise FaultError((), f"dataset.items.vectors is {shown(value)}; a file, or a map with 'path', is needed")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ItemsSettings:
    """The item table and item vectors.

    Parameters
    ----------
    path
        File with one row per item, in any format of interactions. None: there are only vectors.
    id
        Column of external ids.
    title
        Column of titles. None: the column ``title``, if it exists.
    categories
        Column of categories.
    attributes
        Further columns, which keep their names.
    delimiter
        Delimiter of a text file. None: the default of the format.
    format
        Format of the file. None: the file name decides.
    vectors
        File of item vectors; in YAML its path or a map.
    """

    path: Text | None = None
    id: Text = "item"
    title: Text | None = None
    categories: CategoriesSettings | None = None
    attributes: tuple[Text, ...] = ()
    delimiter: Text | None = None
    format: TableFormat | None = None
    vectors: Annotated[VectorsSettings | None, BeforeValidator(_vectors)] = None

    def __post_init__(self) -> None:
        if self.path is None:
            if self.vectors is None:
                raise FaultError((), "dataset.items names no file: add 'path', a table, or 'vectors'")
            for key in ("title", "categories", "attributes", "delimiter", "format"):
                if getattr(self, key):
                    raise FaultError((key,), f"dataset.items.{key} needs an item table: add 'path'")
        check_delimiter(self.delimiter, "dataset.items.delimiter")
        _check_names("attributes", self.attributes)
        if self.vectors is not None and self.vectors.id is None:
            object.__setattr__(self, "vectors", replace(self.vectors, id=self.id))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UsersSettings:
    """The user table.

    Parameters
    ----------
    path
        File with one row per user, in any format of interactions.
    groups
        Columns that group users, which keep their names.
    id
        Column of external ids.
    delimiter
        Delimiter of a text file. None: the default of the format.
    format
        Format of the file. None: the file name decides.
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
    """Raise ``FaultError`` at ``delimiter`` if it cannot separate columns."""
    if delimiter is not None and set(delimiter) & set('\r\n"'):
        raise FaultError(
            ("delimiter",),
            f"{where} is {shown(delimiter)}; characters other than quotation marks and line ends are needed",
        )


def _check_names(key: str, names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise FaultError((key, index), f"the column {shown(name)} is named twice. Remove one.")
        if name in _RESERVED_NAMES:
            raise FaultError((key, index), f"{shown(name)} is set by the key dataset.items.{name}. Use that key.")
