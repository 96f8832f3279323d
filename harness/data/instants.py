"""Moments that an experiment names: a number in the data's own unit, or a date."""

from __future__ import annotations

import datetime
import math
from typing import TypeAlias

from harness.artifacts.arrays import BoolArray, Float64Array, Int64Array
from harness.errors import DataError

Instant: TypeAlias = int | float | str

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_LEAST_EPOCH = 3e8  # a day as a number, such as 20240531, and a year are below it; seconds since mid-1979 are above
# Seconds since 1970 stay below 10^11 until the year 5138; finer units are beyond it since 1973.
_FINER_UNITS = ((1e17, "nanoseconds", 1_000_000_000), (1e14, "microseconds", 1_000_000), (1e11, "milliseconds", 1_000))
_REMEDY = "use a date such as 2024-05-31 or 2024-05-31T12:00:00Z, or a number in the data's own unit"


def check_instant(name: str, value: Instant | None) -> None:
    """Raise for an option that is no moment; None is none, and fine.

    Raises
    ------
    ValueError
        It is text other than an ISO 8601 date, or a number that is not finite.

    Examples
    --------
    >>> check_instant("since", "2024-05-31")
    >>> check_instant("since", "yesterday")
    Traceback (most recent call last):
    ValueError: since is 'yesterday'; use a date such as 2024-05-31 or ...
    """
    if isinstance(value, str):
        try:
            _seconds(value)
        except ValueError:
            raise ValueError(f"{name} is {value!r}; {_REMEDY}") from None
    elif value is not None and not math.isfinite(value):
        raise ValueError(f"{name} is {value}; {_REMEDY}")


def in_unit_of(times: Int64Array | Float64Array, value: Instant, *, purpose: str) -> int | float:
    """Return a moment as a number that compares with times.

    A number is one already. A date is seconds since 1970 in UTC, as dates in a data file are; a time
    without a zone is UTC, and a day begins at midnight.

    Parameters
    ----------
    times
        ``(n,)``, n > 0, in the data set's own unit.
    value
        What the option says.
    purpose
        The component and its option, for the message.

    Raises
    ------
    DataError
        It is a date, and the times are in a unit finer than seconds, or no seconds since 1970 at all.

    Examples
    --------
    >>> import numpy as np
    >>> in_unit_of(np.array([1717200000]), "2024-05-31", purpose="filter time_window, since")
    1717113600
    """
    if not isinstance(value, str):
        return value
    seconds = _seconds(value)
    largest = max(abs(times.min().item()), abs(times.max().item()))
    for least, unit, per_second in _FINER_UNITS:
        if largest >= least:
            raise DataError(
                f"{purpose} is the date {value}, which is compared with seconds since 1970, and the timestamps look "
                f"like {unit} (the last is {times.max().item()}). Give the number {round(seconds * per_second)}."
            )
    if largest < _LEAST_EPOCH <= abs(seconds):
        raise DataError(
            f"{purpose} is the date {value}, which is compared with seconds since 1970, and the timestamps do not "
            f"look like those (the last is {times.max().item()}). Give a number in the timestamps' own unit."
        )
    return seconds


def at_or_after(times: Int64Array | Float64Array, moment: float) -> BoolArray:
    """Return whether each time is at a moment or later, exactly; ``(n,)``."""
    # Large whole times are not rounded to floats: t >= m just where t >= ceil(m).
    exact = math.ceil(moment) if times.dtype.kind == "i" else moment
    late: BoolArray = times >= exact
    return late


def _seconds(text: str) -> int | float:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    ticks = (moment - _EPOCH) // _MICROSECOND
    return ticks // 1_000_000 if ticks % 1_000_000 == 0 else ticks / 1_000_000
