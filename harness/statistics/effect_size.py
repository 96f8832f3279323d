"""Size of the differences between two runs: standardised, detectable, and within a margin."""

from __future__ import annotations

import functools
import math

import numpy as np
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from harness.artifacts.array_types import Float64Array

POWER = 0.8
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


def minimum_detectable_effect(differences: Float64Array, *, confidence: float) -> float:
    """Return the mean difference that a paired t-test detects with 80% power, for this number of users and spread."""
    if not has_spread(differences):
        return math.nan
    return _detectable_effect(len(differences), confidence) * float(differences.std(ddof=1))


@functools.cache
def _detectable_effect(n: int, confidence: float) -> float:
    """Return the standardised effect. It takes long, and is the same for all metrics of a comparison."""
    effect = TTestPower().solve_power(nobs=n, alpha=1 - confidence, power=POWER)
    return float(np.atleast_1d(effect)[0])


def is_equivalent(candidate: Float64Array, baseline: Float64Array, *, margin: float, confidence: float) -> bool:
    """Return whether two one-sided tests (TOST) show that the mean difference lies within ``±margin``.

    Runs with equal values for every user are equivalent at any margin.
    """
    differences = candidate - baseline
    if not differences.any():
        return True
    if not has_spread(differences):
        return False
    p_value = ttost_paired(candidate, baseline, -margin, margin)[0]
    return bool(p_value < 1 - confidence)
