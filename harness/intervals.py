"""Confidence intervals of means, of any values and of values between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts import USER_BLOCK
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.errors import HarnessError

_EQUAL = 1e-24  # variance of values in [0, 1] that are equal but for rounding errors


@dataclass(frozen=True)
class Interval:
    """A mean with its standard deviation and confidence interval.

    Parameters
    ----------
    mean
        The mean of the values.
    std
        Standard deviation over the values (divisor n - 1); None for a single value.
    low, high
        Ends of the interval; None where a single value says nothing about the spread.
    n
        How many values there were.
    """

    mean: float
    std: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, eq=False)
class Moments:
    r"""Sums of blocks of values, from which a mean and its interval are computed.

    Each number depends only on its own block, and sums over blocks are exact before they are
    rounded. Blocks computed apart and joined give the same bits as blocks computed together.

    Parameters
    ----------
    counts
        int64 ``(blocks,)``: values of each block, 0 or more.
    sums
        float64 ``(blocks,)``: their sum.
    squares
        float64 ``(blocks,)``: the sum of their squared differences from the block's own mean.

    Notes
    -----
    Over all blocks, with :math:`n_b` values of mean :math:`\bar{x}_b` and squares :math:`S_b` each,

    .. math:: S = \sum_b S_b + n_b (\bar{x}_b - \bar{x})^2

    References
    ----------
    Chan, Golub and LeVeque, "Algorithms for computing the sample variance", The American
    Statistician 37 (1983).

    Examples
    --------
    >>> values = np.array([0.0, 0.5, 1.0, 0.5])
    >>> together = Moments.of(values, np.array([0, 2, 4]))
    >>> apart = Moments.joined([Moments.of(values[:2], np.array([0, 2])), Moments.of(values[2:], np.array([0, 2]))])
    >>> together.interval() == apart.interval() == mean_interval(values)
    True
    """

    counts: Int64Array
    sums: Float64Array
    squares: Float64Array

    @classmethod
    def of(cls, values: Float64Array, bounds: Int64Array) -> Moments:
        """Return the moments of float64 ``(n,)``, cut at int64 ``(blocks + 1,)``: the first value of each, and n."""
        counts = np.diff(bounds)
        sums, squares = np.zeros(len(counts)), np.zeros(len(counts))
        for place, count in enumerate(counts.tolist()):
            if count > 0:
                block = values[bounds[place] : bounds[place + 1]]
                sums[place] = np.sum(block)
                differences = block - sums[place] / count
                differences *= differences
                squares[place] = np.sum(differences)
        return cls(counts, sums, squares)

    @classmethod
    def joined(cls, parts: Sequence[Moments]) -> Moments:
        """Return the moments of all blocks of one part after the other, of one part or more."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.sums for part in parts]),
            np.concatenate([part.squares for part in parts]),
        )

    def scaled(self, factor: float) -> Moments:
        """Return the moments of the values times a factor."""
        if factor == 1.0:
            return self
        return Moments(self.counts, self.sums * factor, self.squares * (factor * factor))

    @property
    def n(self) -> int:
        """The number of values."""
        return int(self.counts.sum())

    @property
    def total(self) -> float:
        """The sum of all values."""
        return math.fsum(self.sums.tolist())

    def interval(self, *, confidence: float = 0.95, in_unit_interval: bool = False) -> Interval:
        """Return the mean of all values with its interval; see ``mean_interval``.

        Raises
        ------
        HarnessError
            There is no value, or the level is not inside (0, 1).
        """
        from scipy.special import ndtri, stdtrit

        n = self.n
        _check(n, confidence)
        centre = self.total / n
        if n == 1:
            return Interval(centre, None, None, None, 1)
        squares = self._squares_from(centre)
        std = math.sqrt(squares / (n - 1))
        if in_unit_interval:
            return Interval(centre, std, *wilson(centre, squares / n, n, float(ndtri((1.0 + confidence) / 2.0))), n)
        half = float(stdtrit(n - 1, (1.0 + confidence) / 2.0)) * std / math.sqrt(n)
        return Interval(centre, std, centre - half, centre + half, n)

    def _squares_from(self, centre: float) -> float:
        filled = self.counts > 0
        apart = self.sums[filled] / self.counts[filled] - centre
        return math.fsum([*self.squares.tolist(), *(self.counts[filled] * (apart * apart)).tolist()])


