"""Popularity lift: how much more popular the lists are than the histories."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import USER_BLOCK
from harness.execution import Parallel
from harness.metrics.metric import ListMetric, ListState
from harness.metrics.metric_inputs import Lists


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopularityLift(ListMetric):
    r"""Relative increase of the mean popularity from the users' histories to their lists.

    .. math:: \mathrm{popularity\_lift@}k = \frac{\mathrm{GAP}_L - \mathrm{GAP}_H}{\mathrm{GAP}_H}, \quad
              \mathrm{GAP}_S = \frac{1}{|U|} \sum_u \frac{1}{|S_u|} \sum_{i \in S_u} n_i

    over the users who have both a list and a history. Every interaction of a history counts. The value is 0 if lists
    are as popular as histories, and 1 if they are twice as popular.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    The mean popularity is 6 over lists, and 4 over histories:

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
            ``sums``: float64 ``(blocks, 2)``, of the mean popularity of each list, and of each history.
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
        """Return the value over the lists of all states, 0 if no user has both."""
        lists, histories = (
            math.fsum(float(row[place]) for state in states for row in state["sums"]) for place in (0, 1)
        )
        return lists / histories - 1.0 if histories else 0.0
