"""The base class of all readers of tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import pyarrow as pa

from harness.artifacts import DataWarning
from harness.data.readers.table_keys import TableKeys


@dataclass(frozen=True)
class TableReader(ABC):
    """A file of rows, opened: its columns are known, its rows are not read yet.

    A subclass reads one format. It is registered under each file suffix that it reads, in ``registry.BUILT_IN`` or as
    an entry point of the group ``harness.readers``.

    Parameters
    ----------
    path
        The file or folder.
    columns
        Names of the columns, in order.
    warnings
        What looks wrong before any row is read, such as files of a folder that are ignored.

    Attributes
    ----------
    untyped
        Whether all values are text, so that text may stand for integers.
    takes_delimiter
        Whether the user may set a delimiter.
    takes_gzip
        Whether a file compressed by gzip can be read.
    """

    path: Path
    columns: tuple[str, ...]
    warnings: tuple[DataWarning, ...] = field(default=(), kw_only=True)
    untyped: ClassVar[bool] = False
    takes_delimiter: ClassVar[bool] = False
    takes_gzip: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def open(cls, path: Path, *, usual: Sequence[str] = (), delimiter: str | None = None) -> Self:
        """Open a file and read the names of its columns.

        Parameters
        ----------
        path
            The file or folder.
        usual
            Names that columns of such a table usually have. A format without a header gives them to its columns by
            position, and a format whose rows may lack columns looks for them in all rows.
        delimiter
            The delimiter that the user set; always None unless ``takes_delimiter``.

        Raises
        ------
        DataError
            The names of the columns cannot be read.
        """

    @abstractmethod
    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Read some columns of all rows.

        Parameters
        ----------
        columns
            Names of columns; the table has them in this order.
        text
            Those of the columns that an untyped format returns as text, exactly as written. A typed format ignores
            this.

        Raises
        ------
        DataError
            A row cannot be read.
        """

    def alias_of(self, name: str) -> str | None:
        """Return another name of a column, such as ``user_id`` for ``user``; None if it has none."""
        return None

    def missing_column_hint(self, keys: TableKeys) -> str:
        """Return a sentence on why a column may be missing, such as a wrong delimiter; empty if nothing is known.

        Parameters
        ----------
        keys
            The settings of this table, for the sentence.
        """
        return ""
