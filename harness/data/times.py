"""Columns of times into numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.artifacts.arrays import BoolArray, Float64Array, Int64Array
from harness.data.columns import Place, is_text, numbers_of, present, refuse_unread
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.columns import ArrowColumn

TimestampUnit: TypeAlias = Literal["auto", "s", "ms", "us", "ns", "raw"]

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SECONDS_A_DAY = 86_400
# Seconds since 1970 of 1990 and of 2100: a number between them is taken for an epoch, in the unit that
# puts it there. Narrow enough that 202405311200 is no epoch in milliseconds.
_EARLIEST, _LATEST = 631_152_000, 4_102_444_800
_REMEDY = "Use finite numbers, or dates such as 2024-05-31T12:00:00, the same for all rows."


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times.

    Parameters
    ----------
    values
        int64 or float64 ``(n,)``: seconds since 1970 in UTC, or the file's own numbers if ``unit`` is raw.
    unit
        What the file's numbers were: ``s``, ``ms``, ``us``, ``ns``, ``dates``, or ``raw``.
    strays
        Numbers that look like an epoch in another unit than the others.
    """

    values: Int64Array | Float64Array
    unit: str
    strays: int = 0


def times_of(column: ArrowColumn, *, place: Place, unit: TimestampUnit = "raw") -> Times:
    """Return a column of times as numbers.

    Dates and ISO 8601 text become seconds since 1970 in UTC, a time without a zone being taken as
    UTC: int64 where all are whole seconds, else float64, which keeps microseconds. Numbers become
    seconds by their unit; ``auto`` takes the one in which their median lies between 1990 and
    2100, and leaves them as they are where there is none, as ``raw`` always does.

    Raises
    ------
    DataError
        A time is missing, infinite, or cannot be read; or dates have a unit.

    Examples
    --------
    >>> place = Place("plays.csv", "timestamp")
    >>> times_of(pa.chunked_array([["1970-01-02", "1970-01-01T00:00:30+00:00"]]), place=place).values
    array([86400,    30])
    >>> times = times_of(pa.chunked_array([[1717113600000, 1717113601000]]), place=place, unit="auto")
    >>> times.values, times.unit
    (array([1717113600, 1717113601]), 'ms')
    """
    column = present(column, place=place, what="timestamp")
    dates = _dates(column, place)
    if dates is not None:
        if unit in _PER_SECOND:
            raise DataError(
                f"{place.file}: column '{place.column}' holds dates, and dataset.timestamp_unit is {unit}. "
                "Leave it out; it is for numbers."
            )
        return Times(dates, "dates")
    numbers = numbers_of(column, place=place, what="timestamp", remedy=_REMEDY)
    taken = epoch_unit(numbers) if unit == "auto" else unit
    if taken == "raw":
        return Times(numbers, taken)
    strays = sum(int(_within(numbers, other).sum()) for other in _PER_SECOND if other != taken) if unit == "auto" else 0
    return Times(in_seconds(numbers, taken), taken, strays)


def epoch_unit(numbers: Int64Array | Float64Array) -> str:
    """Return the unit in which the median of positive numbers lies between 1990 and 2100, or ``raw``.

    Examples
    --------
    >>> epoch_unit(np.array([1717113600, 0, 1717113601])), epoch_unit(np.array([1, 2, 3]))
    ('s', 'raw')
    """
    positive = numbers[numbers > 0]
    if len(positive) == 0:
        return "raw"
    middle = len(positive) // 2
    median = np.partition(positive, middle)[middle].item()
    return next((unit for unit, ticks in _PER_SECOND.items() if _EARLIEST * ticks <= median < _LATEST * ticks), "raw")


def _within(numbers: Int64Array | Float64Array, unit: str) -> BoolArray:
    # 2100 in nanoseconds still fits into int64.
    return (numbers >= _EARLIEST * _PER_SECOND[unit]) & (numbers < _LATEST * _PER_SECOND[unit])


def _dates(column: ArrowColumn, place: Place) -> Int64Array | Float64Array | None:
    """Return dates as seconds since 1970, or None where the column holds numbers."""
    kind = column.type
    if is_text(column):
        return _dates_in_text(column, place)
    if pa.types.is_date32(kind):
        days: Int64Array = column.cast(pa.int32()).cast(pa.int64()).to_numpy()
        return days * _SECONDS_A_DAY
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        ticks: Int64Array = column.cast(pa.int64()).to_numpy()
        return in_seconds(ticks, getattr(kind, "unit", "ms"))
    return None


def _dates_in_text(column: ArrowColumn, place: Place) -> Int64Array | Float64Array | None:
    text = column.to_pandas()
    numeric = pd.to_numeric(text, errors="coerce").notna().to_numpy()
    # Where most are numbers a word among them is the mistake, and the other way round.
    if numeric.mean() > 0.5:
        return None
    times = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
    unread = times.isna().to_numpy() | numeric
    refuse_unread(unread, column, place=place, what="timestamp", remedy=_REMEDY)
    ticks: Int64Array = times.to_numpy(dtype=f"datetime64[{times.dt.unit}]").astype(np.int64)
    return in_seconds(ticks, times.dt.unit)


def in_seconds(ticks: Int64Array | Float64Array, unit: str) -> Int64Array | Float64Array:
    """Return numbers of a unit, ``s``, ``ms``, ``us`` or ``ns``, as seconds: integers where all are whole.

    Examples
    --------
    >>> in_seconds(np.array([1717113600000]), "ms"), in_seconds(np.array([1717113600500]), "ms")
    (array([1717113600]), array([1.7171136e+09]))
    """
    per_second = _PER_SECOND[unit]
    if per_second == 1:
        return ticks
    if np.issubdtype(ticks.dtype, np.integer) and (ticks % per_second == 0).all():
        return ticks // per_second
    return ticks / per_second
