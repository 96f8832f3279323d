"""Statistical parity between popular and long-tail items."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.metrics.head_tail_metrics import HeadTailMetric, disparity


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopRSP(HeadTailMetric):
    r"""Statistical parity: how different the chances of head and tail items are to be recommended.

    .. math:: \mathrm{pop\_rsp@}k = \frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad
              p_G = \frac{\sum_u |L_u^k \cap G|}{\sum_u |G \setminus H_u|}

    with :math:`H_u` the user's history. The value is 0 for equal chances, and if a group has no item that is new to any
    user; it is 1 if one group is never recommended.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    head
        Share of all popularity that the head has: above 0 and below 1.

    Examples
    --------
    >>> import numpy as np
    >>> PopRSP(k=2).of_counts({"listed": np.array([3, 1]), "open": np.array([4, 4])})
    0.5
    """

    k: int = 10
    head: float = 0.8

    name = "pop_rsp"
    needs = ("popularity", "history")
    formula = (
        r"\frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad"
        r" p_G = \frac{\sum_u |L_u^k \cap G|}{\sum_u |G \setminus H_u|}"
    )

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value for counts of head and tail."""
        return disparity(counts["listed"], counts["open"])
