"""The section of an experiment that names a data set, as this room reads it."""

from __future__ import annotations

from typing import Any, Protocol

from harness.data.readers.duplicate_rows import DuplicateRule
from harness.data.side_tables.side_table_join import ItemsSection, UsersSection
from harness.data.times.time_columns import TimestampUnit
from harness.storage.table_formats import TableFormat


class ColumnNames(Protocol):
    """The keys of an experiment's ``dataset.columns``."""

    @property
    def user(self) -> str:
        """The column of users."""
        ...

    @property
    def item(self) -> str:
        """The column of items."""
        ...

    @property
    def timestamp(self) -> str | None:
        """The column of times; None for ``timestamp``, if there is one."""
        ...

    @property
    def rating(self) -> str | None:
        """The column of ratings; None for ``rating``, if there is one."""
        ...


class DatasetSection(Protocol):
    """The keys of an experiment's ``dataset`` that name the data."""

    @property
    def catalog(self) -> Any:
        """A ``Source`` of the catalogue, or None."""
        ...

    @property
    def path(self) -> Any:
        """The path of a file, or None."""
        ...

    @property
    def columns(self) -> ColumnNames | None:
        """The columns of the file, or None for the usual names."""
        ...

    @property
    def delimiter(self) -> str | None:
        """The delimiter of a text file; None for the one of its format."""
        ...

    @property
    def format(self) -> TableFormat | None:
        """The format of the file; None chooses by the suffix."""
        ...

    @property
    def timestamp_unit(self) -> TimestampUnit:
        """The unit of numeric times."""
        ...

    @property
    def duplicates(self) -> DuplicateRule:
        """The rule for rows that repeat a pair of user and item."""
        ...

    @property
    def items(self) -> ItemsSection | None:
        """The side table and the vectors of the items, or None."""
        ...

    @property
    def users(self) -> UsersSection | None:
        """The side table of the users, or None."""
        ...
