"""Wilcoxon's signed-rank test."""

from __future__ import annotations

import math
import sys
from typing import ClassVar

from pydantic.dataclasses import dataclass
from scipy import stats

from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest

_DECIMALS = 12  # differences that are equal but for rounding errors share a rank


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Wilcoxon(PairedTest):
    """Test that the differences are symmetric about zero, by the ranks of their sizes.

    Users without a difference are left out. Its null hypothesis is not a mean difference of zero: on skewed
    differences with a mean of zero it rejects nearly always once there are many users. Therefore it gives a p-value
    only. The test draws no random numbers, so that ``seed`` has no effect.

    References
    ----------
    Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1, 1945.

    Examples
    --------
    >>> import numpy as np
    >>> sample = PairedSample(np.arange(1.0, 7.0), np.zeros(6), np.arange(6, dtype=np.uint64))
    >>> Wilcoxon().test(sample, confidence=0.95).p_value
    0.03125
    """

    of_mean: ClassVar[bool] = False

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value."""
        differences = sample.differences.round(_DECIMALS)
        differences = differences[differences != 0.0]
        if not len(differences):
            return PairedResult(1.0, math.nan, math.nan)
        p_value = float(stats.wilcoxon(differences).pvalue)
        return PairedResult(max(p_value, sys.float_info.min), math.nan, math.nan)
