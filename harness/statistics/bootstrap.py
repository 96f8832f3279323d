"""Bootstrap test: resample users to get a confidence interval (BCa) of the mean difference between two runs."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from scipy.special import ndtr, ndtri

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.statistics.effect_size import has_spread
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.permutation import Permutation

FEWEST_DIFFERENCES = 100  # below, intervals of skewed differences are too short
_DRAWS = 1 << 22  # users drawn at a time, 32 MB


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Bootstrap(PairedTest):
    r"""Resample users with replacement; bias-corrected and accelerated (BCa) interval of the mean difference.

    The p-value is the smallest level at which the interval excludes zero. With fewer than 100 users with a difference
    the test is refused, because its intervals are then too short: on a skewed null (exponential differences) it rejects
    at 5% in 10.5% of cases with 30 such users, 7.7% with 50, 6.5% with 100 and 5.7% with 200 (600 draws each).

    Parameters
    ----------
    resamples
        Number of resamples.

    References
    ----------
    Efron, "Better bootstrap confidence intervals", JASA 82, 1987.
    """

    resamples: Annotated[int, Field(ge=999, le=1_000_000)] = 10_000

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value and the interval of the mean difference."""
        if not sample.n_nonzero:
            return PairedResult(1.0, 0.0, 0.0)
        if sample.n_nonzero < FEWEST_DIFFERENCES:
            raise HarnessError(
                f"the bootstrap needs {FEWEST_DIFFERENCES} users with a difference or more; there are "
                f"{sample.n_nonzero}. Use the test permutation, or auto."
            )
        if not has_spread(sample.differences):
            return Permutation(seed=self.seed).test(sample, confidence=confidence)
        ordered = sample.differences[np.argsort(sample.keys, kind="stable")]
        centre = float(ordered.mean())
        means = np.sort(self._resampled_means(ordered))
        bias = float(ndtri(_share_below(means, centre)))
        apart = ordered - centre
        acceleration = float((apart**3).sum() / (6.0 * (apart**2).sum() ** 1.5))
        tails = ndtri(np.array([(1 - confidence) / 2, (1 + confidence) / 2]))
        shares = ndtr(bias + (bias + tails) / (1.0 - acceleration * (bias + tails)))
        low, high = np.quantile(means, shares)
        # The level whose end of the interval is zero.
        zero = float(ndtri(_share_below(means, 0.0))) - bias
        tail = float(ndtr(zero / (1.0 + acceleration * zero) - bias))
        p_value = max(2.0 * min(tail, 1.0 - tail), 1.0 / (1 + self.resamples))
        return PairedResult(min(p_value, 1.0), float(low), float(high))

    def _resampled_means(self, values: Float64Array) -> Float64Array:
        """Return the means of resamples: draw how many users have a difference, then these users."""
        rng = np.random.default_rng(self.seed or 0)
        nonzero = values[values != 0.0]
        counts = rng.binomial(len(values), len(nonzero) / len(values), size=self.resamples)
        sums = np.zeros(self.resamples)
        step = max(_DRAWS // len(nonzero), 1)
        for start in range(0, self.resamples, step):
            part = counts[start : start + step]
            drawn = nonzero[rng.integers(0, len(nonzero), size=int(part.sum()))]
            filled = part > 0
            sums[start : start + step][filled] = np.add.reduceat(drawn, np.cumsum(part)[filled] - part[filled])
        return sums / len(values)


def _share_below(ordered: Float64Array, value: float) -> float:
    """Return the share of values below, ties counted half, at least half a value from both ends."""
    below = (np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right")) / 2.0
    return float(min(max(below, 0.5), len(ordered) - 0.5) / len(ordered))
