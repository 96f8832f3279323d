"""Accuracy: how early a list finds relevant items.

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.base import AccuracyMetric
from harness.metrics.metric_inputs import WORD, Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MAP(AccuracyMetric):
    r"""Average precision; its mean over users is MAP.

    .. math:: \mathrm{map@}k = \frac{1}{\min(k, |R|)} \sum_{r=1}^{k} \mathrm{rel}_r \cdot
              \frac{\sum_{i=1}^{r} \mathrm{rel}_i}{r}

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    denominator
        ``min_k``: as above, so that 1 can be reached. ``relevant``: all relevant items, as trec_eval
        and RecTools do. ``k``. ``list``: the relevant items, at most as many as the list holds up to
        k; as LensKit does. ``hits``: the hits among the first k ranks, which makes it the mean precision at the
        hits; as TorchMetrics does.

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
        """Whether a relevant item that moves up never makes it worse; over the hits alone, a late one does."""
        return self.denominator != "hits"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.average_precision(hits.bits, self.k, out)
        if self.denominator == "hits":
            found = np.empty_like(out)
            hit_values.count(hits.bits, self.k, found)
            out /= np.maximum(found, 1.0)
        else:
            self._divide(hits, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
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
            # Of an empty list the sum is 0 already.
            whole = np.maximum(np.minimum(np.minimum(whole, hits.lengths), self.k), 1)
        out /= whole


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MRR(AccuracyMetric):
    r"""Reciprocal rank of the first hit, 0 where the first k ranks hold none; its mean over users is MRR.

    .. math:: \mathrm{mrr@}k = \max_{r \le k} \frac{\mathrm{rel}_r}{r}

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> out = np.empty(1)
    >>> MRR(k=3).score(Hits.of([[False, True, True]], relevant=[3]), out)
    >>> out
    array([0.5])
    """

    k: int = 10

    name = "mrr"
    formula = r"\max_{r \le k} \frac{\mathrm{rel}_r}{r}"
    reference = "Voorhees, The TREC-8 question answering track report, TREC 1999"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.reciprocal_rank(hits.bits, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_first(ranks.indptr, ranks.above, ranks.tied, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RBP(AccuracyMetric):
    r"""Rank-biased precision: what a reader finds who goes on to the next rank with probability p.

    .. math:: \mathrm{rbp@}k = (1 - p) \sum_{r=1}^{k} \mathrm{rel}_r \, p^{r-1}

    A list of k hits has :math:`1 - p^k`: what lies beyond k is missing from it.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    p
        Patience, above 0 and below 1.

    Examples
    --------
    >>> out = np.empty(1)
    >>> RBP(k=3, p=0.5).score(Hits.of([[True, False, True]], relevant=[3]), out)
    >>> out
    array([0.625])
    """

    k: int = 10
    p: float = 0.8

    name = "rbp"
    formula = r"(1 - p) \sum_{r=1}^{k} \mathrm{rel}_r \, p^{r-1}"
    reference = "Moffat and Zobel, Rank-biased precision for measurement of retrieval effectiveness, TOIS 27 (2008)"

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if not 0.0 < self.p < 1.0:
            raise ValueError(f"p is {self.p}; a patience lies above 0 and below 1, such as 0.8")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.gain(hits.bits, self._weights(hits.bits.shape[1] * WORD), self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        sums = np.concatenate([[0.0], np.cumsum(self._weights(int(ranks.candidates.max(initial=1))))])
        tie_expectations.expected_gain(ranks.indptr, ranks.above, ranks.tied, np.empty(0), sums, out)

    def _weights(self, most: int) -> Float64Array:
        return (1.0 - self.p) * np.power(self.p, np.arange(min(self.k, most)), dtype=np.float64)
