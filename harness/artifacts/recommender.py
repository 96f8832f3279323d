"""Fitted models on a device: what the runner may call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.artifacts.list_request import ListRequest
from harness.artifacts.ranked_lists import RankedLists
from harness.artifacts.user_batch import UserBatch

if TYPE_CHECKING:
    import torch


@runtime_checkable
class Recommender(Protocol):
    """A model that scores the whole catalogue for each user."""

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)`` scores, higher is better, on the model's device."""
        ...


@runtime_checkable
class VectorRecommender(Protocol):
    """A model whose scores are products of user and item vectors; no row of scores is ever held whole."""

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        ...

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        ...


@runtime_checkable
class ListRecommender(Protocol):
    """A model that makes ranked lists itself, for example by beam search, instead of scoring the whole catalogue."""

    @property
    def users_at_once(self) -> int:
        """Number of users per call where ``runner.batch_size`` is ``auto``, 1 or more."""
        ...

    def recommend(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        """Return the best items of each user."""
        ...


AnyRecommender = Recommender | VectorRecommender | ListRecommender
