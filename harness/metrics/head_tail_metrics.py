"""Base classes of the metrics that divide the catalogue into a popular head and a long tail.

Popularity is the number of users who had an item before. The **head** is the most popular items that together have the
share ``head`` of all popularity; the **tail** is the rest. Items of equal popularity are on the same side.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from harness.artifacts.array_types import Int64Array
from harness.execution import Parallel
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric import ListMetric, ListState
from harness.metrics.metric_inputs import Lists


class LongTailMetric(ListedMetric):
    """A per-user metric of the long-tail items of a list."""

    family = "popularity_bias"
    needs = ("popularity",)
    reference = "Abdollahpouri, Burke and Mobasher, Managing popularity bias in recommender systems, FLAIRS 2019"
    head: float

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        _check_head(self.head)


class HeadTailMetric(ListMetric):
    """A metric of how many recommendations, and how many hits, go to the head and to the tail."""

    higher_is_better = False
    reference = "Zhu, Wang and Caverlee, Measuring and mitigating item under-recommendation bias, SIGIR 2020"
    choices: ClassVar = {"popularity": "users before", "groups": "head and tail"}
    family = "popularity_bias"
    needs: ClassVar[tuple[str, ...]] = ("popularity",)
    k: int
    head: float

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        _check_head(self.head)

    @abc.abstractmethod
    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value for the counts that ``state`` describes."""

    def state(self, lists: Lists) -> ListState:
        """Count items of the head and of the tail.

        Returns
        -------
        ListState
            int64 ``(2,)`` each, head first: ``listed`` (recommended items), ``found`` (recommended items that are
            relevant), ``relevant`` (relevant items), and ``open`` (items that the users had not had before, summed
            over users).
        """
        from harness.metrics.hits import find_hits, listed_items
        from harness.metrics.kernels import item_values

        relevant, side = lists.known(self.label)
        tail = side.tail(self.head)
        counts = {name: np.zeros(2, dtype=np.int64) for name in ("listed", "found", "relevant", "open")}
        width = min(self.k, lists.items.shape[1])
        bits, items = find_hits(lists, relevant, width=width).hits.bits, listed_items(lists, width=width)
        item_values.count_groups(items, bits, self.k, tail, counts["listed"], counts["found"])
        item_values.count_distinct(relevant.indptr, relevant.items, relevant.rows, tail, counts["relevant"])
        if side.history is not None:
            item_values.count_distinct(side.history.indptr, side.history.items, relevant.rows, tail, counts["open"])
        counts["open"] = np.array([(~tail).sum(), tail.sum()]) * lists.n_users - counts["open"]
        return counts

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: the counts over all lists."""
        return [{name: np.sum([state[name] for state in states], axis=0) for name in states[0]}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states."""
        return self.of_counts({name: counts.astype(np.int64) for name, counts in self.folded(states)[0].items()})


def disparity(happened: Int64Array, possible: Int64Array) -> float:
    """Return the standard deviation of the head's and the tail's chances, divided by their mean.

    Parameters
    ----------
    happened, possible
        int64 ``(2,)``: the chances are ``happened / possible``. The result is 0 where all chances are 0, and where one
        of ``possible`` is 0.

    Examples
    --------
    >>> disparity(np.array([3, 1]), np.array([4, 4]))
    0.5
    """
    if not possible.all():
        return 0.0
    chances = happened / possible
    return float(chances.std() / chances.mean()) if chances.any() else 0.0


def _check_head(head: float) -> None:
    if not 0.0 < head < 1.0:
        raise ValueError(f"head is {head}; use a share above 0 and below 1, such as 0.8")
