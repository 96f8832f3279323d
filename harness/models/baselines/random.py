"""Random scores: the lower bound of every comparison."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts import FittedModel, History, Recommender, Tensors, Vocabulary
from harness.models.checkpoints.tensor_checks import require_names


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Random(FittedModel):
    """Score each pair of user and item at random.

    The score is ``floor(h / 2**40) / 2**24`` for a 64-bit hash h of (seed, the user's external id, the
    item's external id): uniform over 2**24 values in [0, 1). It does not depend on other users, other
    items or their order, and is independent of the random order of a split or of ties, whatever their
    seeds.

    Its expected hit rate at k is ``k * relevant / candidates`` for one relevant item.

    Parameters
    ----------
    seed
        Any integer; another one gives other scores.

    Examples
    --------
    >>> Random(seed=1)
    Random(seed=1)
    """

    batch_invariant: ClassVar[bool] = True

    seed: int = 0

    def fit(self, history: History) -> Tensors:
        """Return no tensors, as there is nothing to learn."""
        return {}

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> Recommender:
        """Return a scorer for these users and items."""
        from harness.models.baselines.scorers import RandomScorer

        require_names(tensors, (), kind="random")
        return RandomScorer(self.seed, users, items, device)
