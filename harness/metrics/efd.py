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
    r"""Expected free discovery: the self-information of an interaction with a recommended item, by rank.

    .. math:: \mathrm{efd@}k = \frac{\sum_{r=1}^{k} d_r \left(-\log_2 \frac{n_{i_r}}{\sum_j n_j}\right)}
              {\sum_{r=1}^{k} d_r}, \quad d_r = \frac{1}{\log_2(r + 1)}

    with 1 for an item that nobody had. A rank without an item adds 0 above and counts below.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    of
        ``items``: all that are recommended. ``hits``: those that are relevant, so that novelty alone does not help.

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
