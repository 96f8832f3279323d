"""Smallest difference that a test would detect, and the number of users that would detect a given difference."""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy.special import stdtr
from statsmodels.stats.power import TTestPower

from harness.statistics.effect_size import has_spread
from harness.statistics.paired_sample import PairedSample

POWER = 0.8


def minimum_detectable_effect(sample: PairedSample, *, critical: float) -> float:
    """Return the mean difference that is detected with 80% power, for this number of users and spread.

    Parameters
    ----------
    sample
        The paired values.
    critical
        The t statistic that a difference has to exceed, such as that of a simultaneous interval.
    """
    if not has_spread(sample.differences) or not math.isfinite(critical):
        return math.nan
    n = len(sample.differences)
    return _detectable_effect(n, 2.0 * float(stdtr(n - 1, -critical))) * float(sample.differences.std(ddof=1))


def users_to_detect(effect: float, mde: float, n_users: int) -> int:
    """Return about how many users detect an effect, if ``n_users`` detect ``mde``; the spread is taken to stay.

    Examples
    --------
    >>> users_to_detect(0.01, 0.02, 1_000)
    4000
    """
    return math.ceil(n_users * (mde / effect) ** 2)


@functools.lru_cache(1024)
def _detectable_effect(n: int, level: float) -> float:
    """Return the standardised effect. It takes long, and is the same for all metrics of a comparison."""
    effect = TTestPower().solve_power(nobs=n, alpha=level, power=POWER)
    return float(np.atleast_1d(effect)[0])
