"""Serendipity: the share of a list that is relevant and unexpected."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric_inputs import Hits
from harness.metrics.novelty_metric import NoveltyMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Serendipity(NoveltyMetric):
    r"""Share of the first k ranks that are relevant and that the popularity baseline would not have recommended.

    .. math:: \mathrm{serendipity@}k = \frac{|(L_u^k \setminus P_u^k) \cap R_u|}{k}

    with :math:`P_u^k` the items at least as popular as the k-th most popular item that is new to the user.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    >>> import numpy as np
    >>> from harness.artifacts import History, SideInformation
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
    reference = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.2"
    choices: ClassVar = {"expected": "as popular as the k-th most popular item new to the user"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        self.write_unexpected(hits, self.k, out, hits_alone=True)
