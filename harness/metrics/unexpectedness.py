"""Unexpectedness: the share of a list that the popularity baseline would not have shown."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric_inputs import Hits
from harness.metrics.novelty_metric import NoveltyMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Unexpectedness(NoveltyMetric):
    r"""Share of the first k ranks whose item the popularity baseline would not have recommended.

    .. math:: \mathrm{unexpectedness@}k = \frac{|L_u^k \setminus P_u^k|}{k}

    with :math:`P_u^k` the items at least as popular as the k-th most popular item that is new to the user.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    The user had item 0 before, so that item 1 was expected:

    >>> from harness.artifacts import History, SideInformation
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
    reference = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.2"
    choices: ClassVar = {"expected": "as popular as the k-th most popular item new to the user"}
    hits_alone: ClassVar[bool] = False  # whether an item has to be relevant, too

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import item_values

        popularity, history = self.popularity_of(hits), self.side_of(hits).history
        assert history is not None  # noqa: S101  (a need that was checked)
        assert hits.rows is not None  # noqa: S101
        expected = np.empty(len(out), dtype=np.int64)
        order = np.argsort(-popularity, kind="stable")
        item_values.expected_popularity(history.indptr, history.items, hits.rows, order, popularity, self.k, expected)
        item_values.count_unexpected(
            self.items_of(hits), hits.bits, int(self.hits_alone), popularity, expected, self.k, out
        )
        out /= self.k
