"""Base class of the per-user metrics of the listed items."""

from __future__ import annotations

import numpy as np

from harness.artifacts import SideInformation
from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.errors import HarnessError
from harness.metrics.metric import UserMetric
from harness.metrics.metric_inputs import Hits


class ListedMetric(UserMetric):
    """A per-user metric that reads the listed items; ``needs`` names the parts of ``SideInformation`` it reads, too."""

    @property
    def reads(self) -> frozenset[str]:
        """The parts of ``Hits`` that this metric reads."""
        return frozenset({"items"})

    def side_of(self, hits: Hits) -> SideInformation:
        """Return the side information.

        Raises
        ------
        HarnessError
            There is none.
        """
        if hits.side is None:
            raise HarnessError(f"{self.label} needs {' and '.join(self.required)}. Pass side=SideInformation(…).")
        return hits.side

    def popularity_of(self, hits: Hits) -> Int64Array:
        """Return the number of users who had each item before, int64 ``(items,)``."""
        popularity = self.side_of(hits).popularity
        assert popularity is not None  # noqa: S101  (a need that was checked)
        return popularity

    def items_of(self, hits: Hits) -> Int32Array:
        """Return the listed items, int32 ``(users, ranks)``."""
        if hits.items is None:
            raise HarnessError(f"{self.label} needs the items of the lists, and these hits contain only ranks.")
        return hits.items

    def filled(self, hits: Hits, k: int) -> Float64Array:
        """Return how many of the first k ranks hold an item; float64 ``(users,)``."""
        from harness.metrics.kernels import item_values

        out = np.empty(hits.n_users, dtype=np.float64)
        item_values.count_filled(self.items_of(hits), k, out)
        return out

    def write_mean(self, hits: Hits, values: Float64Array, k: int, out: Float64Array) -> None:
        """Write the mean value of the listed items, 0 for a list without items; ``values`` float64 ``(items,)``."""
        self.write_sum(hits, values, np.ones(k), out)
        out /= np.maximum(self.filled(hits, k), 1.0)

    def write_sum(
        self, hits: Hits, values: Float64Array, weights: Float64Array, out: Float64Array, *, hits_alone: bool = False
    ) -> None:
        """Write the sum, over the listed items, of the item's value times the weight of its rank.

        Parameters
        ----------
        hits
            With the listed items.
        values
            float64 ``(items,)``.
        weights
            float64 ``(k,)``.
        out
            float64 ``(users,)``: output.
        hits_alone
            Whether to sum over hits only.
        """
        from harness.metrics.kernels import item_values

        item_values.weigh_items(self.items_of(hits), hits.bits, int(hits_alone), values, weights, out)
