"""Permutation test of the mean difference: exchange the two runs within users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.sign_flips import EXACT_USERS, SignFlips, flip_signs


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Permutation(PairedTest):
    r"""Test of studentised sums under random signs of the differences.

    If the runs are exchangeable within each user, every pattern of signs of the differences is equally likely. The
    p-value is :math:`(1 + c) / (1 + B)`, where c of B random patterns give a t statistic at least as far from zero as
    the observed one; with at most 20 users with a difference, all patterns are enumerated and the p-value is exact.
    The interval is :math:`\bar{d} \pm t_c \, s / \sqrt{n}`, with the critical value :math:`t_c` of the flips, so that
    it excludes zero exactly where the p-value is small enough.

    Parameters
    ----------
    flips
        Number of random patterns; the smallest p-value is 1 / (1 + flips).

    References
    ----------
    Fisher, "The design of experiments", Oliver and Boyd, 1935, section 21.

    Examples
    --------
    >>> sample = PairedSample(np.array([1.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.5]), np.arange(3, dtype=np.uint64))
    >>> Permutation().test(sample, confidence=0.95).p_value
    0.5
    """

    flips: Annotated[int, Field(ge=99, le=10_000_000)] = 10_000

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value and the interval of the mean difference."""
        return self.test_all([sample], confidence=confidence)[0]

    def test_all(self, samples: Sequence[PairedSample], *, confidence: float) -> list[PairedResult]:
        """Test all samples, with the same random signs for each; a sample with few differences is tested exactly."""
        return self.results_of(samples, self.flip(samples), confidence=confidence)

    def flip(self, samples: Sequence[PairedSample]) -> SignFlips:
        """Return the distribution of samples of the same users, all under the same random signs."""
        differences: Float64Array = np.stack([sample.differences for sample in samples], axis=1)  # (users, samples)
        return flip_signs(differences, samples[0].keys, flips=self.flips, seed=self.seed or 0)

    def results_of(
        self, samples: Sequence[PairedSample], flipped: SignFlips, *, confidence: float
    ) -> list[PairedResult]:
        """Return the result of each sample by itself from their common distribution.

        A sample with few differences has an exact distribution of its own, even if the common one is random.
        """
        results = []
        critical = flipped.critical_values(1 - confidence)
        for sample, p_value, value in zip(samples, flipped.p_values, critical, strict=True):
            if sample.n_nonzero <= EXACT_USERS and not flipped.exact:
                results += self.test_all([sample], confidence=confidence)
            else:
                results.append(PairedResult(float(p_value), *flip_interval(sample, float(value))))
        return results


def flip_interval(sample: PairedSample, critical: float) -> tuple[float, float]:
    """Return the interval of the mean difference for a critical t statistic; infinite where that is infinite."""
    mean = float(sample.differences.mean())
    half = critical * sample.standard_error if sample.n_nonzero else 0.0
    return mean - half, mean + half
