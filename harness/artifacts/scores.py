"""Check scores and gains: real numbers that are finite in float32, or minus infinity for a masked score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Float32Array
from harness.errors import DataError

SCORE_REMEDY = "Use finite numbers, or minus infinity for items that are not recommended."
_EXACT = 1 << 24  # float32 holds every integer up to here


def plain_array(given: Any, *, what: str) -> NDArray[Any]:
    """Return an array, or nested lists as an array.

    Raises
    ------
    DataError
        Some values are masked, or the rows differ in length.
    """
    if np.ma.isMaskedArray(given):
        raise DataError(f"{what} is a masked array, whose mask would be lost. Pass a plain array without gaps.")
    try:
        return np.asarray(given)
    except ValueError as error:
        raise DataError(f"{what} is not an array: its rows differ in length. Pad them to one length.") from error


def real_array(given: Any, *, what: str) -> NDArray[Any]:
    """Return integers or floats as an array, unchanged.

    Parameters
    ----------
    given
        An array, or nested lists.
    what
        Its name, for messages.

    Raises
    ------
    DataError
        The values are complex, true/false, text, dates or objects, some of them are masked, or the rows differ in
        length.
    """
    array = plain_array(given, what=what)
    if array.size and array.dtype.kind not in "fiu":
        raise DataError(f"{what} holds {array.dtype}; it must hold integers or floats, such as float32.")
    return array


def rounded(given: NDArray[Any]) -> Float32Array:
    """Return real numbers rounded once to float32; numbers beyond its range become infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(given, dtype=np.float32)


def wrong_scores(given: NDArray[Any], scores: Float32Array) -> BoolArray | None:
    """Return which scores are invalid, or None where all are valid.

    Parameters
    ----------
    given
        Real numbers of any shape.
    scores
        The same, ``rounded``.

    Returns
    -------
    BoolArray or None
        Set for NaN, plus infinity, and finite numbers that float32 does not hold. Shape of ``given``.

    Examples
    --------
    >>> given = np.array([1.0, -np.inf, -1e300, np.nan])
    >>> wrong_scores(given, rounded(given))
    array([False, False,  True,  True])
    """
    if scores.size == 0:
        return None
    # The largest value is NaN where any value is. Two passes are enough for full lists.
    usable = scores.max() < np.inf and (scores.dtype == given.dtype or scores.min() > -np.inf)
    if usable:
        return None
    wrong: BoolArray = np.isnan(scores) | np.isposinf(scores)
    if scores.dtype != given.dtype:
        wrong |= np.isneginf(scores) & (given != -np.inf)
    return wrong if wrong.any() else None


def score_fault(value: Any) -> str:
    """Return a description of an invalid score.

    Examples
    --------
    >>> score_fault(np.float64(1e300))
    '1e+300, beyond the range of float32'
    """
    number = float(value)
    if np.isnan(number):
        return "NaN"
    return f"{number:g}, beyond the range of float32" if np.isfinite(number) else "plus infinity"


def as_scores(given: Any, *, what: str, place: Callable[[int], str]) -> Float32Array:
    """Check scores and return them as float32.

    Parameters
    ----------
    given
        Real numbers of any shape. Minus infinity marks an item that is not recommended.
    what
        Name of the array, for messages.
    place
        Name of the entry at a flat index, for messages: "the score in row 3".

    Raises
    ------
    DataError
        A score is NaN, plus infinity, or beyond the range of float32; or the values are not real numbers.

    Examples
    --------
    >>> as_scores([16777217, 1], what="scores", place=str)
    array([1.6777216e+07, 1.0000000e+00], dtype=float32)
    """
    array = real_array(given, what=what)
    scores = rounded(array)
    wrong = wrong_scores(array, scores)
    if wrong is not None:
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(f"{place(first)} is {score_fault(array.reshape(-1)[first])}. {SCORE_REMEDY}")
    return scores


def as_gains(given: Any, *, what: str) -> Float32Array:
    """Return gains in float32, rounded once; ``(n,)``.

    Raises
    ------
    DataError
        A gain is NaN, infinite or beyond the range of float32; or the values are not real numbers.
    """
    array = real_array(given, what=what)
    gains = rounded(array)
    finite = np.isfinite(gains)
    if not finite.all():
        first = int(np.flatnonzero(~finite)[0])
        value = array.reshape(-1)[first]
        fault = "minus infinity" if value == -np.inf else score_fault(value)
        raise DataError(
            f"{what} holds {fault} in row {first}. Use finite numbers, 0 or less for an item that is not relevant."
        )
    return gains


def rounding_ties(rows: NDArray[np.integer[Any]], given: NDArray[Any]) -> int:
    """Return how many scores tie with a different one of the same list after both are rounded to float32.

    Parameters
    ----------
    rows
        ``(n,)``: the list of each score.
    given
        ``(n,)``: the scores before they are rounded.

    Examples
    --------
    >>> rounding_ties(np.array([0, 0, 0, 1, 1]), np.array([16777217, 16777216, 5, 2, 2]))
    2
    """
    scores = rounded(given)
    if len(given) == 0 or _is_exact(given, scores):
        return 0
    order = np.lexsort((given, rows))
    rows, given, scores = rows[order], given[order], scores[order]
    apart = (rows[1:] != rows[:-1]) | (scores[1:] != scores[:-1])
    starts = np.flatnonzero(np.concatenate([[True], apart]))
    ends = np.append(starts[1:], len(order))
    return int((ends - starts)[given[starts] != given[ends - 1]].sum())


def _is_exact(given: NDArray[Any], scores: Float32Array) -> bool:
    if given.dtype.kind == "f":
        return bool((given == scores).all())
    return int(given.min()) >= -_EXACT and int(given.max()) <= _EXACT
