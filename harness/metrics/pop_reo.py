"""Equal opportunity for popular and long-tail items."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.metrics.head_tail_metrics import HeadTailMetric, disparity


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PopREO(HeadTailMetric):
    r"""Equal opportunity: how different the chances of relevant head and tail items are to be recommended.

    .. math:: \mathrm{pop\_reo@}k = \frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad
              p_G = \frac{\sum_u |L_u^k \cap R_u \cap G|}{\sum_u |R_u \cap G|}

    The value is 0 for equal chances, without any hit, and if a group has no relevant item; it is 1 if only one group
    has hits.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    head
        Share of all popularity that the head has: above 0 and below 1.

    Examples
    --------
    >>> import numpy as np
    >>> PopREO(k=2).of_counts({"found": np.array([3, 1]), "relevant": np.array([4, 4])})
    0.5
    """

    k: int = 10
    head: float = 0.8

    name = "pop_reo"
    formula = (
        r"\frac{\mathrm{std}(p_H, p_T)}{\mathrm{mean}(p_H, p_T)}, \quad"
        r" p_G = \frac{\sum_u |L_u^k \cap R_u \cap G|}{\sum_u |R_u \cap G|}"
    )

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value for counts of head and tail."""
        return disparity(counts["found"], counts["relevant"])
