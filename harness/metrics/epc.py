"""Expected popularity complement."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric_inputs import Hits
from harness.metrics.novelty_metric import NoveltyMetric, NoveltyOf


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EPC(NoveltyMetric):
    r"""Expected popularity complement: share of users to whom a recommended item was new, weighted by rank.

    .. math:: \mathrm{epc@}k = \frac{\sum_{r=1}^{k} d_r \left(1 - n_{i_r} / |U|\right)}{\sum_{r=1}^{k} d_r},
              \quad d_r = \frac{1}{\log_2(r + 1)}

    A rank without an item adds 0 to the numerator and counts in the denominator.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    of
        ``items``: all recommended items. ``hits``: only the relevant ones, so that novelty alone does not help.

    Examples
    --------
    >>> import numpy as np
    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([2, 8]), n_users=8)
    >>> hits = Hits.of([[False]], relevant=[1], items=np.array([[0]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> EPC(k=1).score(hits, out)
    >>> out
    array([0.75])
    """

    k: int = 10
    of: NoveltyOf = "items"

    name = "epc"
    formula = r"\frac{\sum_{r=1}^{k} d_r \left(1 - n_{i_r} / |U|\right)}{\sum_{r=1}^{k} d_r}"
    reference = "Vargas and Castells, Rank and relevance in novelty and diversity metrics, RecSys 2011"
    choices: ClassVar = {"popularity": "users before", "discount": "log2(rank + 1)"}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        values = 1.0 - self.popularity_of(hits) / (self.side_of(hits).n_users or 1)
        self.write_discounted(hits, values, self.k, out, of=self.of)
