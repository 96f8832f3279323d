"""Average popularity of the recommended items."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class AveragePopularity(ListedMetric):
    r"""Mean popularity of the recommended items: the number of users who had each item before (ARP).

    .. math:: \mathrm{average\_popularity@}k = \frac{1}{|L_u^k|} \sum_{i \in L_u^k} n_i

    The value is 0 for a list without items.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([1, 4]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> AveragePopularity(k=2).score(hits, out)
    >>> out
    array([2.5])
    """

    k: int = 10

    name = "average_popularity"
    family = "popularity_bias"
    needs = ("popularity",)
    higher_is_better = False
    upper = math.inf
    formula = r"\frac{1}{|L_u^k|} \sum_{i \in L_u^k} n_i"
    reference = "Yin et al., Challenging the long tail recommendation, VLDB 5 (2012)"
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        self.write_mean(hits, self.popularity_of(hits).astype(np.float64), self.k, out)
