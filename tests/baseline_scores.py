"""Histories for baselines, and their scores."""

import numpy as np
import torch
from histories import history_of

from harness.artifacts import UserBatch, Vocabulary


def scores_of(model, fitted_to, users=None, *, history=None, user_ids=None, item_ids=None):
    history = fitted_to if history is None else history
    users = np.arange(history.n_users) if users is None else np.asarray(users, dtype=np.int64)
    user_ids = Vocabulary(np.arange(history.n_users)) if user_ids is None else user_ids
    item_ids = Vocabulary(np.arange(history.n_items)) if item_ids is None else item_ids
    recommender = model.recommender(model.fit(fitted_to), users=user_ids, items=item_ids, device="cpu")
    scores = recommender.score(UserBatch(users, history))
    assert scores.dtype == torch.float32
    assert scores.shape == (len(users), history.n_items)
    return scores.numpy()


def large_history(seed=0, n_users=400, n_items=160):
    rng = np.random.default_rng(seed)
    return history_of([rng.integers(0, n_items, rng.integers(0, 60)).tolist() for _ in range(n_users)], n_items)
