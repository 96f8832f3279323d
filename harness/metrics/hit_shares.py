"""Accuracy: how many of the relevant items a list finds, wherever they stand in it.

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from harness.artifacts.arrays import Float64Array
from harness.metrics.base import AccuracyMetric
from harness.metrics.lists import Hits

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
        from harness.metrics import value_kernels

        value_kernels.share(hits.bits, hits.relevant, self.k if self.denominator == "min_k" else _ALL, self.k, out)


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
        list without items; as LensKit does.

    Examples
    --------
    >>> Precision(k=5).variant
    {'denominator': 'k'}
    """

    k: int = 10
    denominator: Literal["k", "list"] = "k"

    name = "precision"
    formula = r"\frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = _MANNING + "8.4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics import value_kernels

        if self.denominator == "list":
            value_kernels.share(hits.bits, hits.lengths, self.k, self.k, out)
        else:
            value_kernels.precision(hits.bits, self.k, out)


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
        from harness.metrics import value_kernels

        value_kernels.f1(hits.bits, hits.relevant, self.k, out)


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
        from harness.metrics import value_kernels

        value_kernels.hit_rate(hits.bits, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RPrecision(AccuracyMetric):
    r"""Share of the first |R| ranks that hold relevant items, where |R| is how many there are.

    .. math:: \mathrm{r\_precision} = \frac{1}{|R|} \sum_{r=1}^{|R|} \mathrm{rel}_r

    It has no cutoff of its own: lists are looked at as far as they are, and ranks beyond are misses.
    In an experiment ``runner.k`` bounds it, where a user has more relevant items than that.

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
        from harness.metrics import value_kernels

        value_kernels.r_precision(hits.bits, hits.relevant, out)
