"""Place intervals as small bars under the numbers of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_THINNEST = 1.0  # per cent: a thinner bar could not be seen


@dataclass(frozen=True)
class IntervalBar:
    """A bar and its point, in per cent of the width of a cell.

    Parameters
    ----------
    start, width
        Where the interval begins, and its width.
    at
        Where the value is.
    """

    start: float
    width: float
    at: float


def interval_bar(
    value: float | None, low: float | None, high: float | None, *, bottom: float, top: float
) -> IntervalBar | None:
    """Return the bar of an interval on a scale; None where a number is missing or the scale is empty.

    Examples
    --------
    >>> interval_bar(0.5, 0.25, 0.75, bottom=0.0, top=1.0)
    IntervalBar(start=25.0, width=50.0, at=50.0)
    """
    if value is None or low is None or high is None or not top > bottom:
        return None
    places = [100 * (number - bottom) / (top - bottom) for number in (low, high, value)]
    if not all(map(math.isfinite, places)):
        return None
    start, end, at = (min(max(place, 0.0), 100.0) for place in places)
    width = max(end - start, _THINNEST)
    return IntervalBar(min(start, 100.0 - width), width, at)


def common_top(highs: Iterable[float | None]) -> float:
    """Return the end of a scale that begins at 0 and holds all intervals; 0 where there is none.

    Examples
    --------
    >>> common_top([0.1, None, 0.3])
    0.3
    """
    return max((high for high in highs if high is not None and math.isfinite(high)), default=0.0)
