"""Convert columns of times to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.artifacts import PER_SECOND, TimeUnit
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.data.readers.columns import ColumnLocation, is_text, numbers_of, refuse_unparsed, require_values
from harness.data.times.unit_conversion import (
    EpochTimes,
    converted,
    in_coarsest_unit,
    out_of_range_error,
    times_of_decimals,
)
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

TimestampUnit: TypeAlias = Literal["auto", "s", "ms", "us", "ns", "raw"]

_SECONDS_PER_DAY = 86_400
# The years 1990 and 2100 in seconds since 1970: a number is read as a time in the unit that puts it between them.
# The range is narrow enough that 202405311200 is not read as milliseconds.
_EARLIEST, _LATEST = 631_152_000, 4_102_444_800
# The binary digits of floats by their size in bits.
_DIGITS = {16: 11, 32: 24, 64: 53}
_REMEDY = "Use finite numbers, or dates such as 2024-05-31T12:00:00, the same for all rows."
_ZEROS_BEYOND_MICROSECONDS = r"([.,][0-9]{6}[0-9]*?)0+([^0-9]|$)"
_BEYOND_NANOSECONDS = r"[.,][0-9]{9}[0-9]*[1-9]"


@dataclass(frozen=True, eq=False)
class TimeColumn:
    """A column of times.

    Parameters
    ----------
    values
        int64 or float64 ``(n,)`` in ``time_unit``.
    unit
        What the values in the file are: ``s``, ``ms``, ``us``, ``ns``, ``dates``, or ``raw``.
    time_unit
        Unit of the values, which are then times since 1970 in UTC; None for the unchanged numbers of the file.
    strays
        The count of numbers that look like times in another unit than the others.
    rounded
        The count of times that may not be exact: large floats, and text with decimals beyond nanoseconds.
    """

    values: Int64Array | Float64Array
    unit: str
    time_unit: TimeUnit | None
    strays: int = 0
    rounded: int = 0


def times_of(column: ArrowColumn, *, place: ColumnLocation, unit: TimestampUnit = "raw") -> TimeColumn:
    """Return a column of times as numbers.

    Dates, ISO 8601 text, and numbers with a unit become times since 1970 in UTC; a time without a zone is UTC. They
    are int64 in the coarsest of seconds, milliseconds, microseconds and nanoseconds in which all of them are integers,
    so none is rounded. Columns of floats become float64 seconds if all are whole seconds, integers if milliseconds or
    microseconds represent each float exactly, and otherwise float64 in their own unit. ``auto`` chooses the unit in
    which the median of the numbers lies between 1990 and 2100, and leaves the numbers unchanged if there is none, as
    ``raw`` always does.

    Raises
    ------
    DataError
        A time is missing, infinite, or cannot be read; a unit is set for dates; or the times do not fit
        into 64 bits in the unit that they need.

    Examples
    --------
    >>> place = ColumnLocation("plays.csv", "timestamp")
    >>> times_of(pa.chunked_array([["1970-01-02", "1970-01-01T00:00:30+00:00"]]), place=place).values
    array([86400,    30])
    >>> times = times_of(pa.chunked_array([[1717113600000, 1717113600250]]), place=place, unit="auto")
    >>> times.values, times.unit, times.time_unit
    (array([1717113600000, 1717113600250]), 'ms', 'ms')
    """
    column = require_values(column, place=place, what="timestamp")
    dates = _dates(column, place)
    if dates is not None:
        if unit in PER_SECOND:
            raise DataError(
                f"{place.file}: column '{place.column}' holds dates, and dataset.timestamp_unit is {unit}. "
                "Leave it out; it is for numbers."
            )
        return TimeColumn(dates.values, "dates", dates.unit, rounded=dates.rounded)
    numbers = numbers_of(column, place=place, what="timestamp", remedy=_REMEDY)
    taken = epoch_unit(numbers) if unit == "auto" else unit
    if taken == "raw":
        return TimeColumn(numbers, taken, None)
    strays = sum(int(_within(numbers, other).sum()) for other in PER_SECOND if other != taken) if unit == "auto" else 0
    ticks = _times_of_numbers(numbers, column, taken, place)
    return TimeColumn(ticks.values, taken, ticks.unit, strays, ticks.rounded)


def epoch_unit(numbers: Int64Array | Float64Array) -> TimeUnit | Literal["raw"]:
    """Return the unit in which the median of the positive numbers lies between 1990 and 2100, or ``raw``.

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
    return next((unit for unit, ticks in PER_SECOND.items() if _EARLIEST * ticks <= median < _LATEST * ticks), "raw")


def _within(numbers: Int64Array | Float64Array, unit: TimeUnit) -> BoolArray:
    # 2100 in nanoseconds still fits into int64.
    return (numbers >= _EARLIEST * PER_SECOND[unit]) & (numbers < _LATEST * PER_SECOND[unit])


