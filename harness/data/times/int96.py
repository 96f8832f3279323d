"""Read INT96 timestamps of parquet files, which older programs write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from harness.artifacts.array_types import Int64Array
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

_US = 1_000  # nanoseconds in a microsecond


def with_exact_int96(table: pa.Table, file: Path) -> pa.Table:
    """Return a table with exact INT96 columns.

    INT96 counts days and nanoseconds, so its range is far larger than that of 64-bit nanoseconds, into which Arrow
    wraps it silently. Such columns become microseconds, or stay nanoseconds if they need them.

    Parameters
    ----------
    table
        Columns of the file as Arrow reads them by default.
    file
        The file that they were read from.

    Raises
    ------
    DataError
        A column has nanoseconds and also a time before 1677 or after 2262.
    """
    with pyarrow.parquet.ParquetFile(file) as opened:
        leaves = [opened.schema.column(place) for place in range(len(opened.schema))]
    written = {leaf.path for leaf in leaves if leaf.physical_type == "INT96"}
    names = [field.name for field in table.schema if field.name in written and pa.types.is_timestamp(field.type)]
    if not names:
        return table
    return _exact(table, names, file)


def _exact(table: pa.Table, names: Sequence[str], file: Path) -> pa.Table:
    with pyarrow.parquet.ParquetFile(file, coerce_int96_timestamp_unit="us") as opened:
        coarse = opened.read(columns=list(names))
    for name in names:
        place = table.schema.get_field_index(name)
        column = coarse.column(name)
        microseconds, nanoseconds = _ticks(column), _ticks(table.column(name))
        # The wrapped number is correct in its last 64 bits, and so is this difference, which is below 1,000.
        if not (nanoseconds - microseconds * _US).any():
            table = table.set_column(place, name, column)
        elif (microseconds != nanoseconds // _US).any():
            raise DataError(
                f"{file}: column '{name}' has times with nanoseconds, and times before 1677 or after 2262. They do not "
                "fit into 64 bits together: remove the rows with such times, or write all times in microseconds."
            )
    return table


def _ticks(column: ArrowColumn) -> Int64Array:
    values: Any = column.cast(pa.int64())
    return np.asarray(values.fill_null(0).to_numpy(), dtype=np.int64)
