"""Novelty and serendipity: how little known, and how little expected, what is recommended is.

Popularity is how many users had an item before; one that nobody had counts as if one had. What does not stand in the
catalogue, and what stood earlier in the list, is no item; a list without items has the value 0.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

import math
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import SideInformation
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits

Of: TypeAlias = Literal["items", "hits"]

_VARGAS = "Vargas and Castells, Rank and relevance in novelty and diversity metrics, RecSys 2011"
_GE = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.2"


class _Novelty(ListedMetric):
    family = "novelty"
    needs: ClassVar[tuple[str, ...]] = ("popularity",)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Novelty(_Novelty):
    r"""Mean self-information of the recommended items, in bits.

    .. math:: \mathrm{novelty@}k = \frac{1}{|L_u^k|} \sum_{i \in L_u^k} -\log_2 \frac{n_i}{|U|}

    with :math:`n_i` of the :math:`|U|` users having had item i, and 1 where nobody had it.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    One of eight users had the first item, four had the second: 3 bits and 1.

    >>> side = SideInformation(popularity=np.array([1, 4]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> Novelty(k=2).score(hits, out)
    >>> out
    array([2.])
    """

    k: int = 10

    name = "novelty"
    upper = math.inf
    formula = r"\frac{1}{|L_u^k|} \sum_{i \in L_u^k} -\log_2 \frac{\max(n_i, 1)}{|U|}"
    reference = "Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 107 (2010)"
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        self.write_mean(hits, _bits_of(self.side_of(hits)), self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EPC(_Novelty):
    r"""Expected popularity complement: to what share of users a recommended item was new, by rank.

    .. math:: \mathrm{epc@}k = \frac{\sum_{r=1}^{k} d_r \left(1 - n_{i_r} / |U|\right)}{\sum_{r=1}^{k} d_r},
              \quad d_r = \frac{1}{\log_2(r + 1)}

    A rank without an item adds 0 above and counts below.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    of
        ``items``: all that are recommended. ``hits``: those that are relevant, so that novelty alone does not help.

    Examples
    --------
    >>> side = SideInformation(popularity=np.array([2, 8]), n_users=8)
    >>> hits = Hits.of([[False]], relevant=[1], items=np.array([[0]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> EPC(k=1).score(hits, out)
    >>> out
    array([0.75])
    """

    k: int = 10
    of: Of = "items"

    name = "epc"
    formula = r"\frac{\sum_{r=1}^{k} d_r \left(1 - n_{i_r} / |U|\right)}{\sum_{r=1}^{k} d_r}"
    reference = _VARGAS
    choices: ClassVar = {"popularity": "users before", "discount": "log2(rank + 1)"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        side = self.side_of(hits)
        _write_discounted(self, hits, 1.0 - _popularity(side) / (side.n_users or 1), self.k, out, of=self.of)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EFD(_Novelty):
    r"""Expected free discovery: the self-information of an interaction with a recommended item, by rank.

    .. math:: \mathrm{efd@}k = \frac{\sum_{r=1}^{k} d_r \left(-\log_2 \frac{n_{i_r}}{\sum_j n_j}\right)}
              {\sum_{r=1}^{k} d_r}, \quad d_r = \frac{1}{\log_2(r + 1)}

    with 1 for an item that nobody had. A rank without an item adds 0 above and counts below.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    of
        ``items``: all that are recommended. ``hits``: those that are relevant, so that novelty alone does not help.

    Examples
    --------
    >>> side = SideInformation(popularity=np.array([2, 6]), n_users=8)
    >>> hits = Hits.of([[False]], relevant=[1], items=np.array([[0]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> EFD(k=1).score(hits, out)
    >>> out
    array([2.])
    """

    k: int = 10
    of: Of = "items"

    name = "efd"
    upper = math.inf
    formula = r"\frac{\sum_{r=1}^{k} d_r \left(-\log_2 \frac{\max(n_{i_r}, 1)}{\sum_j n_j}\right)}{\sum_{r=1}^{k} d_r}"
    reference = _VARGAS
    choices: ClassVar = {"popularity": "users before", "discount": "log2(rank + 1)"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        counts = _popularity(self.side_of(hits))
        information = -np.log2(np.maximum(counts, 1) / max(1, int(counts.sum())))
        _write_discounted(self, hits, np.maximum(information, 0.0), self.k, out, of=self.of)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Unexpectedness(_Novelty):
    r"""Share of the first k ranks whose item the popularity baseline would not have shown.

    .. math:: \mathrm{unexpectedness@}k = \frac{|L_u^k \setminus P_u^k|}{k}

    with :math:`P_u^k` the items that are as popular as the k-th most popular one that the user had not had, or more.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    The user had item 0, so that 1 was to be expected:

    >>> from harness.artifacts import History
    >>> history = History(np.array([0, 1]), np.array([0], np.int32), 3)
    >>> side = SideInformation(popularity=np.array([9, 5, 1]), n_users=9, history=history)
    >>> items, rows = np.array([[2]], np.int32), np.array([0])
    >>> hits, out = Hits.of([[False]], relevant=[1], items=items, side=side, rows=rows), np.empty(1)
    >>> Unexpectedness(k=1).score(hits, out)
    >>> out
    array([1.])
    """

    k: int = 10

    name = "unexpectedness"
    needs = ("popularity", "history")
    formula = r"\frac{1}{k} \left| L_u^k \setminus P_u^k \right|"
    reference = _GE
    choices: ClassVar = {"expected": "as popular as the k-th most popular item new to the user"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        _write_unexpected(self, hits, self.k, out, hits_alone=False)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Serendipity(_Novelty):
    r"""Share of the first k ranks whose item is relevant, and one that the popularity baseline would not have shown.

    .. math:: \mathrm{serendipity@}k = \frac{|(L_u^k \setminus P_u^k) \cap R_u|}{k}

    with :math:`P_u^k` the items that are as popular as the k-th most popular one that the user had not had, or more.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> from harness.artifacts import History
    >>> history = History(np.array([0, 1]), np.array([0], np.int32), 3)
    >>> side = SideInformation(popularity=np.array([9, 5, 1]), n_users=9, history=history)
    >>> items, rows = np.array([[2, 1]], np.int32), np.array([0])
    >>> hits, out = Hits.of([[True, True]], relevant=[2], items=items, side=side, rows=rows), np.empty(1)
    >>> Serendipity(k=1).score(hits, out)
    >>> out
    array([1.])
    """

    k: int = 10

    name = "serendipity"
    needs = ("popularity", "history")
    formula = r"\frac{1}{k} \left| (L_u^k \setminus P_u^k) \cap R_u \right|"
    reference = _GE
    choices: ClassVar = {"expected": "as popular as the k-th most popular item new to the user"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        _write_unexpected(self, hits, self.k, out, hits_alone=True)


def _popularity(side: SideInformation) -> Int64Array:
    assert side.popularity is not None  # noqa: S101  (a need that was checked)
    return side.popularity


def _bits_of(side: SideInformation) -> Float64Array:
    # Users may have had nothing at all, and then one cannot be too many.
    shares = np.maximum(_popularity(side), 1) / (side.n_users or 1)
    return np.asarray(np.maximum(-np.log2(shares), 0.0))


def _write_discounted(
    metric: ListedMetric, hits: Hits, values: Float64Array, k: int, out: Float64Array, *, of: Of
) -> None:
    weights = 1.0 / np.log2(np.arange(2, k + 2))
    metric.write_sum(hits, values, weights, out, hits_alone=of == "hits")
    out /= weights.sum()


def _write_unexpected(metric: ListedMetric, hits: Hits, k: int, out: Float64Array, *, hits_alone: bool) -> None:
    from harness.metrics.kernels import item_values

    side, items = metric.side_of(hits), metric.items_of(hits)
    popularity, history = _popularity(side), side.history
    assert history is not None  # noqa: S101  (a need that was checked)
    assert hits.rows is not None  # noqa: S101
    expected = np.empty(len(out), dtype=np.int64)
    order = np.argsort(-popularity, kind="stable")
    item_values.expected_popularity(history.indptr, history.items, hits.rows, order, popularity, k, expected)
    item_values.count_unexpected(items, hits.bits, int(hits_alone), popularity, expected, k, out)
    out /= k