def _times_of_numbers(
    numbers: Int64Array | Float64Array, column: ArrowColumn, unit: TimeUnit, place: ColumnLocation
) -> EpochTimes:
    """Return the times of numbers in a unit.

    Parameters
    ----------
    numbers
        The column as int64 or float64 ``(n,)``, in ``unit``.
    column
        The column as it was read, in which text and decimals are exact.
    """
    if numbers.dtype.kind == "i":
        return in_coarsest_unit(numbers.astype(np.int64, copy=False), unit)
    numbers = numbers.astype(np.float64, copy=False)
    if pa.types.is_floating(column.type):
        return _times_of_floats(numbers, unit, digits=_DIGITS[column.type.bit_width])
    exact = times_of_decimals(column, unit, place=place)
    if exact is None:
        return EpochTimes(numbers, unit, len(numbers))
    # Whole seconds that are not written as integers are read as floats.
    return EpochTimes(exact.values.astype(np.float64), "s") if exact.unit == "s" else exact


def _times_of_floats(numbers: Float64Array, unit: TimeUnit, *, digits: int) -> EpochTimes:
    """Return the times of floats with a number of binary digits."""
    rounded = int((np.abs(numbers) >= 2.0**digits).sum())
    per_second = PER_SECOND[unit]
    if not (numbers % per_second).any():
        # 64-bit floats hold whole seconds exactly.
        return EpochTimes(numbers / per_second, "s", rounded if digits < _DIGITS[64] else 0)
    for finer in ("ms", "us", "ns"):
        factor = PER_SECOND[finer] / per_second
        if factor < 1 or (finer == "ns" and unit != "ns"):
            continue
        # An integer represents a float exactly if it converts back to the same float.
        whole = np.rint(numbers * factor)
        if (np.abs(whole) < 2.0**63).all() and (whole / factor == numbers).all():
            ticks = in_coarsest_unit(whole.astype(np.int64), finer)
            return EpochTimes(ticks.values, ticks.unit, rounded)
    return EpochTimes(numbers, unit, rounded)


def _dates(column: ArrowColumn, place: ColumnLocation) -> EpochTimes | None:
    """Return dates as times since 1970, or None if the column holds numbers."""
    kind = column.type
    if is_text(column):
        return _dates_in_text(column, place)
    if pa.types.is_date32(kind):
        days: Int64Array = column.cast(pa.int32()).cast(pa.int64()).to_numpy()
        return EpochTimes(days * _SECONDS_PER_DAY, "s")
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        ticks: Int64Array = column.cast(pa.int64()).to_numpy()
        return in_coarsest_unit(ticks, kind.unit if pa.types.is_timestamp(kind) else "ms")  # date64 counts milliseconds
    return None


def _dates_in_text(column: ArrowColumn, place: ColumnLocation) -> EpochTimes | None:
    text = column.to_pandas()
    numeric = pd.to_numeric(text, errors="coerce").notna().to_numpy()
    # If most values are numbers, text among them is the mistake, and the other way round.
    if numeric.mean() > 0.5:
        return None
    times = _parsed(text)
    unread = times.isna().to_numpy() | numeric
    if unread.any():
        # One date with nanoseconds makes pandas read all dates as nanoseconds, which reach from 1677 to 2262.
        times = _parsed(text.str.replace(_ZEROS_BEYOND_MICROSECONDS, r"\1\2", regex=True))
        unread = times.isna().to_numpy() | numeric
        beyond = np.array([wrong and not pd.isna(_parsed(text[[row]])[row]) for row, wrong in enumerate(unread)])
        refuse_unparsed(unread & (numeric | ~beyond), column, place=place, what="timestamp", remedy=_REMEDY)
        if beyond.any():
            raise out_of_range_error(beyond, str(text[int(np.argmax(beyond))]), "ns", place)
    ticks: Int64Array = times.to_numpy(dtype=f"datetime64[{times.dt.unit}]").astype(np.int64)
    found = in_coarsest_unit(ticks, times.dt.unit)
    rounded = int(text.str.contains(_BEYOND_NANOSECONDS, regex=True).sum()) if times.dt.unit == "ns" else 0
    return EpochTimes(found.values, found.unit, rounded)


def _parsed(text: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)


def in_seconds(numbers: Int64Array | Float64Array, unit: TimeUnit) -> Int64Array | Float64Array:
    """Convert numbers of a unit to seconds: integers if all are whole seconds, else floats.

    Examples
    --------
    >>> in_seconds(np.array([1717113600000]), "ms"), in_seconds(np.array([1717113600500]), "ms")
    (array([1717113600]), array([1.7171136e+09]))
    """
    whole = converted(EpochTimes(numbers, unit), "s")
    return numbers / PER_SECOND[unit] if whole is None else whole
