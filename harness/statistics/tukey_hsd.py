"""Randomised Tukey HSD: exchange the values of all runs within users, and compare with the range of the means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedResult, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TukeyHSD(PairedTest):
    r"""Test of all runs together: the range of the means when the values of each user are exchanged between runs.

    If all runs are exchangeable within each user, every exchange is equally likely. The p-value of a pair is
    :math:`(1 + c) / (1 + B)`, where c of B random exchanges give means of runs whose range is at least the difference
    of the pair. It holds for all pairs together. The null hypothesis is that *all* runs are alike: one weak run widens
    the range and hides differences between good runs, which the correction ``maxt`` does not.

    Parameters
    ----------
    exchanges
        Number of random exchanges; the smallest p-value is 1 / (1 + exchanges).

    References
    ----------
    Carterette, "Multiple testing in statistical analysis of systems-based information retrieval experiments", ACM
    Transactions on Information Systems 30, 2012, section 4.3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.random((2, 50))
    >>> sample = PairedSample(values[0] + 0.4, values[1], np.arange(50, dtype=np.uint64))
    >>> TukeyHSD().test(sample, confidence=0.95).p_value < 0.01
    True
    """

    exchanges: Annotated[int, Field(ge=99, le=1_000_000)] = 2_000

    of_family: ClassVar[bool] = True

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        """Return the p-value and the interval of the mean difference of two runs."""
        return self.test_all([sample], confidence=confidence)[0]

    def test_all(self, samples: Sequence[PairedSample], *, confidence: float) -> list[PairedResult]:
        """Test all pairs of runs together, from the same exchanges of all runs of the samples."""
        ranges = np.sort(self._ranges(samples))[::-1]
        # So many exchanges may have a larger range where the p-value is just small enough.
        most = math.floor((1 - confidence) * (1 + self.exchanges) + 1e-9) - 1
        critical = float(ranges[most]) if most >= 0 else math.inf
        results = []
        for sample in samples:
            mean = _mean(sample)
            larger = int(np.searchsorted(-ranges, -abs(mean) + 1e-12 * abs(mean), side="right"))
            p_value = (1 + larger) / (1 + self.exchanges)
            half = critical if sample.n_nonzero else 0.0
            results.append(PairedResult(p_value if sample.n_nonzero else 1.0, mean - half, mean + half))
        return results

    def _ranges(self, samples: Sequence[PairedSample]) -> Float64Array:
        from harness.statistics.flip_kernels import exchange

        # The same array is a run in several samples.
        runs = {id(values): values for sample in samples for values in (sample.candidate, sample.baseline)}
        order = np.argsort(samples[0].keys, kind="stable")
        values = np.stack([run[order] for run in runs.values()], axis=1)  # (users, runs)
        differ = (values != values[:, :1]).any(axis=1)
        ranges = np.empty(self.exchanges)
        keys = samples[0].keys[order][differ]
        exchange(np.ascontiguousarray(values[differ]), keys, np.uint64(self.seed or 0), ranges)
        return ranges / len(values)


def _mean(sample: PairedSample) -> float:
    ordered = sample.differences[np.argsort(sample.keys, kind="stable")]
    return float(ordered.mean())
