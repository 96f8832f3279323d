"""Base class of the metrics of how evenly recommendations are spread over the catalogue."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from harness.artifacts.array_types import Int64Array
from harness.execution import Parallel
from harness.metrics.metric import ListMetric, ListState
from harness.metrics.metric_inputs import Lists


class ConcentrationMetric(ListMetric):
    """A metric of how often each item of the catalogue is recommended."""

    family = "concentration"
    needs = ("n_items",)
    choices: ClassVar = {"items": "whole catalogue", "repeats": "count once a list"}
    k: int

    @abc.abstractmethod
    def of_counts(self, counts: Int64Array) -> float:
        """Return the value for int64 ``(items,)``: the number of lists that hold each item, not all of them 0."""

    def state(self, lists: Lists) -> ListState:
        """Return how many lists hold each item.

        Returns
        -------
        ListState
            ``counts``: int64 ``(n_items,)``.

        Raises
        ------
        HarnessError
            The size of the catalogue is not known.
        """
        from harness.metrics.kernels.list_sets import count_items

        counts = np.zeros(lists.catalogue_size(self.name), dtype=np.int64)
        count_items(lists.items, lists.rows, min(self.k, lists.items.shape[1]), counts)
        return {"counts": counts}

    def folded(self, states: Sequence[ListState]) -> Sequence[ListState]:
        """Return one state: the counts over all lists."""
        return [{"counts": np.sum([state["counts"] for state in states], axis=0)}]

    def merged(self, states: Sequence[ListState], *, parallel: Parallel | None = None) -> float:
        """Return the value over the lists of all states, or 0 if nothing was recommended."""
        counts = self.folded(states)[0]["counts"].astype(np.int64)
        return self.of_counts(counts) if counts.any() else 0.0
