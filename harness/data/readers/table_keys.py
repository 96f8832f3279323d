"""Settings that say how a table is read, as messages name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from harness.storage.table_formats import TableFormat


@dataclass(frozen=True)
class TableKeys:
    """Names of the settings of a table: keys of an experiment, or flags of a command.

    Parameters
    ----------
    path
        The setting of the file.
    delimiter, form
        The settings of its delimiter and its format; None if the user cannot set them.
    column
        The setting of a column, with ``{}`` in place of the meaning; None if the user cannot set it.
    formats
        The values that the setting of the format takes.

    Examples
    --------
    >>> TableKeys.of("dataset.users").form
    'dataset.users.format'
    >>> TableKeys("candidates.lists").delimiter_remedy()
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

    def delimiter_remedy(self) -> str:
        """Return what to do about a file with another delimiter."""
        if self.delimiter is None:
            return "write the file as .csv with commas, or as .parquet"
        return f"set {self.delimiter} to that"

    def column_key(self, meaning: str) -> str | None:
        """Return the setting that names the column of a meaning; None if there is none."""
        return None if self.column is None else self.column.format(meaning)


DATASET_KEYS = TableKeys.of("dataset")
