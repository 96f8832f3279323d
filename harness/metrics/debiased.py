r"""Accuracy as it would be, had what is popular not had the better chance to be observed.

A relevant item of popularity n was observed with a chance that grows as :math:`n^{(\gamma + 1)/2}`; hits are divided by
it, and so is what there was to be found (self-normalised inverse propensity scores). Popularity is how many users had
an item before; one that nobody had counts as if one had.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError
from harness.metrics.base import UserMetric
from harness.metrics.metric_inputs import Hits, Targets

_REFERENCE = (
    "Yang et al., Unbiased offline recommender evaluation for missing-not-at-random implicit feedback, RecSys 2018"
)


class _Debiased(UserMetric):
    family = "debiased"
    needs = ("popularity",)
    reference = _REFERENCE
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
        """What of ``Hits`` is filled for it."""
        return frozenset({"targets"})

    def write_weighted(self, hits: Hits, discounts: Float64Array, out: Float64Array) -> None:
        """Write the weight of the hits times the discount of their rank over the weight of all relevant items."""
        from harness.metrics.kernels import gains

        targets = self._targets_of(hits)
        weights = self._weights_of(hits, targets)
        gains.gain_of_places(targets.indptr, targets.places, weights, discounts, out)
        whole = np.empty_like(out)
        longest = int(np.diff(targets.indptr).max(initial=1))
        gains.ideal_gain(targets.indptr, targets.places, weights, np.ones(longest), whole)
        out /= whole

    def _targets_of(self, hits: Hits) -> Targets:
        if hits.targets is None:
            raise HarnessError(f"{self.label} reads the relevant items one by one, which these hits do not hold.")
        return hits.targets

    def _weights_of(self, hits: Hits, targets: Targets) -> Float64Array:
        if hits.side is None or hits.side.popularity is None:
            raise HarnessError(f"{self.label} needs popularity. Pass side=SideInformation(…).")
        counts = np.maximum(hits.side.popularity[targets.items], 1).astype(np.float64)
        return np.asarray(counts ** (-(self.gamma + 1.0) / 2.0))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class DebiasedRecall(_Debiased):
    r"""Recall with each relevant item weighed by the inverse of its chance to be observed.

    .. math:: \mathrm{debiased\_recall@}k = \frac{\sum_{i \in L_u^k \cap R_u} 1 / \pi_i}{\sum_{i \in R_u} 1 / \pi_i},
              \quad \pi_i \propto n_i^{(\gamma + 1)/2}

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    gamma
        How fast the chance grows with popularity, 0 or more; 1.5 to 2 were found in data.

    Examples
    --------
    The popular one of two relevant items is found: 1/16 of 1/16 + 1.

    >>> from harness.artifacts import SideInformation
    >>> from harness.metrics import Targets
    >>> side = SideInformation(popularity=np.array([16, 1]), n_users=20)
    >>> targets = Targets(np.array([0, 2]), np.array([0, 1], np.int32), np.array([0, -1], np.int32))
    >>> hits, out = Hits.of([[True]], relevant=[2], targets=targets, side=side), np.empty(1)
    >>> DebiasedRecall(k=1, gamma=1.0).score(hits, out)
    >>> out.round(4)
    array([0.0588])
    """

    k: int = 10
    gamma: float = 2.0

    name = "debiased_recall"
    formula = (
        r"\frac{\sum_{i \in L_u^k \cap R_u} 1 / \pi_i}{\sum_{i \in R_u} 1 / \pi_i},"
        r" \quad \pi_i \propto n_i^{(\gamma + 1)/2}"
    )

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        self.write_weighted(hits, np.ones(min(self.k, hits.bits.shape[1] * 64)), out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class DebiasedDCG(_Debiased):
    r"""Discounted cumulative gain with each relevant item weighed by the inverse of its chance to be observed.

    .. math:: \mathrm{debiased\_dcg@}k = \frac{\sum_{i \in L_u^k \cap R_u} (1 / \pi_i) / \log_2(r_i + 1)}
              {\sum_{i \in R_u} 1 / \pi_i}, \quad \pi_i \propto n_i^{(\gamma + 1)/2}

    with :math:`r_i` the rank of item i.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    gamma
        How fast the chance grows with popularity, 0 or more; 1.5 to 2 were found in data.

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
        """Write the users' values."""
        ranks = np.arange(1, min(self.k, hits.bits.shape[1] * 64) + 1)
        self.write_weighted(hits, 1.0 / np.log2(ranks + 1), out)
