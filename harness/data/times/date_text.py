"""Format times and durations as text."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from harness.artifacts import PER_SECOND, TimeUnit

_SPANS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_PARTS = (("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000))


def date_text(time: float | Fraction, unit: TimeUnit | None) -> str:
    """Return a time as an ISO 8601 date in UTC, or as a number if it has no unit.

    Parameters
    ----------
    time
        The time since 1970, in ``unit``.
    unit
        The unit; None for a number without a unit.

    Examples
    --------
    >>> date_text(1717113600, "s"), date_text(1717113600250, "ms"), date_text(7, None)
    ('2024-05-31T00:00:00Z', '2024-05-31T00:00:00.250Z', '7')
    >>> date_text(1717113600000000040, "ns"), date_text(10**17, "s")
    ('2024-05-31T00:00:00.000000040Z', '100,000,000,000,000,000 seconds after 1970')
    """
    if unit is None:
        return number_text(time)
    ticks = Fraction(time) * (PER_SECOND["ns"] // PER_SECOND[unit])
    seconds, nanoseconds = divmod(round(ticks), PER_SECOND["ns"])
    # numpy also formats years beyond 9999, and wraps around far beyond them.
    if abs(seconds) >= 1 << 52:
        return f"{number_text(seconds)} seconds after 1970"
    fraction = f".{nanoseconds:09}" if nanoseconds else ""
    while fraction.endswith("000"):
        fraction = fraction[:-3]
    return f"{np.datetime64(seconds, 's')}{fraction}Z"


def span_text(span: float | Fraction, unit: TimeUnit | None) -> str:
    """Return a duration in words, in the largest unit of which it has two, or as a number if it has no unit.

    Parameters
    ----------
    span
        The duration, 0 or more, in ``unit``.
    unit
        The unit; None for a number without a unit.

    Examples
    --------
    >>> span_text(18_492_669, "s"), span_text(90, "s"), span_text(1, "s"), span_text(40, "ns"), span_text(90, None)
    ('214 days', '90 seconds', '1 second', '40 nanoseconds', '90')
    """
    if unit is None:
        return number_text(span)
    seconds = Fraction(span) / PER_SECOND[unit]
    for name, size in _SPANS:
        if seconds >= 2 * size:
            return f"{round(seconds / size):,} {name}"
    if seconds.denominator == 1:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    name, per_second = next(((name, size) for name, size in _PARTS if (seconds * size).denominator == 1), _PARTS[-1])
    count = round(seconds * per_second)
    return f"{count:,} {name.removesuffix('s') if count == 1 else name}"


def number_text(value: float | Fraction) -> str:
    """Return a number with thousands separators, and with three decimals unless it is an integer."""
    exact = Fraction(value)
    return f"{exact.numerator:,}" if exact.denominator == 1 else f"{float(exact):,.3f}"
