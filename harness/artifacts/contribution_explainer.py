"""Contributions of the items of a history to the scores of a list, and recommenders that can state them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array
from harness.artifacts.user_batch import UserBatch


@dataclass(frozen=True, eq=False)
class Contributions:
    """How much each item of a history adds to the score of each item of a list.

    Parameters
    ----------
    weights
        float64 ``(list, history)``, in the unit of the scores.
    history
        int32 ``(history,)``: items of the user's history, each once, in the order of their last occurrence.
    are_exact
        Whether a row adds up to the score. Otherwise a weight is how much the score falls when the item leaves the
        history.
    """

    weights: Float64Array
    history: Int32Array
    are_exact: bool = True


@runtime_checkable
class ContributionExplainer(Protocol):
    """A recommender whose scores are sums over the items of a history."""

    def contributions(self, history: Int32Array, items: Int32Array) -> Float64Array:
        """Return what each item of a history adds to the scores of some items; float64 ``(items, history)``.

        Parameters
        ----------
        history
            int32 ``(history,)``: items, each once.
        items
            int32 ``(items,)``: the items whose scores are explained.
        """
        ...


def distinct_history(batch: UserBatch) -> Int32Array:
    """Return the items of the one user of a batch, each once, in the order of their last occurrence.

    Examples
    --------
    >>> from harness.artifacts import History
    >>> history = History(np.array([0, 4]), np.array([5, 4, 5, 3], dtype=np.int32), n_items=6)
    >>> distinct_history(UserBatch(np.array([0]), history)).tolist()
    [4, 5, 3]
    """
    newest_first = batch.rows()[1][::-1]
    kept = list(dict.fromkeys(newest_first.tolist()))
    return np.array(kept[::-1], dtype=np.int32)
