"""Popularity: the same list for all users, the items of most users first."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import FittedModel, History, Recommender, Tensors, Vocabulary
from harness.models.checkpoints.tensor_checks import require, require_names


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Popularity(FittedModel):
    """Score each item by its number of distinct users.

    A user counts once per item, regardless of repeats. Scores are float32, so counts above
    2**24 (16.8 million users) are rounded.

    Examples
    --------
    >>> history = History(np.array([0, 3, 4]), np.array([1, 1, 0, 1], dtype=np.int32), n_items=3)
    >>> Popularity().fit(history)["users"]
    array([1, 2, 0])
    """

    batch_invariant: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

    def fit(self, history: History) -> Tensors:
        """Return ``users``: int64 ``(items,)``, the distinct users of each item."""
        return {"users": np.bincount(history.matrix.indices, minlength=history.n_items).astype(np.int64)}

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> Recommender:
        """Return a scorer that gives all users the same scores.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``fit`` on this catalogue.
        """
        from harness.models.baselines.scorers import PopularityScorer

        require_names(tensors, ("users",), kind="popularity")
        counts = require(tensors, "users", kind="popularity", dtype=np.int64, shape=(len(items),))
        return PopularityScorer(counts, device)
