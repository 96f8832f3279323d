"""Serendipity: the share of a list that is relevant and unexpected."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.metrics.unexpectedness import Unexpectedness


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Serendipity(Unexpectedness):
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
    >>> from harness.metrics import Hits
    >>> from harness.artifacts import History, SideInformation
    >>> history = History(np.array([0, 1]), np.array([0], np.int32), 3)
    >>> side = SideInformation(popularity=np.array([9, 5, 1]), n_users=9, history=history)
    >>> items, rows = np.array([[2, 1]], np.int32), np.array([0])
    >>> hits, out = Hits.of([[True, True]], relevant=[2], items=items, side=side, rows=rows), np.empty(1)
    >>> Serendipity(k=1).score(hits, out)
    >>> out
    array([1.])
    """

    name = "serendipity"
    formula = r"\frac{1}{k} \left| (L_u^k \setminus P_u^k) \cap R_u \right|"
    hits_alone = True
