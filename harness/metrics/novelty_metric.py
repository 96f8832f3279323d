"""Base class of the metrics of how little known, or how unexpected, the recommended items are.

Popularity is the number of users who had an item before; an item that no user had counts as if one had. Items outside
the catalogue and repeated items of a list do not count; a list without items has the value 0.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

import numpy as np

from harness.artifacts.array_types import Float64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits

NoveltyOf: TypeAlias = Literal["items", "hits"]


class NoveltyMetric(ListedMetric):
    """A per-user metric that compares the listed items with their popularity."""

    family = "novelty"
    needs: ClassVar[tuple[str, ...]] = ("popularity",)

    def write_discounted(self, hits: Hits, values: Float64Array, k: int, out: Float64Array, *, of: NoveltyOf) -> None:
        """Write the mean of the listed items' values, weighted by ``1 / log2(rank + 1)``.

        Parameters
        ----------
        hits
            With the listed items.
        values
            float64 ``(items,)``: the value of each item of the catalogue.
        k
            Number of ranks to look at.
        out
            float64 ``(users,)``: output.
        of
            ``items`` for all listed items, ``hits`` for only the relevant ones.
        """
        weights = 1.0 / np.log2(np.arange(2, k + 2))
        self.write_sum(hits, values, weights, out, hits_alone=of == "hits")
        out /= weights.sum()
