"""A test of significance of one's own: swap the two runs for random users."""

import numpy as np
from pydantic.dataclasses import dataclass

from harness.statistics import PairedResult, PairedSample, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SwapRuns(PairedTest):
    """Randomisation test: if the runs are alike, swapping them for a user is as likely as not."""

    draws: int = 999

    def test(self, sample: PairedSample, *, confidence: float) -> PairedResult:
        differences = sample.differences[np.argsort(sample.keys)]  # the order of users must not change the result
        signs = np.random.default_rng(self.seed).choice([-1.0, 1.0], (self.draws, len(differences)))
        flipped = np.abs(signs @ differences) / len(differences)
        mean, half = differences.mean(), np.quantile(flipped, confidence)
        p_value = (1 + (flipped >= abs(mean) - 1e-12).sum()) / (1 + self.draws)
        return PairedResult(float(p_value), float(mean - half), float(mean + half))
