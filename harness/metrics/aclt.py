"""Average coverage of long-tail items."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.head_tail_metrics import LongTailMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ACLT(LongTailMetric):
    r"""Number of long-tail items in a list (average coverage of long-tail items).

    .. math:: \mathrm{aclt@}k = |L_u^k \cap T|

    with T the tail.

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
    >>> ACLT(k=2).score(hits, out)
    >>> out
    array([1.])
    """

    k: int = 10
    head: float = 0.8

    name = "aclt"
    upper = math.inf
    formula = r"|L_u^k \cap T|"
    choices: ClassVar = {"popularity": "users before"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        self.write_sum(hits, self.side_of(hits).tail(self.head).astype(np.float64), np.ones(self.k), out)
