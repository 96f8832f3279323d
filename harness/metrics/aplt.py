"""Average percentage of long-tail items."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.head_tail_metrics import LongTailMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class APLT(LongTailMetric):
    r"""Share of a list that are long-tail items (average percentage of long-tail items).

    .. math:: \mathrm{aplt@}k = \frac{|L_u^k \cap T|}{|L_u^k|}

    with T the tail. The value is 0 for a list without items.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    head
        Share of all popularity that the head has: above 0 and below 1.

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
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        self.write_mean(hits, self.side_of(hits).tail(self.head).astype(np.float64), self.k, out)
