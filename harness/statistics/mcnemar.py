"""McNemar's exact test of two runs, for metrics whose values per user are 0 or 1, such as the hit rate."""

from __future__ import annotations

import sys

import numpy as np
from pydantic.dataclasses import dataclass
from scipy import stats

from harness.errors import HarnessError
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class McNemar(PairedTest):
    r"""Exact test of two proportions over the same users, such as hit rates.

    Of the :math:`m` users with a difference, the number of gains is binomial under the null hypothesis. The interval
    of the mean difference is :math:`(2 p - 1) m / n` at both ends of the Clopper-Pearson interval of the share p of
    gains, given m: it excludes zero exactly where the p-value is small enough. The test draws no random numbers, so
    that ``seed`` has no effect.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947.

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
        result = stats.binomtest(int((sample.differences > 0).sum()), sample.n_nonzero)
        share = sample.n_nonzero / len(sample.differences)
        ends = np.array(result.proportion_ci(confidence_level=confidence, method="exact"))
        low, high = ((2.0 * ends - 1.0) * share).tolist()
        return PairedResult(max(float(result.pvalue), sys.float_info.min), low, high)
