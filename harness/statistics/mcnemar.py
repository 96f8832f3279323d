"""McNemar's exact test of two runs, for metrics whose values per user are 0 or 1, such as the hit rate."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
from pydantic.dataclasses import dataclass
from scipy import stats
from scipy.special import ndtri

from harness.errors import HarnessError
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class McNemar(PairedTest):
    r"""Exact test of two proportions over the same users, such as hit rates.

    Of the :math:`m` users with a difference, the number of gains is binomial under the null hypothesis. The interval
    of the mean difference holds two others: Tango's score interval, which also knows that m is random, and
    :math:`(2 p - 1) m / n` at both ends of the Clopper-Pearson interval of the share p of gains, given m, which
    excludes zero exactly where the p-value is small enough. The test draws no random numbers, so that ``seed`` has no
    effect.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947. Tango, "Equivalence test and confidence interval for the difference in proportions for the
    paired-sample design", Statistics in Medicine 17, 1998.

    Examples
    --------
    >>> sample = PairedSample(np.ones(6), np.zeros(6), np.arange(6, dtype=np.uint64))
    >>> McNemar().test(sample, confidence=0.95).p_value
    0.03125
    """

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value and the interval of the mean difference."""
        if not sample.is_binary:
            raise HarnessError(
                "McNemar's test is for metrics whose values are 0 or 1, such as hit_rate. Use another test, or auto."
            )
        if not sample.n_nonzero:
            return PairedResult(1.0, 0.0, 0.0)
        gains, n = int((sample.differences > 0).sum()), len(sample.differences)
        result = stats.binomtest(gains, sample.n_nonzero)
        ends = np.array(result.proportion_ci(confidence_level=confidence, method="exact"))
        given = ((2.0 * ends - 1.0) * sample.n_nonzero / n).tolist()
        low, high = score_interval(gains, sample.n_nonzero - gains, n, confidence=confidence)
        p_value = max(float(result.pvalue), sys.float_info.min)
        return PairedResult(p_value, min(low, given[0]), max(high, given[1]))


def score_interval(gains: int, losses: int, n: int, *, confidence: float) -> tuple[float, float]:
    """Return Tango's score interval of the difference of two proportions over the same users.

    Parameters
    ----------
    gains, losses
        Number of users with a hit of the candidate alone, and of the baseline alone.
    n
        Number of users.
    confidence
        Level of the interval, in (0, 1).

    Examples
    --------
    >>> low, high = score_interval(12, 14, 100, confidence=0.9)
    >>> round(low, 4), round(high, 4)
    (-0.1059, 0.0656)
    """
    z = float(ndtri(0.5 + confidence / 2))

    def statistic(difference: float) -> float:
        # The restricted estimate of the share of losses, if this were the difference.
        linear = (2 * n - gains + losses) * difference - gains - losses
        constant = -losses * difference * (1 - difference)
        share = (math.sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
        variance = n * (2 * share + difference * (1 - difference))
        excess = gains - losses - n * difference
        return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess) if excess else 0.0

    centre = (gains - losses) / n
    low = -1.0 if statistic(-1.0 + 1e-12) < z else _root(statistic, z, -1.0 + 1e-12, centre)
    high = 1.0 if statistic(1.0 - 1e-12) > -z else _root(statistic, -z, centre, 1.0 - 1e-12)
    return low, high


def _root(statistic: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Return where a falling statistic reaches a value, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if statistic(middle) > target else (low, middle)
    return (low + high) / 2
