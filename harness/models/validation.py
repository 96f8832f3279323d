"""How good a model is on the validation part while it is trained: NDCG at 10 of exact lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import (
    NO_ITEM,
    CandidateLists,
    History,
    Lessons,
    ListRecommender,
    ListsAsked,
    UserBatch,
    VectorRecommender,
)
from harness.artifacts.arrays import Int64Array
from harness.modules import RecommendationMetrics
from harness.topk import ItemRows, Request, Ties, best_by_vectors

CUTOFF = 10
_MOST_USERS = 10_000  # of whom a mean is close enough to choose by
_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Judge:
    """Tells how well lists find what users did in the validation part.

    Parameters
    ----------
    lessons
        With a validation part.
    """

    lessons: Lessons

    def __call__(self, recommender: VectorRecommender | ListRecommender, device: str) -> float:
        """Return NDCG at 10 over users with something in the validation part, seen items left out."""
        users, history = self.users, self.lessons.train
        with torch.inference_mode():
            if isinstance(recommender, VectorRecommender):
                lists = self._by_vectors(recommender, device)
            else:
                lists = np.concatenate([self._made(recommender, users[at : at + _AT_ONCE]) for at in self._starts])
        predictions = [row[row != NO_ITEM].tolist() for row in lists]
        targets = self._validation.rows(users)
        relevant = [part.tolist() for part in np.split(targets.items, targets.indptr[1:-1])]
        assert history.n_users == len(self.lessons.users)  # noqa: S101
        return float(RecommendationMetrics.ndcg_at_k(predictions, relevant, CUTOFF))

    @property
    def users(self) -> Int64Array:
        """Whom it asks for, int64 ``(users,)``: those with something in the validation part, or a sample by hash."""
        users = np.flatnonzero(self._validation.lengths)
        if len(users) > _MOST_USERS:
            order = np.argsort(self.lessons.users.keys[users], kind="stable")
            users = np.sort(users[order[:_MOST_USERS]])
        return users

    @property
    def _starts(self) -> range:
        return range(0, len(self.users), _AT_ONCE)

    @property
    def _validation(self) -> History:
        assert self.lessons.validation is not None  # noqa: S101  (asked before)
        return self.lessons.validation

    def _by_vectors(self, recommender: VectorRecommender, device: str) -> np.ndarray:
        users, lessons = self.users, self.lessons
        vectors = [recommender.user_vectors(UserBatch(users[at : at + _AT_ONCE], lessons.train)) for at in self._starts]
        seen = lessons.train.rows(users)
        request = Request(
            CUTOFF,
            Ties(0, lessons.users.keys[users], lessons.items.keys),
            seen=ItemRows(seen.indptr, seen.items),
        )
        return best_by_vectors(torch.cat(vectors), recommender.item_vectors(), request, device=device).items

    def _made(self, recommender: ListRecommender, users: Int64Array) -> np.ndarray:
        batch = UserBatch(users, self.lessons.train)
        return recommender.recommend(batch, ListsAsked(CUTOFF, CandidateLists(*batch.rows()))).items
