"""What a user may set to have a table read, as messages name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from harness.storage.table_formats import TableFormat


@dataclass(frozen=True)
class TableKeys:
    """Keys of an experiment, or flags of a command, that say how a file of rows is read.

    Parameters
    ----------
    path
        What names the file.
    delimiter, form
        What sets its delimiter and its format; None where nothing does.
    column
        What names a column, with ``{}`` for what the column means; None where nothing does.
    formats
        The values that ``form`` takes.

    Examples
    --------
    >>> TableKeys.of("dataset.users").form
    'dataset.users.format'
    >>> TableKeys("candidates.lists").for_delimiter()
    'write the file as .csv with commas, or as .parquet'
    """

    path: str
    delimiter: str | None = None
    form: str | None = None
    column: str | None = None
    formats: tuple[str, ...] = get_args(TableFormat)

    @classmethod
    def of(cls, section: str) -> TableKeys:
        """Return the keys of a section of an experiment that has all of them."""
        return cls(f"{section}.path", f"{section}.delimiter", f"{section}.format", f"{section}.columns.{{}}")

    def for_delimiter(self) -> str:
        """Return how to read a file that another delimiter sets apart."""
        if self.delimiter is None:
            return "write the file as .csv with commas, or as .parquet"
        return f"set {self.delimiter} to that"

    def column_named(self, meaning: str) -> str | None:
        """Return what names the column of a meaning."""
        return None if self.column is None else self.column.format(meaning)
