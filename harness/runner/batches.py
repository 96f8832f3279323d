"""Consecutive users of a task as models and the top-K engine read them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.artifacts import RecommendationTask, UserBatch
from harness.topk import ItemRows, TieKeys, TopKRequest


def filled(batch: UserBatch, size: int) -> UserBatch:
    """Return a batch of the given size: a shorter one repeats its last user."""
    missing = size - len(batch.users)
    if missing <= 0:
        return batch
    places = None if batch.places is None else np.pad(batch.places, (0, missing), mode="edge")
    return replace(batch, users=np.pad(batch.users, (0, missing), mode="edge"), places=places)


def topk_request(task: RecommendationTask, start: int, stop: int) -> TopKRequest:
    """Return the request to the top-K engine for consecutive users of a task."""
    part = task.rows(start, stop)
    return TopKRequest(
        part.k,
        TieKeys(part.seed, part.user_ids.keys[part.users], part.item_ids.keys),
        seen=ItemRows(*part.batch(0, part.n_users).rows()) if part.exclude_seen else None,
        lists=None if part.lists is None else ItemRows(part.lists.indptr, part.lists.items),
        allowed=part.candidates,
        targets=ItemRows(part.truth.indptr, part.truth.items),
    )
