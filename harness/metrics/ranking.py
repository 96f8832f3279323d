"""Accuracy: how many of the relevant items a list finds, and how early.

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts.arrays import Float64Array
from harness.metrics.base import UserMetric
from harness.metrics.lists import Hits


class _Accuracy(UserMetric):
    family = "accuracy"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Recall(_Accuracy):
    r"""Share of the relevant items that the first k ranks hold.

    .. math:: \mathrm{recall@}k = \frac{\sum_{r=1}^{k} \mathrm{rel}_r}{|R|}

    With more than k relevant items it stays below 1.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> Recall(k=5).label
    'recall@5'
    """

    k: int = 10

    name = "recall"
    formula = r"\frac{1}{|R|} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.3"
    choices: ClassVar = {"denominator": "relevant"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics import hit_kernels

        hit_kernels.recall(hits.bits, hits.relevant, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Precision(_Accuracy):
    r"""Share of the first k ranks that hold relevant items.

    .. math:: \mathrm{precision@}k = \frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r

    Parameters
    ----------
    k
        Ranks looked at, 1 or more; also the denominator where the list is shorter.

    Examples
    --------
    >>> Precision(k=5).variant
    {'denominator': 'k'}
    """

    k: int = 10

    name = "precision"
    formula = r"\frac{1}{k} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.4"
    choices: ClassVar = {"denominator": "k"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics import hit_kernels

        hit_kernels.precision(hits.bits, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class HitRate(_Accuracy):
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
        from harness.metrics import hit_kernels

        hit_kernels.hit_rate(hits.bits, self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class NDCG(_Accuracy):
    r"""Discounted cumulative gain over that of the best possible list.

    .. math:: \mathrm{ndcg@}k = \frac{\sum_{r=1}^{k} \mathrm{rel}_r / \log_2(r + 1)}
                                     {\sum_{r=1}^{\min(k, |R|)} 1 / \log_2(r + 1)}

    Relevance is binary; the ideal list holds relevant items only, as many as there are up to k.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    References
    ----------
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20 (2002).

    Examples
    --------
    A miss and two hits, three relevant items:

    >>> import numpy as np
    >>> out = np.empty(1)
    >>> NDCG(k=3).score(Hits.of([[False, True, True]], relevant=[3]), out)
    >>> out.round(3)
    array([0.531])
    """

    k: int = 10

    name = "ndcg"
    formula = (
        r"\frac{\sum_{r=1}^{k} \mathrm{rel}_r / \log_2(r + 1)}"
        r"{\sum_{r=1}^{\min(k, |R|)} 1 / \log_2(r + 1)}"
    )
    reference = "Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, TOIS 20 (2002)"
    choices: ClassVar = {"gain": "binary", "ideal": "min_k", "discount": "log2(rank + 1)"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        from harness.metrics import hit_kernels

        hit_kernels.ndcg(hits.bits, hits.relevant, self.k, out)
