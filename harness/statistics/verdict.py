"""Verdicts: what the simultaneous interval of a difference allows to say, as a code and as a sentence."""

from __future__ import annotations

import math

EXPLORATORY = "exploratory"
UNTESTED = "untested"
UNDECIDED = "undecided"

_WORDS = {
    "better_by_margin": "better by more than {margin}",
    "better": "better; may be by less than {margin}",
    "differs_within_margin": "differs, by less than {margin}",
    "equivalent": "equivalent within {margin}",
    "not_worse": "not worse by {margin}",
    "undecided": "undecided: between {low} and {high}",
    "not_better": "not better by {margin}",
    "worse": "worse; may be by less than {margin}",
    "worse_by_margin": "worse by more than {margin}",
    "higher": "higher",
    "lower": "lower",
    EXPLORATORY: "exploratory",
    UNTESTED: "not tested",
}


def verdict_code(low: float, high: float, *, margin: float | None, higher_is_better: bool = True) -> str:
    """Return the verdict of an interval.

    Without a margin: ``higher``, ``lower`` or ``undecided``, by the value of the metric. With a margin: by the metric's
    direction, one of ``better_by_margin``, ``better``, ``differs_within_margin``, ``equivalent``, ``not_worse``,
    ``undecided``, ``not_better``, ``worse``, ``worse_by_margin``.

    Parameters
    ----------
    low, high
        Ends of the simultaneous interval of candidate minus baseline. NaN: nothing is known, ``undecided``.
    margin
        Largest difference that does not matter, in the metric's unit.
    higher_is_better
        Direction of the metric.

    Examples
    --------
    >>> verdict_code(0.01, 0.03, margin=None)
    'higher'
    >>> verdict_code(0.01, 0.03, margin=0.02), verdict_code(-0.01, 0.01, margin=0.02)
    ('better', 'equivalent')
    """
    if math.isnan(low) or math.isnan(high):
        return UNDECIDED
    if margin is None:
        return "higher" if low > 0 else "lower" if high < 0 else UNDECIDED
    if not higher_is_better:
        low, high = -high, -low
    excludes_zero = low > 0 or high < 0
    if low > margin:
        return "better_by_margin"
    if high < -margin:
        return "worse_by_margin"
    if low > -margin and high < margin:
        return "differs_within_margin" if excludes_zero else "equivalent"
    if excludes_zero:
        return "better" if low > 0 else "worse"
    if low > -margin:
        return "not_worse"
    return "not_better" if high < margin else UNDECIDED


def verdict_words(code: str, *, low: float, high: float, margin: float | None) -> str:
    """Return the words of a verdict.

    Examples
    --------
    >>> verdict_words("undecided", low=-0.012, high=0.031, margin=None)
    'undecided: between -0.012 and 0.031'
    """
    if code == UNDECIDED and (math.isnan(low) or math.isnan(high)):
        return UNDECIDED
    digits = decimals(low, high)
    limit = "" if margin is None else f"{margin:g}"
    # Adding 0 turns a rounded -0 into 0.
    ends = {"low": round(low, digits) + 0.0, "high": round(high, digits) + 0.0}
    return _WORDS[code].format(margin=limit, **{name: f"{end:.{digits}f}" for name, end in ends.items()})


def decimals(low: float, high: float) -> int:
    """Return how many decimals show two digits of the width of an interval, from 2 to 8.

    Examples
    --------
    >>> decimals(0.009, 0.034), decimals(-math.inf, 1.0)
    (3, 2)
    """
    width = high - low
    if not 0 < width < math.inf:
        return 4 if width == 0 else 2
    return min(max(1 - math.floor(math.log10(width)), 2), 8)
