"""Tests of paired differences: the same users under two runs."""

from __future__ import annotations

import functools
import math
import sys
from typing import Protocol

import numpy as np
from pydantic.dataclasses import dataclass
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from harness.artifacts.array_types import Float64Array

POWER = 0.8
_ROUNDING = 1e-12  # of values of order 1, far over their last bits and far under any metric's step


@dataclass(frozen=True)
class PairedResult:
    """What a test says of the mean of ``candidate - baseline``.

    Parameters
    ----------
    p_value
        Two-sided; NaN where the test is undefined.
    ci_low, ci_high
        Interval of the mean difference, in the metric's unit.
    """

    p_value: float
    ci_low: float
    ci_high: float


class PairedTest(Protocol):
    """A test of significance: a frozen component of the registry group ``tests``."""

    def test(self, candidate: Float64Array, baseline: Float64Array, *, confidence: float) -> PairedResult:
        """Test whether the mean difference of two ``(users,)`` arrays, row by row, is zero."""
        ...


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PairedT:
    """Student's paired t-test, with its interval.

    With thousands of users it holds its level on ranking metrics, also where most differences are
    zero (Ihemelandu and Ekstrand 2023, arXiv 2305.02461). Runs that agree on every user have
    p = 1 and an interval of no width. Where all differences are equal but not zero, or there is one
    user, nothing is known of the spread: the result is NaN.

    Examples
    --------
    >>> result = PairedT().test(np.array([1.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.5]), confidence=0.95)
    >>> round(result.p_value, 4)
    0.2254
    """

    def test(self, candidate: Float64Array, baseline: Float64Array, *, confidence: float) -> PairedResult:
        """Return p-value and interval of the mean difference; see the class."""
        differences = candidate - baseline
        if not differences.any():
            return PairedResult(1.0, 0.0, 0.0)
        if not _has_spread(differences):
            return PairedResult(math.nan, math.nan, math.nan)
        result = stats.ttest_rel(candidate, baseline)
        interval = result.confidence_interval(confidence_level=confidence)
        # Where the tail underflows, the smallest positive number: no finite sample proves a p of 0.
        return PairedResult(max(float(result.pvalue), sys.float_info.min), float(interval.low), float(interval.high))


def _has_spread(differences: Float64Array) -> bool:
    """Return whether the differences vary by more than the rounding of the values they come from."""
    return len(differences) > 1 and bool(np.ptp(differences) > _ROUNDING * np.abs(differences).max())


def standardised_effect(differences: Float64Array) -> float:
    """Return ``dz``: mean over standard deviation (n - 1) of the differences; NaN without spread.

    Examples
    --------
    >>> standardised_effect(np.array([1.0, 3.0]))
    1.414213562373095
    """
    if not _has_spread(differences):
        return math.nan
    return float(differences.mean() / differences.std(ddof=1))


def minimum_detectable_effect(differences: Float64Array, *, confidence: float) -> float:
    """Return the mean difference that a paired t-test finds with 80% power at this n and spread."""
    if not _has_spread(differences):
        return math.nan
    return _detectable_effect(len(differences), confidence) * float(differences.std(ddof=1))


@functools.cache
def _detectable_effect(n: int, confidence: float) -> float:
    """Return the standardised effect; it is the same for all metrics of a comparison, and slow to find."""
    effect = TTestPower().solve_power(nobs=n, alpha=1 - confidence, power=POWER)
    return float(np.atleast_1d(effect)[0])


def is_equivalent(candidate: Float64Array, baseline: Float64Array, *, margin: float, confidence: float) -> bool:
    """Return whether two one-sided tests (TOST) put the mean difference inside ``±margin``.

    Runs that agree on every user are equivalent at any margin.
    """
    differences = candidate - baseline
    if not differences.any():
        return True
    if not _has_spread(differences):
        return False
    p_value = ttost_paired(candidate, baseline, -margin, margin)[0]
    return bool(p_value < 1 - confidence)
