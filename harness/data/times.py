"""Columns of times into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.artifacts.arrays import Float64Array, Int64Array
from harness.data.columns import Place, is_text, numbers_of, present, refuse_unread

if TYPE_CHECKING:
    from harness.data.columns import ArrowColumn

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SECONDS_A_DAY = 86_400
_REMEDY = "Use finite numbers, or dates such as 2024-05-31T12:00:00, the same for all rows."


def timestamps_of(column: ArrowColumn, *, place: Place) -> Int64Array | Float64Array:
    """Return times as numbers ``(n,)``.

    Numbers stay in the unit of the file, int64 or float64. Dates and ISO 8601 text become seconds
    since 1970 in UTC, a time without a zone being taken as UTC: int64 where all are whole seconds,
    else float64, which keeps microseconds.

    Raises
    ------
    DataError
        A time is missing, infinite, or cannot be read.

    Examples
    --------
    >>> place = Place("plays.csv", "timestamp")
    >>> timestamps_of(pa.chunked_array([["1970-01-02", "1970-01-01T00:00:30+00:00"]]), place=place)
    array([86400,    30])
    >>> timestamps_of(pa.chunked_array([[5, 7]]), place=place)
    array([5, 7])
    """
    column = present(column, place=place, what="timestamp")
    kind = column.type
    if is_text(column):
        return _times_in_text(column, place)
    if pa.types.is_date32(kind):
        days: Int64Array = column.cast(pa.int32()).cast(pa.int64()).to_numpy()
        return days * _SECONDS_A_DAY
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        ticks: Int64Array = column.cast(pa.int64()).to_numpy()
        return _seconds(ticks, getattr(kind, "unit", "ms"))
    return numbers_of(column, place=place, what="timestamp", remedy=_REMEDY)


def _times_in_text(column: ArrowColumn, place: Place) -> Int64Array | Float64Array:
    text = column.to_pandas()
    numeric = pd.to_numeric(text, errors="coerce").notna().to_numpy()
    # Where most are numbers a word among them is the mistake, and the other way round.
    if numeric.mean() > 0.5:
        return numbers_of(column, place=place, what="timestamp", remedy=_REMEDY)
    times = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
    unread = times.isna().to_numpy() | numeric
    refuse_unread(unread, column, place=place, what="timestamp", remedy=_REMEDY)
    ticks: Int64Array = times.to_numpy(dtype=f"datetime64[{times.dt.unit}]").astype(np.int64)
    return _seconds(ticks, times.dt.unit)


def _seconds(ticks: Int64Array, unit: str) -> Int64Array | Float64Array:
    per_second = _PER_SECOND[unit]
    if (ticks % per_second == 0).all():
        return ticks // per_second
    return ticks / per_second
