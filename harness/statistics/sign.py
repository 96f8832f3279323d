"""Sign test of the numbers of users who gain and who lose."""

from __future__ import annotations

import math
import sys
from typing import ClassVar

from pydantic.dataclasses import dataclass
from scipy import stats

from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Sign(PairedTest):
    """Exact test that a user with a difference gains or loses with equal chance.

    Its null hypothesis is not a mean difference of zero: two runs with equal means can differ for many users by a
    little in one direction and for few by much in the other. Therefore it gives a p-value only. The test draws no
    random numbers, so that ``seed`` has no effect.

    Examples
    --------
    >>> import numpy as np
    >>> sample = PairedSample(np.ones(6), np.zeros(6), np.arange(6, dtype=np.uint64))
    >>> Sign().test(sample, confidence=0.95).p_value
    0.03125
    """

    of_mean: ClassVar[bool] = False

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value."""
        if not sample.n_nonzero:
            return PairedResult(1.0, math.nan, math.nan)
        gains = int((sample.differences > 0).sum())
        p_value = float(stats.binomtest(gains, sample.n_nonzero).pvalue)
        return PairedResult(max(p_value, sys.float_info.min), math.nan, math.nan)
