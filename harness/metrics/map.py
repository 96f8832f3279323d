"""Average precision, whose mean over users is MAP."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MAP(AccuracyMetric):
    r"""Mean of the precision at the rank of each hit; its mean over users is MAP.

    .. math:: \mathrm{map@}k = \frac{1}{\min(k, |R|)} \sum_{r=1}^{k} \mathrm{rel}_r \cdot
              \frac{\sum_{i=1}^{r} \mathrm{rel}_i}{r}

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    denominator
        ``min_k``: as above, so that 1 can be reached. ``relevant``: the number of relevant items, as in trec_eval and
        RecTools. ``k``: k. ``list``: the number of relevant items, at most the length of the list up to k; as in
        LensKit. ``hits``: the number of hits in the first k ranks, as in TorchMetrics.

    Examples
    --------
    Hits at ranks 1 and 3, two relevant items: (1/1 + 2/3) / 2.

    >>> out = np.empty(1)
    >>> MAP(k=3).score(Hits.of([[True, False, True]], relevant=[2]), out)
    >>> out.round(3)
    array([0.833])
    """

    k: int = 10
    denominator: Literal["min_k", "relevant", "k", "list", "hits"] = "min_k"

    name = "map"
    formula = (
        r"\frac{1}{\min(k, |R|)} \sum_{r=1}^{k} \mathrm{rel}_r \cdot"
        r" \frac{\sum_{i=1}^{r} \mathrm{rel}_i}{r}"
    )
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.4"

    @property
    def rises(self) -> bool:
        """Whether a relevant item that moves up never lowers the value; with ``hits``, a further late hit lowers it."""
        return self.denominator != "hits"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.average_precision(hits.bits, self.k, out)
        if self.denominator == "hits":
            found = np.empty_like(out)
            hit_values.count(hits.bits, self.k, found)
            out /= np.maximum(found, 1.0)
        else:
            self._divide(hits, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        if self.denominator == "hits":
            tie_expectations.expected_mean_precision(ranks.indptr, ranks.above, ranks.tied, self.k, out)
        else:
            tie_expectations.expected_precisions(ranks.indptr, ranks.above, ranks.tied, self.k, out)
            self._divide(hits, out)

    def _divide(self, hits: Hits, out: Float64Array) -> None:
        if self.denominator == "k":
            out /= self.k
            return
        whole = hits.relevant.astype(np.int64)  # k may be beyond int32
        if self.denominator == "min_k":
            whole = np.minimum(whole, self.k)
        elif self.denominator == "list":
            # An empty list has the sum 0 already.
            whole = np.maximum(np.minimum(np.minimum(whole, hits.lengths), self.k), 1)
        out /= whole
