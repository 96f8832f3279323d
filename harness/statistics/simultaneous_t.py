"""The largest of several correlated t statistics, for simultaneous intervals and p-values."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtr, stdtr, stdtrit

from harness.artifacts.array_types import Float64Array

_DIRECTIONS = 1 << 15
_NEIGHBOURS = 1 << 4
_CELLS = 1 << 24  # statistics that are held at once, 128 MiB


class LargestT:
    """The distribution of the largest absolute value of several correlated t statistics.

    Given the direction of the normal vector behind the statistics, its squared length over the squared standard error
    has an F distribution, so that only directions are drawn. With one statistic the values are exact; otherwise the
    relative error of critical values is below 0.3%.

    Parameters
    ----------
    correlation
        float64 ``(statistics, statistics)``, positive semidefinite up to rounding; negative eigenvalues are taken as 0.
    df
        Degrees of freedom, 1 or more.

    References
    ----------
    Genz and Bretz, Computation of Multivariate Normal and t Probabilities, Springer 2009, section 4.1 (spherical-radial
    transformation).

    Examples
    --------
    >>> round(LargestT(np.eye(1), df=20).critical(0.05), 3)
    2.086
    """

    def __init__(self, correlation: Float64Array, *, df: int) -> None:
        self._df, self._size = df, len(correlation)
        sizes, axes = np.linalg.eigh(correlation)
        kept = sizes > 1e-10 * sizes[-1]
        self._rank = int(kept.sum())
        root = (axes[:, kept] * np.sqrt(sizes[kept])).T  # (rank, statistics)
        directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, self._rank))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        step = max(_CELLS // self._size, 1)
        blocks = (directions[start : start + step] @ root for start in range(0, _DIRECTIONS, step))
        # The largest absolute statistic of a vector of length 1; float64 (directions,)
        largest = np.sort(np.concatenate([np.abs(block).max(axis=1) for block in blocks]))
        # Means of neighbours, which are almost equal: fewer values of the F distribution are computed.
        self._largest = largest.reshape(-1, _NEIGHBOURS).mean(axis=1)

    def p_value(self, t: float) -> float:
        """Return the probability that the largest absolute statistic exceeds a value."""
        if self._size == 1:
            return 2.0 * float(stdtr(self._df, -abs(t)))
        return float(1.0 - fdtr(self._rank, self._df, (t / self._largest) ** 2 / self._rank).mean())

    def critical(self, level: float) -> float:
        """Return the value that the largest absolute statistic exceeds with a probability of ``level``, in (0, 1)."""
        alone = float(stdtrit(self._df, 1 - level / 2))
        if self._size == 1:
            return alone
        bonferroni = float(stdtrit(self._df, 1 - level / (2 * self._size)))
        return float(brentq(lambda t: self.p_value(t) - level, 0.9 * alone, 1.1 * bonferroni, xtol=1e-6))
