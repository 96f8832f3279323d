"""A custom metric in which the weight of a hit decreases linearly with its rank."""

import numpy as np
from pydantic.dataclasses import dataclass

from harness.metrics import Hits, UserMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LinearGain(UserMetric):
    """Sum of the linear weights 1, (k-1)/k, … 1/k of the hits, divided by that of the ideal list."""

    k: int = 10

    name = "linear_gain"
    family = "accuracy"
    formula = r"\sum_{r=1}^{k} \mathrm{rel}_r (k - r + 1) \Big/ \sum_{r=1}^{\min(k, |R|)} (k - r + 1)"
    reference = "this package"

    def score(self, hits: Hits, out: np.ndarray) -> None:
        weights = np.arange(self.k, 0, -1)
        best = np.cumsum(weights)[np.minimum(hits.relevant, self.k) - 1]
        out[:] = hits.at(self.k) @ weights / best
