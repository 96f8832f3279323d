"""Contributions of the history: a case worked by hand, and scoring again without each item as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import (
    ContributionExplainer,
    History,
    RecommendationTask,
    Truth,
    UserBatch,
    Vocabulary,
    distinct_history,
)
from harness.models.baselines.scorers import HistoryVectors, ItemKNNScorer, WeightsScorer
from harness.pipeline.stages.history_contributions import history_contributions

ITEMS = 6


def task_of(items):
    history = History(np.array([0, len(items)]), np.array(items, dtype=np.int32), n_items=ITEMS)
    return RecommendationTask(
        np.array([0]), Truth.from_lists([[]]), history, Vocabulary.of([7]), Vocabulary.of(list(range(ITEMS))), k=3
    )


class Hidden:
    """A model that does not state its contributions."""

    def __init__(self, model):
        self._model = model

    def score(self, batch):
        return self._model.score(batch)


class HiddenVectors(Hidden):
    """Likewise, of vectors."""

    score = None

    def user_vectors(self, batch):
        return self._model.user_vectors(batch)

    def item_vectors(self):
        return self._model.item_vectors()


def models(seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(ITEMS, ITEMS)).astype(np.float32)
    return [
        (WeightsScorer(weights, "cpu"), Hidden),
        (ItemKNNScorer(sp.csr_array(weights), "cpu"), Hidden),
        (HistoryVectors(rng.normal(size=(ITEMS, 3)).astype(np.float32), "cpu"), HiddenVectors),
    ]


def test_by_hand():
    weights = np.zeros((ITEMS, ITEMS), dtype=np.float32)
    weights[1, 0], weights[2, 0], weights[2, 5] = 0.5, -0.25, 2.0
    model = WeightsScorer(weights, "cpu")
    assert isinstance(model, ContributionExplainer)
    found = history_contributions(model, task_of([1, 2, 1]), np.array([0, 5], dtype=np.int32), most=10)
    assert found.history.tolist() == [2, 1]  # 1 comes again after 2
    assert found.weights.tolist() == [[-0.25, 0.5], [2.0, 0.0]]
    assert found.are_exact


@given(st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=9), st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_statements_equal_scoring_again_without_each_item(items, seed):
    task, listed = task_of(items), np.array([0, 3], dtype=np.int32)
    batch = UserBatch(task.users, task.history)
    for model, hidden in models(seed):
        stated = history_contributions(model, task, listed, most=100)
        with torch.inference_mode():
            measured = history_contributions(hidden(model), task, listed, most=100)
            if hidden is Hidden:
                scores = model.score(batch)[0].numpy()
            else:
                scores = (model.user_vectors(batch) @ model.item_vectors().T)[0].numpy()
        assert stated.history.tolist() == measured.history.tolist() == distinct_history(batch).tolist()
        assert measured.weights == pytest.approx(stated.weights, abs=1e-5)
        assert stated.weights.sum(axis=1) == pytest.approx(scores[listed], abs=1e-5)


def test_only_the_last_items_are_left_out_one_by_one():
    model, listed = models(0)[0][0], np.array([0], dtype=np.int32)
    assert history_contributions(Hidden(model), task_of([1, 2, 3]), listed, most=2).history.tolist() == [2, 3]
    assert history_contributions(model, task_of([1, 2, 3]), listed, most=2).history.tolist() == [1, 2, 3]
