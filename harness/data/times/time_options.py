"""Times given as options, such as ``since: 2024-05-31``: an ISO 8601 date or a number."""

from __future__ import annotations

import datetime
import math
import re
from fractions import Fraction
from typing import TypeAlias

from harness.artifacts import PER_SECOND, TimeUnit
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.errors import DataError

TimeOption: TypeAlias = int | float | str

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND = datetime.timedelta(seconds=1)
_FRACTION = re.compile(r"[.,]([0-9]+)")
_LEAST_EPOCH = 3e8  # years, and days as numbers such as 20240531, are below it; seconds since mid-1979 are above it
# Seconds since 1970 stay below 10^11 until the year 5138; finer units have been above it since 1973.
_FINER_UNITS = ((1e17, "nanoseconds", 1_000_000_000), (1e14, "microseconds", 1_000_000), (1e11, "milliseconds", 1_000))
_MOST = 10**30  # beyond any time in any unit
_REMEDY = "use a date such as 2024-05-31 or 2024-05-31T12:00:00Z, or a number below 1e30"


def check_time_option(name: str, value: TimeOption | None) -> None:
    """Check that an option is a time or None.

    Raises
    ------
    ValueError
        The option is text other than an ISO 8601 date, or a number that is not finite or too large for a time.

    Examples
    --------
    >>> check_time_option("since", "2024-05-31")
    >>> check_time_option("since", "yesterday")
    Traceback (most recent call last):
    ValueError: since is 'yesterday'; use a date such as 2024-05-31 or ...
    """
    if value is None:
        return
    try:
        valid = abs(exact_time(value)) < _MOST
    except (ValueError, OverflowError):
        valid = False
    if not valid:
        raise ValueError(f"{name} is {value!r:.60}; {_REMEDY}")


def check_time_order(**options: TimeOption | None) -> None:
    """Check that the second of two options is a later time than the first.

    A date and a number cannot be compared before the unit of the data set is known, and pass.

    Raises
    ------
    ValueError
        The second option is not later.

    Examples
    --------
    >>> check_time_order(since=5, until=5)
    Traceback (most recent call last):
    ValueError: until is 5, not later than since, which is 5
    """
    (first, earlier), (second, later) = options.items()
    if earlier is None or later is None or isinstance(earlier, str) != isinstance(later, str):
        return
    if exact_time(earlier) >= exact_time(later):
        raise ValueError(f"{second} is {later}, not later than {first}, which is {earlier}")


def exact_time(value: TimeOption) -> Fraction:
    """Return an option as an exact number: the number itself, or the seconds from 1970 to the date.

    Raises
    ------
    ValueError
        The text is not an ISO 8601 date, or the number is not finite.

    Examples
    --------
    >>> exact_time(0.1), exact_time("1970-01-01T00:00:01.000000040Z")
    (Fraction(1, 10), Fraction(25000001, 25000000))
    """
    if not isinstance(value, str):
        # A float stands for the decimals that it is written with.
        return Fraction(float.__repr__(value)) if isinstance(value, float) else Fraction(value)
    moment = datetime.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    # datetime drops all digits after microseconds.
    found = _FRACTION.search(value)
    decimals = "0" if found is None else found[1]
    if int(decimals[:6].ljust(6, "0")) != moment.microsecond:
        raise ValueError("a fraction of a unit other than the second")
    return Fraction((moment.replace(microsecond=0) - _EPOCH) // _SECOND) + Fraction(f"0.{decimals}")


def in_unit_of(
    times: Int64Array | Float64Array, value: TimeOption, *, purpose: str, unit: TimeUnit | None = None
) -> Fraction:
    """Return an option as an exact number that can be compared with timestamps.

    If the timestamps have a unit, they count from 1970 in UTC: a date is converted (UTC unless it names a zone; a day
    begins at midnight), and a number is seconds. If they have no unit, a number is compared unchanged, and a date is
    seconds since 1970.

    Parameters
    ----------
    times
        The timestamps ``(n,)``, n > 0.
    value
        The value of the option.
    purpose
        The component and its option, for the message.
    unit
        The unit of the timestamps, or None.

    Raises
    ------
    DataError
        The option is a date, and the timestamps have no unit and do not look like seconds since 1970.

    Examples
    --------
    >>> import numpy as np
    >>> in_unit_of(np.array([1717200000]), "2024-05-31", purpose="filter time_window, since")
    Fraction(1717113600, 1)
    >>> in_unit_of(np.array([1717200000250]), "2024-05-31", purpose="filter time_window, since", unit="ms")
    Fraction(1717113600000, 1)
    """
    moment = exact_time(value)
    if unit is not None:
        return moment * PER_SECOND[unit]
    if not isinstance(value, str):
        return moment
    largest = max(abs(times.min().item()), abs(times.max().item()))
    for least, finer, per_second in _FINER_UNITS:
        if largest >= least:
            raise DataError(
                f"{purpose} is the date {value}, which is compared with seconds since 1970, and the timestamps look "
                f"like {finer} (the last is {times.max().item()}). Give the number {round(moment * per_second)}."
            )
    if largest < _LEAST_EPOCH <= abs(moment):
        raise DataError(
            f"{purpose} is the date {value}, which is compared with seconds since 1970, and the timestamps do not "
            f"look like those (the last is {times.max().item()}). Give a number in the unit of the timestamps."
        )
    return moment


def at_or_after(times: Int64Array | Float64Array, moment: Fraction) -> BoolArray:
    """Return whether each timestamp is at a time or later, exactly; ``(n,)``."""
    # Large integers are not rounded to floats, because t >= m is the same as t >= ceil(m).
    late: BoolArray = times >= (math.ceil(moment) if times.dtype.kind == "i" else float(moment))
    return late


def as_number(moment: Fraction) -> int | float:
    """Return an exact number as an integer if it is one, else as the nearest float."""
    return moment.numerator if moment.denominator == 1 else float(moment)
