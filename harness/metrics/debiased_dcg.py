"""Discounted cumulative gain, corrected for popularity bias in the data."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.debiased_metric import DebiasedMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class DebiasedDCG(DebiasedMetric):
    r"""DCG, with each relevant item weighted by the inverse of its chance to be observed.

    .. math:: \mathrm{debiased\_dcg@}k = \frac{\sum_{i \in L_u^k \cap R_u} (1 / \pi_i) / \log_2(r_i + 1)}
              {\sum_{i \in R_u} 1 / \pi_i}, \quad \pi_i \propto n_i^{(\gamma + 1)/2}

    with :math:`r_i` the rank of item i.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    gamma
        How fast the chance grows with popularity, 0 to 10; 1.5 to 2 were found in data.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> from harness.metrics import Targets
    >>> side = SideInformation(popularity=np.array([16, 1]), n_users=20)
    >>> targets = Targets(np.array([0, 1]), np.array([0], np.int32), np.array([2], np.int32))
    >>> hits, out = Hits.of([[False, False, True]], relevant=[1], targets=targets, side=side), np.empty(1)
    >>> DebiasedDCG(k=3).score(hits, out)
    >>> out
    array([0.5])
    """

    k: int = 10
    gamma: float = 2.0

    name = "debiased_dcg"
    formula = (
        r"\frac{\sum_{i \in L_u^k \cap R_u} (1 / \pi_i) / \log_2(r_i + 1)}{\sum_{i \in R_u} 1 / \pi_i},"
        r" \quad \pi_i \propto n_i^{(\gamma + 1)/2}"
    )

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        ranks = np.arange(1, min(self.k, hits.bits.shape[1] * 64) + 1)
        self.write_weighted(hits, 1.0 / np.log2(ranks + 1), out)
