"""Student's paired t-test."""

from __future__ import annotations

import sys

from pydantic.dataclasses import dataclass
from scipy import stats

from harness.statistics.effect_size import has_spread
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.permutation import Permutation


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PairedT(PairedTest):
    """Student's paired t-test, with its interval.

    With thousands of users the test keeps its level on ranking metrics, even if most differences are zero (Ihemelandu
    and Ekstrand 2023, arXiv 2305.02461). Runs with equal values for every user have p = 1 and an interval of width 0.
    If all differences are equal but not zero, or if there is only one user, the spread is unknown and the result is
    that of ``Permutation``. Otherwise the test draws no random numbers, so that ``seed`` has no effect.

    Examples
    --------
    >>> import numpy as np
    >>> sample = PairedSample(np.array([1.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.5]), np.arange(3, dtype=np.uint64))
    >>> round(PairedT().test(sample, confidence=0.95).p_value, 4)
    0.2254
    """

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value and the interval of the mean difference."""
        if not sample.n_nonzero:
            return PairedResult(1.0, 0.0, 0.0)
        if not has_spread(sample.differences):
            return Permutation(seed=self.seed).test(sample, confidence=confidence)
        result = stats.ttest_rel(sample.candidate, sample.baseline)
        interval = result.confidence_interval(confidence_level=confidence)
        # The tail may underflow, but no finite sample proves a p-value of 0: return the smallest positive number.
        return PairedResult(max(float(result.pvalue), sys.float_info.min), float(interval.low), float(interval.high))
