"""Read TREC runs, which have no header and separate their columns by spaces."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import pandas as pd
import pyarrow as pa

from harness.data.readers.table_reader import TableReader
from harness.errors import DataError
from harness.storage.input_files import open_bytes

TREC_SUFFIXES = (".run", ".trec")
_COLUMNS = ("user", "q0", "item", "rank", "score", "tag")
_REMEDY = "Write user, item and score or rank as .parquet, .csv or .tsv, or a TREC run as .run."


@dataclass(frozen=True)
class TrecRunReader(TableReader):
    """A TREC run: ``user Q0 item rank score tag`` per line."""

    untyped: ClassVar[bool] = True

    @classmethod
    def open(cls, path: Path, *, usual: Sequence[str] = (), delimiter: str | None = None) -> Self:
        """Open a run, whose columns are always the same."""
        return cls(path, _COLUMNS)

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Read some columns of all rows as text.

        Raises
        ------
        DataError
            The file cannot be read, or has another number of columns.
        """
        try:
            with open_bytes(self.path) as stream:
                frame = pd.read_csv(stream, sep=r"\s+", header=None, dtype=str, keep_default_na=False, quoting=3)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise DataError(f"{self.path}: the file cannot be read as a TREC run: {reason}. {_REMEDY}") from error
        if frame.shape[1] != len(_COLUMNS):
            raise DataError(
                f"{self.path}: a line of a TREC run has {len(_COLUMNS)} fields, user Q0 item rank score tag; "
                f"this file has {frame.shape[1]}. {_REMEDY}"
            )
        return pa.Table.from_pandas(frame.set_axis(list(_COLUMNS), axis=1), preserve_index=False).select(list(columns))
