"""Expected free discovery."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric_inputs import Hits
from harness.metrics.novelty_metric import NoveltyMetric, NoveltyOf


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EFD(NoveltyMetric):
    r"""Expected free discovery: self-information of an interaction with a recommended item, weighted by rank.

    .. math:: \mathrm{efd@}k = \frac{\sum_{r=1}^{k} d_r \left(-\log_2 \frac{n_{i_r}}{\sum_j n_j}\right)}
              {\sum_{r=1}^{k} d_r}, \quad d_r = \frac{1}{\log_2(r + 1)}

    with :math:`n_i` at least 1. A rank without an item adds 0 to the numerator and counts in the denominator.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    of
        ``items``: all recommended items. ``hits``: only the relevant ones, so that novelty alone does not help.

    Examples
    --------
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([2, 6]), n_users=8)
    >>> hits = Hits.of([[False]], relevant=[1], items=np.array([[0]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> EFD(k=1).score(hits, out)
    >>> out
    array([2.])
    """

    k: int = 10
    of: NoveltyOf = "items"

    name = "efd"
    upper = math.inf
    formula = r"\frac{\sum_{r=1}^{k} d_r \left(-\log_2 \frac{\max(n_{i_r}, 1)}{\sum_j n_j}\right)}{\sum_{r=1}^{k} d_r}"
    reference = "Vargas and Castells, Rank and relevance in novelty and diversity metrics, RecSys 2011"
    choices: ClassVar = {"popularity": "users before", "discount": "log2(rank + 1)"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        counts = self.popularity_of(hits)
        information = -np.log2(np.maximum(counts, 1) / max(1, int(counts.sum())))
        self.write_discounted(hits, np.maximum(information, 0.0), self.k, out, of=self.of)
