r"""Base class of the accuracy metrics that correct for popularity bias in the data.

Users see popular items more often, so that their likes are observed more often. The chance that a relevant item of
popularity n was observed is taken to grow as :math:`n^{(\gamma + 1)/2}`. Each hit is weighted by the inverse of that
chance, and so is each relevant item in the denominator (self-normalised inverse propensity scores). Popularity is the
number of users who had an item before; an item that no user had counts as if one had.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.metrics.metric import UserMetric
from harness.metrics.metric_inputs import Hits


class DebiasedMetric(UserMetric):
    """A per-user metric that weights relevant items by the inverse of their chance to be observed."""

    family = "debiased"
    additive = True
    needs = ("popularity",)
    reference = (
        "Yang et al., Unbiased offline recommender evaluation for missing-not-at-random implicit feedback, RecSys 2018"
    )
    choices: ClassVar = {"propensity": "popularity ** ((gamma + 1) / 2)", "normalised": "by user"}
    k: int
    gamma: float

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if not 0.0 <= self.gamma <= 10.0:
            raise ValueError(f"gamma is {self.gamma}; use 0 to 10, such as 1.5 or 2")

    @property
    def reads(self) -> frozenset[str]:
        """The parts of ``Hits`` that this metric reads."""
        return frozenset({"targets"})

    def write_weighted(self, hits: Hits, discounts: Float64Array, out: Float64Array) -> None:
        """Write the sum of weight times rank discount over the hits, divided by the weight of all relevant items.

        Parameters
        ----------
        hits
            With ``targets`` and the popularity in ``side``.
        discounts
            float64 ``(ranks,)``: the factor of each rank.
        out
            float64 ``(users,)``: output.
        """
        from harness.metrics.kernels import gains

        targets = hits.targets
        if targets is None:
            raise HarnessError(f"{self.label} needs each relevant item, and these hits contain only ranks.")
        if hits.side is None or hits.side.popularity is None:
            raise HarnessError(f"{self.label} needs item popularity. Pass side=SideInformation(popularity=…).")
        counts = np.maximum(hits.side.popularity[targets.items], 1).astype(np.float64)
        weights = np.asarray(counts ** (-(self.gamma + 1.0) / 2.0))
        gains.gain_of_places(targets.indptr, targets.places, weights, discounts, out)
        whole = np.empty_like(out)
        longest = int(np.diff(targets.indptr).max(initial=1))
        gains.ideal_gain(targets.indptr, targets.places, weights, np.ones(longest), whole)
        out /= whole