def mean(values: Float64Array) -> float:
    """Return the mean of float64 ``(n,)``, 0 for no values; it is rounded once, for any order of blocks.

    Examples
    --------
    >>> mean(np.array([0.0, 0.5, 1.0, 0.5]))
    0.5
    """
    return _total(values) / len(values) if len(values) else 0.0


def mean_interval(values: Float64Array, *, confidence: float = 0.95, in_unit_interval: bool = False) -> Interval:
    r"""Return the mean with its interval: Student's t, or Wilson's on an effective number for values in [0, 1].

    .. math:: \bar{x} \pm t_{n-1,\,(1+c)/2} \; s / \sqrt{n}

    .. math:: \frac{\bar{x} + z^2/2m}{1 + z^2/m} \pm
              \frac{z}{1 + z^2/m} \sqrt{\frac{\bar{x} (1-\bar{x})}{m} + \frac{z^2}{4m^2}},
              \quad m = n \, \bar{x} (1 - \bar{x}) / s_n^2

    Parameters
    ----------
    values
        float64 ``(n,)``, finite, n >= 1.
    confidence
        Level in (0, 1).
    in_unit_interval
        Whether no value can be below 0 or above 1.

    Raises
    ------
    HarnessError
        There is no value, or the level is not inside (0, 1).

    Notes
    -----
    The t interval is too short for values that are mostly 0: with hits of 2% of 50 users it covers in 63% of cases, and
    if all values are 0 its width is 0. Wilson's interval of a proportion does not have these faults. The number m is
    that of trials of 0 and 1 whose mean has the same variance; :math:`s_n^2` is the variance with divisor n. For values
    of 0 and 1, m is n and the interval is Wilson's. For equal values m is n. The interval stays inside [0, 1].

    One value alone has no interval.

    References
    ----------
    Student, "The probable error of a mean", Biometrika 6 (1908).

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Examples
    --------
    >>> result = mean_interval(np.array([0.0, 0.5, 1.0, 0.5]))
    >>> result.mean, round(result.low, 4), round(result.high, 4)
    (0.5, -0.1496, 1.1496)
    >>> none = mean_interval(np.zeros(10), in_unit_interval=True)
    >>> none.low, round(none.high, 4)
    (0.0, 0.2775)
    """
    return Moments.of(values, np.append(np.arange(0, len(values), USER_BLOCK), len(values))).interval(
        confidence=confidence, in_unit_interval=in_unit_interval
    )


def wilson(centre: float, variance: float, n: int, z: float) -> tuple[float, float]:
    """Return Wilson's confidence interval of the mean of values between 0 and 1.

    The number of values is replaced by the number of values of 0 and 1 that would have the same standard error.

    Parameters
    ----------
    centre, variance
        Mean of the values, and n times the squared standard error of the mean.
    n
        Number of values.
    z
        Critical value.
    """
    centre = min(max(centre, 0.0), 1.0)  # a mean of ones may exceed 1 by rounding
    spread = centre * (1.0 - centre)
    number = n * spread / variance if variance > _EQUAL and spread > 0.0 else float(n)
    scale = 1.0 + z * z / number
    middle = (centre + z * z / (2 * number)) / scale
    half = z / scale * math.sqrt(spread / number + z * z / (4 * number * number))
    # The formula stays within 0 and 1, and gives them at the ends, but for rounding.
    low = 0.0 if centre == 0.0 else max(middle - half, 0.0)
    high = 1.0 if centre == 1.0 else min(middle + half, 1.0)
    return low, high


def _check(n: int, confidence: float) -> None:
    if n < 1:
        raise HarnessError("there is no value to take the mean of; at least one user must count.")
    if not 0.0 < confidence < 1.0:
        raise HarnessError(f"the confidence is {confidence}; it lies between 0 and 1, such as 0.95.")


def _total(values: Float64Array) -> float:
    return math.fsum(float(np.sum(values[start : start + USER_BLOCK])) for start in range(0, len(values), USER_BLOCK))
