"""Smallest difference that a paired t-test would detect."""

from __future__ import annotations

import functools
import math

import numpy as np
from statsmodels.stats.power import TTestPower

from harness.artifacts.array_types import Float64Array
from harness.statistics.effect_size import has_spread

_POWER = 0.8


def minimum_detectable_effect(differences: Float64Array, *, confidence: float) -> float:
    """Return the mean difference that a paired t-test detects with 80% power, for this number of users and spread."""
    if not has_spread(differences):
        return math.nan
    return _detectable_effect(len(differences), confidence) * float(differences.std(ddof=1))


@functools.cache
def _detectable_effect(n: int, confidence: float) -> float:
    """Return the standardised effect. It takes long, and is the same for all metrics of a comparison."""
    effect = TTestPower().solve_power(nobs=n, alpha=1 - confidence, power=_POWER)
    return float(np.atleast_1d(effect)[0])
