"""Accuracy: how many of the relevant items a list finds, wherever they stand in it.

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.metrics.base import AccuracyMetric
from harness.metrics.metric_inputs import Hits, Ranks

_MANNING = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section "
_ALL = 1 << 62  # more items than there are


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Recall(AccuracyMetric):
    r"""Share of the relevant items that the first k ranks hold.

    .. math:: \mathrm{recall@}k = \frac{\sum_{r=1}^{k} \mathrm{rel}_r}{|R|}

    With more than k relevant items it stays below 1, but for ``denominator="min_k"``.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    denominator
        ``relevant``: the relevant items. ``min_k``: at most k of them, so that 1 can always be
        reached; as LensKit and the evaluation of Mult-VAE do.

    Examples
    --------
    >>> Recall(k=5).label
    'recall@5'
    >>> Recall(k=5, denominator="min_k").label
    'recall[denominator=min_k]@5'
    """

    k: int = 10
    denominator: Literal["relevant", "min_k"] = "relevant"

    name = "recall"
    formula = r"\frac{1}{|R|} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = _MANNING + "8.3"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.share(hits.bits, hits.relevant, self.k if self.denominator == "min_k" else _ALL, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        _expected_hits(self.ranks_of(hits), self.k, out)
        out /= _at_most(hits.relevant, self.k if self.denominator == "min_k" else _ALL)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Precision(AccuracyMetric):
    r"""Share of the first k ranks that hold relevant items.

    .. math:: \mathrm{precision@}k = \frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    denominator
        ``k``, also where the list is shorter. ``list``: the length of the list up to k, and 0 for a
        list without items; as LensKit does. ``min_k``: the relevant items, at most k of them.
    average
        ``users``: the mean of the users' shares. ``micro``: the hits of all users over the denominators of all
        users, with ``min_k`` as implicit does. A user's value is then their hits over the mean denominator, so
        that the mean of these values is the share.

    Examples
    --------
    >>> Precision(k=5).variant
    {'denominator': 'k', 'average': 'users'}
    """

    k: int = 10
    denominator: Literal["k", "list", "min_k"] = "k"
    average: Literal["users", "micro"] = "users"

    name = "precision"
    formula = r"\frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = _MANNING + "8.4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        if self.pooled:
            hit_values.count(hits.bits, self.k, out)
        elif self.denominator == "k":
            hit_values.precision(hits.bits, self.k, out)
        else:
            whole = hits.lengths if self.denominator == "list" else hits.relevant
            hit_values.share(hits.bits, whole, self.k, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        _expected_hits(self.ranks_of(hits), self.k, out)
        if not self.pooled:
            self.denominators(hits, whole := np.empty_like(out))
            out /= np.maximum(whole, 1)  # of an empty list the number of hits is 0 already

    @property
    def pooled(self) -> bool:
        """Whether all users share one denominator."""
        return self.average == "micro"

    def denominators(self, hits: Hits, out: Float64Array) -> None:
        """Write what each user's hits are a share of."""
        if self.denominator == "k":
            out[:] = self.k
        else:
            out[:] = _at_most(hits.lengths if self.denominator == "list" else hits.relevant, self.k)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class F1(AccuracyMetric):
    r"""Harmonic mean of precision and recall.

    .. math:: \mathrm{f1@}k = \frac{2 \sum_{r=1}^{k} \mathrm{rel}_r}{k + |R|}

    A user's value is of their own precision and recall; the mean of these is not the harmonic mean of
    the means.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    One hit in two ranks, and four relevant items: precision 1/2, recall 1/4.

    >>> import numpy as np
    >>> out = np.empty(1)
    >>> F1(k=2).score(Hits.of([[False, True]], relevant=[4]), out)
    >>> out.round(3)
    array([0.333])
    """

    k: int = 10

    name = "f1"
    formula = r"\frac{2}{k + |R|} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = _MANNING + "8.3"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.f1(hits.bits, hits.relevant, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        _expected_hits(self.ranks_of(hits), self.k, out)
        out *= 2.0 / (hits.relevant.astype(np.float64) + self.k)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class HitRate(AccuracyMetric):
    r"""Whether the first k ranks hold any relevant item.

    .. math:: \mathrm{hit\_rate@}k = \mathbb{1}\Big[\sum_{r=1}^{k} \mathrm{rel}_r > 0\Big]

    Its mean is a proportion, with Wilson's interval.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> HitRate(k=1).label
    'hit_rate@1'
    """

    k: int = 10

    name = "hit_rate"
    binary = True
    formula = r"\mathbb{1}\left[\sum_{r=1}^{k} \mathrm{rel}_r > 0\right]"
    reference = "Deshpande and Karypis, Item-based top-N recommendation algorithms, TOIS 22 (2004), section 5.1"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.hit_rate(hits.bits, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the chance of a hit in a random order of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_any(ranks.indptr, ranks.above, ranks.tied, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RPrecision(AccuracyMetric):
    r"""Share of the first |R| ranks that hold relevant items, where |R| is how many there are.

    .. math:: \mathrm{r\_precision} = \frac{1}{|R|} \sum_{r=1}^{|R|} \mathrm{rel}_r

    It has no cutoff of its own. What lies beyond the lists is told from exact ranks where they are known, as in a
    model's run; else ranks beyond are misses.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(1)
    >>> RPrecision().score(Hits.of([[True, False, True]], relevant=[2]), out)
    >>> out
    array([0.5])
    """

    name = "r_precision"
    formula = r"\frac{1}{|R|} \sum_{r=1}^{|R|} \mathrm{rel}_r"
    reference = _MANNING + "8.4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics.kernels import hit_values

        hit_values.r_precision(hits.bits, hits.relevant, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' mean values over all orders of ties."""
        _expected_hits(self.ranks_of(hits), hits.relevant, out)
        out /= hits.relevant


def _at_most(sizes: Int32Array, most: int) -> Int64Array:
    return np.minimum(sizes.astype(np.int64), most)  # which may be beyond int32


def _expected_hits(ranks: Ranks, k: int | Int32Array, out: Float64Array) -> None:
    """Write how many hits the first k ranks have in the mean over all orders of ties."""
    from harness.metrics.kernels import tie_expectations

    cuts = np.broadcast_to(np.asarray(k, dtype=np.int64), out.shape).copy()
    tie_expectations.expected_hits(ranks.indptr, ranks.above, ranks.tied, cuts, out)
