"""Share of all recommendations that go to long-tail items."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Int64Array
from harness.metrics.head_tail_metrics import HeadTailMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TailShare(HeadTailMetric):
    r"""Share of all recommendations that are long-tail items.

    .. math:: \mathrm{tail\_share@}k = \frac{\sum_u |L_u^k \cap T|}{\sum_u |L_u^k|}

    with T the tail. The value is 0 if nothing is recommended.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    head
        Share of all popularity that the head has: above 0 and below 1.

    Examples
    --------
    >>> import numpy as np
    >>> TailShare(k=2).of_counts({"listed": np.array([3, 1])})
    0.25
    """

    k: int = 10
    head: float = 0.8

    name = "tail_share"
    family = "concentration"
    higher_is_better = True
    formula = r"\frac{\sum_u |L_u^k \cap T|}{\sum_u |L_u^k|}"
    reference = "Celma, Music recommendation and discovery in the long tail (2008), section 5.3"
    choices: ClassVar = {"popularity": "users before"}

    def of_counts(self, counts: dict[str, Int64Array]) -> float:
        """Return the value for counts of head and tail."""
        return float(counts["listed"][1] / max(1, int(counts["listed"].sum())))
