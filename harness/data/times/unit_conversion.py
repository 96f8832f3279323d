"""Convert times between units exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import PER_SECOND, TimeUnit
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.data.readers.columns import ColumnLocation, is_text
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

_DIGITS = 38  # the most that 128-bit decimals hold
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True, eq=False)
class EpochTimes:
    """Times since 1970 in UTC.

    Parameters
    ----------
    values
        int64 or float64 ``(n,)``.
    unit
        The unit of the values.
    rounded
        The number of values that were rounded when they were read, or may have been when they were written.
    """

    values: Int64Array | Float64Array
    unit: TimeUnit
    rounded: int = 0


def in_coarsest_unit(ticks: Int64Array, unit: TimeUnit) -> EpochTimes:
    """Return times in the coarsest unit in which all of them are integers.

    Parameters
    ----------
    ticks
        The times, int64 ``(n,)``.
    unit
        The unit of the times.

    Examples
    --------
    >>> in_coarsest_unit(np.array([1717113600000]), "ms")
    EpochTimes(values=array([1717113600]), unit='s', rounded=0)
    >>> in_coarsest_unit(np.array([1717113600250000000]), "ns")
    EpochTimes(values=array([1717113600250]), unit='ms', rounded=0)
    """
    for coarser, per_second in PER_SECOND.items():
        factor = PER_SECOND[unit] // per_second
        if factor <= 1:
            break
        if not (ticks % factor).any():
            return EpochTimes(ticks // factor, coarser)
    return EpochTimes(ticks, unit)


def times_of_decimals(column: ArrowColumn, unit: TimeUnit, *, place: ColumnLocation) -> EpochTimes | None:
    """Convert times with decimals, such as ``1700000000.25``, to integers without rounding.

    Parameters
    ----------
    column
        A column of text, decimals or integers, none missing.
    unit
        The unit of the numbers.
    place
        The column, for the message.

    Returns
    -------
    EpochTimes or None
        int64 in the coarsest unit in which all times are integers; None if one has decimals beyond nanoseconds.

    Raises
    ------
    DataError
        The times do not fit into 64 bits in the unit that their decimals need.

    Examples
    --------
    >>> place = ColumnLocation("plays.csv", "timestamp")
    >>> column = pa.chunked_array([["1700000000.000000040", "1700000000"]])
    >>> times_of_decimals(column, "s", place=place).values
    array([1700000000000000040, 1700000000000000000])
    """
    if is_text(column):
        column = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
    for finer, per_second in PER_SECOND.items():
        decimals = len(str(per_second // PER_SECOND[unit])) - 1
        if per_second < PER_SECOND[unit]:
            continue
        try:
            scaled = column.cast(pa.decimal128(_DIGITS, decimals))
        except pa.ArrowException:  # more decimals than this unit has
            continue
        return in_coarsest_unit(_unscaled(scaled, finer, place), finer)
    return None


def _unscaled(column: ArrowColumn, unit: TimeUnit, place: ColumnLocation) -> Int64Array:
    """Return decimals without their decimal point, so that 1.25 becomes 125; int64 ``(n,)``."""
    # The bytes of a decimal are those of an integer; only the type holds the power of ten.
    chunks = [
        pa.Array.from_buffers(pa.decimal128(_DIGITS, 0), len(chunk), chunk.buffers(), offset=chunk.offset)
        for chunk in column.chunks
    ]
    whole = pa.chunked_array(chunks)
    try:
        ticks: Int64Array = whole.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        beyond = np.array([not _INT64.min <= value.as_py() <= _INT64.max for value in whole], dtype=np.bool_)
        raise out_of_range_error(beyond, str(column[int(np.argmax(beyond))].as_py()), unit, place) from None
    return ticks


def out_of_range_error(beyond: BoolArray, value: str, unit: TimeUnit, place: ColumnLocation) -> DataError:
    """Return the error for times that do not fit into 64 bits in the unit that the column needs."""
    words = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
    years = ", which reach from 1677 to 2262," if unit == "ns" else ""
    return place.error(
        beyond,
        f"the timestamp {value[:40]} does not fit into 64 bits in {words[unit]}{years} and the column needs that unit",
        "Remove the row, or write all times in a coarser unit.",
    )


def converted(times: EpochTimes, unit: TimeUnit) -> Int64Array | Float64Array | None:
    """Return times in another unit, or None if integers would get a fraction or not fit into 64 bits.

    Examples
    --------
    >>> converted(EpochTimes(np.array([5]), "s"), "ms"), converted(EpochTimes(np.array([5500]), "ms"), "s")
    (array([5000]), None)
    """
    values, source, target = times.values, PER_SECOND[times.unit], PER_SECOND[unit]
    if values.dtype.kind == "f":
        return values * (target // source) if target >= source else values / (source // target)
    if target < source:
        factor = source // target
        return None if (values % factor).any() else values // factor
    factor = target // source
    extremes = (int(values.min(initial=0)) * factor, int(values.max(initial=0)) * factor)
    return None if extremes[0] < _INT64.min or extremes[1] > _INT64.max else values * factor
