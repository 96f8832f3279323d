"""Write a split as parquet files that any program can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from harness.artifacts import PARTS, Interactions, Split, TimeUnit
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.storage import atomic_write


def write_parts(split: Split, folder: Path) -> list[Path]:
    """Write each part as ``train.parquet``, ``validation.parquet``, ..., atomically.

    The columns are ``user`` and ``item`` with external ids, then ``timestamp`` (as ``time_column``
    returns it) and ``rating`` if the split has them. Rows are in canonical order, oldest first per user. A part
    without interactions has no file; a file of an earlier split is removed. Interactions in no part are not written.

    Parameters
    ----------
    split
        The split.
    folder
        The folder, created if it does not exist.

    Returns
    -------
    list of Path
        The files, train first.

    Raises
    ------
    HarnessError
        The folder cannot be written.
    """
    written = []
    for part in PARTS:
        path = folder / f"{part}.parquet"
        rows = split.part(part)
        if len(rows) == 0:
            path.unlink(missing_ok=True)
            continue
        with atomic_write(path) as temporary:
            pyarrow.parquet.write_table(_table(rows), temporary, compression="zstd")
        written.append(path)
    return written


def time_column(times: Int64Array | Float64Array, unit: TimeUnit | None) -> pa.Array[Any]:
    """Return times as a column of a parquet file.

    Seconds since 1970, numbers without a unit, and floats are written as numbers. Integers of a finer unit become
    Arrow timestamps of that unit in UTC, which keep every digit.

    Parameters
    ----------
    times
        ``(n,)``.
    unit
        The unit of the times, or None.

    Examples
    --------
    >>> import numpy as np
    >>> time_column(np.array([5]), "s").type, time_column(np.array([5]), "ns").type
    (DataType(int64), TimestampType(timestamp[ns, tz=UTC]))
    """
    if unit is None or unit == "s" or times.dtype.kind == "f":
        return pa.array(times)
    return pa.array(times, pa.timestamp(unit, "UTC"))


def _table(rows: Interactions) -> pa.Table:
    # External ids are looked up in Arrow, so that millions of Python strings are never created.
    columns: dict[str, Any] = {
        "user": pa.array(rows.user_ids.ids).take(rows.users),
        "item": pa.array(rows.item_ids.ids).take(rows.items),
    }
    if rows.timestamps is not None:
        columns["timestamp"] = time_column(rows.timestamps, rows.time_unit)
    if rows.values is not None:
        columns["rating"] = rows.values
    return pa.table(columns)
