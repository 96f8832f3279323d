"""Popularity bias of lists: how far recommendations go to what is popular anyhow.

Popularity is how many users had an item before. The **head** are the most popular items that together have a share of
all popularity, the **tail** is the rest; items of equal popularity are on one side.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits

_ABDOLLAHPOURI = "Abdollahpouri, Burke and Mobasher, Managing popularity bias in recommender systems, FLAIRS 2019"


class _Bias(ListedMetric):
    family = "popularity_bias"
    needs = ("popularity",)


class _TailBias(_Bias):
    head: float

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_head(self.head)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class AveragePopularity(_Bias):
    r"""Mean popularity of the recommended items (ARP): how many users had each before.

    .. math:: \mathrm{average\_popularity@}k = \frac{1}{|L_u^k|} \sum_{i \in L_u^k} n_i

    0 for a list without items.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([1, 4]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> AveragePopularity(k=2).score(hits, out)
    >>> out
    array([2.5])
    """

    k: int = 10

    name = "average_popularity"
    higher_is_better = False
    upper = math.inf
    formula = r"\frac{1}{|L_u^k|} \sum_{i \in L_u^k} n_i"
    reference = "Yin et al., Challenging the long tail recommendation, VLDB 5 (2012)"
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        side = self.side_of(hits)
        assert side.popularity is not None  # noqa: S101  (a need that was checked)
        self.write_mean(hits, side.popularity.astype(np.float64), self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class APLT(_TailBias):
    r"""Average percentage of long-tail items: their share of a list.

    .. math:: \mathrm{aplt@}k = \frac{|L_u^k \cap T|}{|L_u^k|}

    with T the tail. 0 for a list without items.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    head
        Share of all popularity that the head has, above 0 and below 1.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([8, 1]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> APLT(k=2).score(hits, out)
    >>> out
    array([0.5])
    """

    k: int = 10
    head: float = 0.8

    name = "aplt"
    formula = r"\frac{|L_u^k \cap T|}{|L_u^k|}"
    reference = _ABDOLLAHPOURI
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        self.write_mean(hits, self.side_of(hits).tail(self.head).astype(np.float64), self.k, out)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ACLT(_TailBias):
    r"""Average coverage of long-tail items: how many of them a list has.

    .. math:: \mathrm{aclt@}k = |L_u^k \cap T|

    with T the tail.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    head
        Share of all popularity that the head has, above 0 and below 1.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([8, 1]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> ACLT(k=2).score(hits, out)
    >>> out
    array([1.])
    """

    k: int = 10
    head: float = 0.8

    name = "aclt"
    upper = math.inf
    formula = r"|L_u^k \cap T|"
    reference = _ABDOLLAHPOURI
    choices: ClassVar = {"popularity": "users before"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write the users' values."""
        self.write_sum(hits, self.side_of(hits).tail(self.head).astype(np.float64), np.ones(self.k), out)


def check_head(head: float) -> None:
    """Refuse what is no share of the head."""
    if not 0.0 < head < 1.0:
        raise ValueError(f"head is {head}; a share lies above 0 and below 1, such as 0.8")
