"""Popularity bias of all recommendations: what the head and the tail of the catalogue get of them.

Popularity is how many users had an item before. The **head** are the most popular items that together have a share of
all popularity, the **tail** is the rest; items of equal popularity are on one side.
"""

# Kernels are imported where a value is asked for: reading an experiment does not wait for numba.

from __future__ import annotations

import abc
import itertools
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import USER_BLOCK
from harness.artifacts.array_types import Int64Array
from harness.execution import Parallel
from harness.metrics.base import ListMetric, ListState
from harness.metrics.metric_inputs import Lists
from harness.metrics.popularity_bias import check_head


class _Groups(ListMetric):
    """A value of how many recommended items, and hits, are of the head and of the tail."""

    family = "popularity_bias"
    needs: ClassVar[tuple[str, ...]] = ("popularity",)
    k: int
    head: float

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_head(self.head)

    @abc.abstractmethod
    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value; int64 ``(2,)`` each, of head and tail: listed, found, relevant, and open to all users."""

    def state(self, lists: Lists) -> ListState:
        """Return counts of the head and of the tail.

        Returns
        -------
        ListState
            int64 ``(2,)`` each: ``listed`` (recommended), ``found`` (of these relevant), ``relevant``, and ``open``:
            items that users had not had, summed over users.
        """
        from harness.metrics.hits import find, listed_items
        from harness.metrics.kernels import item_values

        relevant, side = lists.known(self.label)
        tail = side.tail(self.head)
        counts = {name: np.zeros(2, dtype=np.int64) for name in ("listed", "found", "relevant", "open")}
        width = min(self.k, lists.items.shape[1])
        bits, items = find(lists, relevant, width=width).hits.bits, listed_items(lists, width=width)
        item_values.count_groups(items, bits, self.k, tail, counts["listed"], counts["found"])
        item_values.count_distinct(relevant.indptr, relevant.items, relevant.rows, tail, counts["relevant"])
        if side.history is not None:
            item_values.count_distinct(side.history.indptr, side.history.items, relevant.rows, tail, counts["open"])
        counts["open"] = np.array([(~tail).sum(), tail.sum()]) * lists.n_users - counts["open"]
        return counts

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: the counts of all lists."""
        return [{name: np.sum([state[name] for state in states], axis=0) for name in states[0]}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states."""
        return self.of_counts({name: counts.astype(np.int64) for name, counts in self.folded(states)[0].items()})


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TailShare(_Groups):
    r"""Share of all recommendations that are of long-tail items.

    .. math:: \mathrm{tail\_share@}k = \frac{\sum_u |L_u^k \cap T|}{\sum_u |L_u^k|}

    with T the tail. 0 where nothing is recommended.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    head
        Share of all popularity that the head has, above 0 and below 1.

    Examples
    --------
    >>> TailShare(k=2).of_counts({"listed": np.array([3, 1])})
    0.25
    """

    k: int = 10
    head: float = 0.8

    name = "tail_share"
    family = "concentration"
    formula = r"\frac{\sum_u |L_u^k \cap T|}{\sum_u |L_u^k|}"
    reference = "Celma, Music recommendation and discovery in the long tail (2008), section 5.3"
    choices: ClassVar = {"popularity": "users before"}

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value of counts."""
        return float(counts["listed"][1] / max(1, int(counts["listed"].sum())))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopRSP(_Groups):
    r"""Ranking-based statistical parity of head and tail: how unlike their chances are to be recommended.

    .. math:: \mathrm{pop\_rsp@}k = \frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad
              p_G = \frac{\sum_u |L_u^k \cap G|}{\sum_u |G \setminus H_u|}

    with :math:`H_u` the user's history. 0 for equal chances, and where a group has no item that anybody could be
    recommended; 1 where one group is never recommended.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    head
        Share of all popularity that the head has, above 0 and below 1.

    Examples
    --------
    >>> PopRSP(k=2).of_counts({"listed": np.array([3, 1]), "open": np.array([4, 4])})
    0.5
    """

    k: int = 10
    head: float = 0.8

    name = "pop_rsp"
    needs = ("popularity", "history")
    higher_is_better = False
    formula = (
        r"\frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad"
        r" p_G = \frac{\sum_u |L_u^k \cap G|}{\sum_u |G \setminus H_u|}"
    )
    reference = "Zhu, Wang and Caverlee, Measuring and mitigating item under-recommendation bias, SIGIR 2020"
    choices: ClassVar = {"popularity": "users before", "groups": "head and tail"}

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value of counts."""
        return _unlike(counts["listed"], counts["open"])


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopREO(_Groups):
    r"""Ranking-based equal opportunity of head and tail: how unlike their chances are to be found where relevant.

    .. math:: \mathrm{pop\_reo@}k = \frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad
              p_G = \frac{\sum_u |L_u^k \cap R_u \cap G|}{\sum_u |R_u \cap G|}

    0 for equal chances, where nothing is found, and where nothing of a group is relevant; 1 where one group alone is
    found.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.
    head
        Share of all popularity that the head has, above 0 and below 1.

    Examples
    --------
    >>> PopREO(k=2).of_counts({"found": np.array([3, 1]), "relevant": np.array([4, 4])})
    0.5
    """

    k: int = 10
    head: float = 0.8

    name = "pop_reo"
    higher_is_better = False
    formula = (
        r"\frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad"
        r" p_G = \frac{\sum_u |L_u^k \cap R_u \cap G|}{\sum_u |R_u \cap G|}"
    )
    reference = "Zhu, Wang and Caverlee, Measuring and mitigating item under-recommendation bias, SIGIR 2020"
    choices: ClassVar = {"popularity": "users before", "groups": "head and tail"}

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value of counts."""
        return _unlike(counts["found"], counts["relevant"])


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopularityLift(ListMetric):
    r"""How much more popular the recommended items are than those of the users' histories.

    .. math:: \mathrm{popularity\_lift@}k = \frac{\mathrm{GAP}_L - \mathrm{GAP}_H}{\mathrm{GAP}_H}, \quad
              \mathrm{GAP}_S = \frac{1}{|U|} \sum_u \frac{1}{|S_u|} \sum_{i \in S_u} n_i

    over the users who have both a list and a history, whose every interaction counts. 0 for lists as popular as the
    histories, 1 for twice as popular.

    Parameters
    ----------
    k
        Ranks looked at, 1 or more.

    Examples
    --------
    Lists of popularity 6 in the mean, and histories of 4:

    >>> state = {"sums": np.array([[12.0, 8.0]])}
    >>> PopularityLift(k=2).merged([state])
    0.5
    """

    k: int = 10

    name = "popularity_lift"
    family = "popularity_bias"
    needs = ("popularity", "history")
    higher_is_better = False
    lower = -1.0
    upper = math.inf
    formula = r"\frac{\mathrm{GAP}_L - \mathrm{GAP}_H}{\mathrm{GAP}_H}"
    reference = "Abdollahpouri et al., The connection between popularity bias, calibration, and fairness, RecSys 2020"
    choices: ClassVar = {"popularity": "users before", "users": "with list and history"}

    def state(self, lists: Lists) -> ListState:
        """Return sums over blocks of users.

        Returns
        -------
        ListState
            ``sums``: float64 ``(blocks, 2)``, the mean popularity of lists, and of histories.
        """
        from harness.metrics.hits import listed_items
        from harness.metrics.kernels import item_values

        relevant, side = lists.known(self.label)
        assert side.popularity is not None  # noqa: S101  (needs that were checked)
        assert side.history is not None  # noqa: S101
        values = side.popularity.astype(np.float64)
        items = listed_items(lists, width=min(self.k, lists.items.shape[1]))
        filled = items >= 0
        indptr = np.concatenate([[0], np.cumsum(filled.sum(axis=1))]).astype(np.int64)
        means = np.empty((2, lists.n_users))
        item_values.mean_values(indptr, items[filled], np.arange(lists.n_users), values, means[0])
        item_values.mean_values(side.history.indptr, side.history.items, relevant.rows, values, means[1])
        means[:, np.isnan(means).any(axis=0)] = 0.0
        firsts = np.arange(0, max(len(relevant.indptr) - 1, 1), USER_BLOCK)
        bounds = np.append(np.searchsorted(relevant.rows, firsts), lists.n_users)
        sums = [means[:, start:stop].sum(axis=1) for start, stop in itertools.pairwise(bounds.tolist())]
        return {"sums": np.array(sums)}

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states, 0 where no user has both."""
        lists, histories = (
            math.fsum(float(row[place]) for state in states for row in state["sums"]) for place in (0, 1)
        )
        return lists / histories - 1.0 if histories else 0.0


def _unlike(happened: Int64Array, possible: Int64Array) -> float:
    """Return the standard deviation over the mean of two chances; 0 where all are 0, or one is of nothing."""
    if not possible.all():
        return 0.0
    chances = happened / possible
    return float(chances.std() / chances.mean()) if chances.any() else 0.0
