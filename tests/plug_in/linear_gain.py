"""A metric of one's own: hits count less rank by rank, by equal steps."""

import numpy as np
from pydantic.dataclasses import dataclass

from harness.metrics import Hits, UserMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LinearGain(UserMetric):
    """Sum over the hits of 1, (k-1)/k, … 1/k by rank, over that of the best list."""

    k: int = 10

    name = "linear_gain"
    family = "accuracy"
    formula = r"\sum_{r=1}^{k} \mathrm{rel}_r (k - r + 1) \Big/ \sum_{r=1}^{\min(k, |R|)} (k - r + 1)"
    reference = "this package"

    def score(self, hits: Hits, out: np.ndarray) -> None:
        weights = np.arange(self.k, 0, -1)
        best = np.cumsum(weights)[np.minimum(hits.relevant, self.k) - 1]
        out[:] = hits.at(self.k) @ weights / best
