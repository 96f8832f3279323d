"""Open and read tables of any format. Every table that a user names is opened here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from harness.data.readers.file_checks import check_file, read_errors
from harness.data.readers.file_formats import reader_of
from harness.data.readers.table_keys import DATASET_KEYS, TableKeys
from harness.data.readers.table_reader import TableReader
from harness.errors import DataError
from harness.storage.table_formats import TableFormat


def open_table(
    path: Path,
    *,
    delimiter: str | None = None,
    form: TableFormat | None = None,
    usual: Sequence[str] = (),
    keys: TableKeys = DATASET_KEYS,
) -> TableReader:
    """Open a table by its format.

    Parameters
    ----------
    path
        A file, or a folder of parquet files.
    delimiter
        The delimiter of a text file; None for the one of its format.
    form
        The format; None chooses by the suffix.
    usual
        Names that columns of such a table usually have, as in ``TableReader.open``.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        The file is missing, its format is not known, or its header cannot be read.
    """
    with read_errors(path):
        check_file(path, key=keys.path)
        return reader_of(path, form, delimiter=delimiter, keys=keys).open(path, usual=usual, delimiter=delimiter)


def read_columns(reader: TableReader, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
    """Read columns of a table that must have rows.

    Parameters
    ----------
    reader
        The table.
    columns
        Names of columns; a repeated name is read once.
    text
        Those of the columns to return as text, exactly as written, if the format is untyped.

    Raises
    ------
    DataError
        The file cannot be read, or has no rows.
    """
    with read_errors(reader.path):
        table = reader.read(list(dict.fromkeys(columns)), text=text)
    if table.num_rows == 0:
        raise DataError(f"{reader.path}: the file has a header and no rows. Give a file with rows.")
    return table
