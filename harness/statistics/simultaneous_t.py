"""Critical value of the largest of several correlated t statistics, for simultaneous intervals."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import fdtr, stdtrit

from harness.artifacts.array_types import Float64Array

_DIRECTIONS = 1 << 15


def critical_t(correlation: Float64Array, *, df: int, confidence: float) -> float:
    """Return the value that the largest absolute t statistic exceeds with a probability of ``1 - confidence``.

    The statistics have a multivariate t distribution. Given its direction, the squared length of the normal vector
    behind it over that of the standard error has an F distribution, so that only directions are drawn. With one
    statistic the value is exact; otherwise its relative error is below 0.3%.

    Parameters
    ----------
    correlation
        float64 ``(statistics, statistics)``, positive semidefinite up to rounding; negative eigenvalues are taken as 0.
    df
        Degrees of freedom, 1 or more.
    confidence
        Level of the intervals, in (0, 1).

    References
    ----------
    Genz and Bretz, Computation of Multivariate Normal and t Probabilities, Springer 2009, section 4.1 (spherical-radial
    transformation).

    Examples
    --------
    >>> round(critical_t(np.eye(1), df=20, confidence=0.95), 3)
    2.086
    """
    if len(correlation) == 1:
        return float(stdtrit(df, 0.5 + confidence / 2))
    sizes, axes = np.linalg.eigh(correlation)
    kept = sizes > 1e-10 * sizes[-1]
    rank = int(kept.sum())
    root = axes[:, kept] * np.sqrt(sizes[kept])  # (statistics, rank)
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((_DIRECTIONS, rank))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    largest = np.abs(directions @ root.T).max(axis=1)  # (directions,)

    def excess(critical: float) -> float:
        return float(1 - fdtr(rank, df, (critical / largest) ** 2 / rank).mean()) - (1 - confidence)

    alone = float(stdtrit(df, 0.5 + confidence / 2))
    bonferroni = float(stdtrit(df, 1 - (1 - confidence) / (2 * len(correlation))))
    return float(brentq(excess, 0.9 * alone, 1.1 * bonferroni, xtol=1e-6))
