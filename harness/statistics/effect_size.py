"""Effect sizes of the difference between two runs: standardised, and relative to the baseline."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from harness.artifacts.array_types import Float64Array
from harness.statistics.paired_sample import PairedSample

_ROUNDING = 1e-12  # relative; far above rounding errors of metric values, far below the steps between them


def has_spread(differences: Float64Array) -> bool:
    """Return whether the differences vary by more than rounding errors."""
    return len(differences) > 1 and bool(np.ptp(differences) > _ROUNDING * np.abs(differences).max())


def standardised_effect(differences: Float64Array) -> float:
    """Return ``dz``: the mean of the differences divided by their standard deviation; NaN without spread.

    Examples
    --------
    >>> standardised_effect(np.array([1.0, 3.0]))
    1.414213562373095
    """
    if not has_spread(differences):
        return math.nan
    return float(differences.mean() / differences.std(ddof=1))


def relative_interval(sample: PairedSample, *, confidence: float) -> tuple[float, float]:
    r"""Return the interval of the mean difference divided by the baseline's mean; NaN where that is zero.

    By the delta method: the ratio :math:`R = \bar{d} / \bar{b}` has the standard error of the mean of
    :math:`(d_i - R b_i) / \bar{b}`.

    Examples
    --------
    >>> import numpy as np
    >>> keys = np.arange(4, dtype=np.uint64)
    >>> sample = PairedSample(np.array([1.0, 3.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.0, 3.0]), keys)
    >>> low, high = relative_interval(sample, confidence=0.95)
    >>> round(low, 3), round(high, 3)
    (-0.113, 0.613)
    """
    n, base = len(sample.baseline), float(sample.baseline.mean())
    if n < 2 or base == 0.0:
        return math.nan, math.nan
    ratio = float(sample.differences.mean()) / base
    residuals = (sample.differences - ratio * sample.baseline) / base
    half = float(stdtrit(n - 1, (1 + confidence) / 2) * residuals.std(ddof=1) / math.sqrt(n))
    return ratio - half, ratio + half
