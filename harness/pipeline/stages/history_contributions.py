"""Compute what each item of a user's history adds to the scores of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import (
    AnyRecommender,
    ContributionExplainer,
    Contributions,
    History,
    Reason,
    RecommendationTask,
    Recommender,
    UserBatch,
    VectorRecommender,
    distinct_history,
)
from harness.artifacts.array_types import Float64Array, Int32Array

if TYPE_CHECKING:
    import torch

_MOST_REASONS = 3
_AT_ONCE = 256  # histories that are scored together


def history_contributions(
    recommender: AnyRecommender, task: RecommendationTask, items: Int32Array, *, most: int
) -> Contributions | None:
    """Return the contributions of a history; None for a model that scores no single items.

    A model whose scores are sums over the history states them exactly, for the whole history. Any other model is scored
    again without each of the last items.

    Parameters
    ----------
    recommender
        The model.
    task
        The task of one user.
    items
        int32 ``(k,)``: the list, best first.
    most
        Number of items of the history to leave out one by one, the last ones.
    """
    batch = task.batch(0, 1)
    history = distinct_history(batch)
    if isinstance(recommender, ContributionExplainer):
        return Contributions(recommender.contributions(history, items), history)
    if isinstance(recommender, (Recommender, VectorRecommender)):
        history = history[-most:]
        return Contributions(_without_each(recommender, task, items, history), history, are_exact=False)
    return None


def strongest_reasons(weights: Float64Array, history: Sequence[tuple[str, str | None]]) -> tuple[Reason, ...]:
    """Return the three items of a history that add most to a score; items that lower it are left out.

    Parameters
    ----------
    weights
        float64 ``(history,)``.
    history
        External id and title of each item.
    """
    strongest = np.argsort(-weights, kind="stable")[:_MOST_REASONS]
    return tuple(
        Reason(history[place][0], history[place][1], float(weights[place])) for place in strongest if weights[place] > 0
    )


def _without_each(
    recommender: Recommender | VectorRecommender, task: RecommendationTask, items: Int32Array, history: Int32Array
) -> Float64Array:
    """Return how much each score falls when an item leaves the history; float64 ``(items, history)``."""
    whole = task.batch(0, 1).rows()[1]
    variants = [whole, *(whole[whole != item] for item in history)]
    scores = np.concatenate(
        [
            _scores(recommender, task, variants[start : start + _AT_ONCE], items)
            for start in range(0, len(variants), _AT_ONCE)
        ]
    )
    falls: Float64Array = (scores[:1] - scores[1:]).T
    return falls


def _scores(
    recommender: Recommender | VectorRecommender,
    task: RecommendationTask,
    histories: list[Int32Array],
    items: Int32Array,
) -> Float64Array:
    """Return the scores of the items under each history of the same user; float64 ``(histories, items)``."""
    indptr = np.concatenate([[0], np.cumsum([len(one) for one in histories])]).astype(np.int64)
    rows = History(indptr, np.concatenate(histories).astype(np.int32), task.n_items)
    users = np.repeat(task.users[:1], len(histories))
    batch = UserBatch(users, rows, np.arange(len(histories), dtype=np.int64))
    scores: torch.Tensor
    if isinstance(recommender, Recommender):
        scores = recommender.score(batch)[:, items.astype(np.int64)]
    else:
        scores = recommender.user_vectors(batch) @ recommender.item_vectors()[items.astype(np.int64)].T
    return np.asarray(scores.detach().cpu().numpy(), dtype=np.float64)
