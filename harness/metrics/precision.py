"""Precision: the share of a list that is relevant."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.expected_hits import capped, write_expected_hits
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Precision(AccuracyMetric):
    r"""Share of the first k ranks that are relevant items.

    .. math:: \mathrm{precision@}k = \frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    denominator
        ``k``, also for shorter lists. ``list``: the length of the list, at most k; the value of an empty list is 0; as
        in LensKit. ``min_k``: the number of relevant items, at most k.
    average
        ``users``: the mean of the users' shares. ``micro``: the hits of all users divided by the denominators of all
        users; with ``min_k`` as in implicit. The value of a user is then their hits divided by the mean denominator,
        so that the mean over users is the share.

    Examples
    --------
    >>> Precision(k=5).variant
    {'denominator': 'k', 'average': 'users'}
    """

    k: int = 10
    denominator: Literal["k", "list", "min_k"] = "k"
    average: Literal["users", "micro"] = "users"

    name = "precision"
    additive = True
    formula = r"\frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        if self.pooled:
            hit_values.count(hits.bits, self.k, out)
        elif self.denominator == "k":
            hit_values.precision(hits.bits, self.k, out)
        else:
            whole = hits.lengths if self.denominator == "list" else hits.relevant
            hit_values.share(hits.bits, whole, self.k, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        write_expected_hits(self.ranks_of(hits), self.k, out)
        if not self.pooled:
            self.denominators(hits, whole := np.empty_like(out))
            out /= np.maximum(whole, 1)  # an empty list has 0 hits already

    @property
    def pooled(self) -> bool:
        """Whether all users share one denominator."""
        return self.average == "micro"

    def denominators(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's denominator."""
        if self.denominator == "k":
            out[:] = self.k
        else:
            out[:] = capped(hits.lengths if self.denominator == "list" else hits.relevant, self.k)
