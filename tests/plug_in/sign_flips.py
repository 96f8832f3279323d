"""A test of significance of one's own: random flips of the signs of the differences."""

import numpy as np
from pydantic.dataclasses import dataclass

from harness.statistics import PairedResult, PairedTest


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SignFlips(PairedTest):
    """Randomisation test: if the runs are alike, each user's difference has either sign with the same chance."""

    draws: int = 999

    def test(self, candidate: np.ndarray, baseline: np.ndarray, *, confidence: float) -> PairedResult:
        differences = candidate - baseline
        signs = np.random.default_rng(self.seed).choice([-1.0, 1.0], (self.draws, len(differences)))
        flipped = np.abs(signs @ differences) / len(differences)
        mean, half = differences.mean(), np.quantile(flipped, confidence)
        p_value = (1 + (flipped >= abs(mean) - 1e-12).sum()) / (1 + self.draws)
        return PairedResult(float(p_value), float(mean - half), float(mean + half))
