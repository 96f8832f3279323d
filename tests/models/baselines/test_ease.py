"""EASE: by hand, and against its formula."""

import numpy as np
import pytest
from baseline_scores import large_history, scores_of
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import histories

from harness.artifacts import History
from harness.errors import HarnessError
from harness.models import EASE


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from([0.5, 100.0]))
def test_ease_equals_the_formula(history, l2):
    binary = np.zeros((history.n_users, history.n_items))
    for user in range(history.n_users):
        binary[user, history.items[history.indptr[user] : history.indptr[user + 1]]] = 1
    inverse = np.linalg.inv(binary.T @ binary + l2 * np.eye(history.n_items))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)

    fitted = EASE(l2=l2).fit(history)["weights"]

    np.testing.assert_allclose(fitted, weights, rtol=1e-6, atol=1e-12)
    assert (np.diag(fitted) == 0).all()
    np.testing.assert_allclose(scores_of(EASE(l2=l2), history), binary @ weights, rtol=1e-5, atol=1e-6)


def test_ease_minimises_its_own_loss():
    # Each column is a ridge regression of one item on all the others.
    history = large_history(3, n_users=120, n_items=20)
    binary = history.matrix.toarray().astype(np.float64)
    weights = EASE(l2=7.0).fit(history)["weights"]
    for item in (0, 11):
        others = np.delete(np.arange(20), item)
        left = binary[:, others]
        solution = np.linalg.solve(left.T @ left + 7.0 * np.eye(19), left.T @ binary[:, item])
        np.testing.assert_allclose(weights[others, item], solution, rtol=1e-5, atol=1e-8)


def test_ease_blocks_change_nothing(monkeypatch):
    history = large_history(4)
    whole = EASE().fit(history)["weights"]
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_TERMS", 500)
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse.BLOCK_CELLS", 1000)
    assert np.array_equal(EASE().fit(history)["weights"], whole)


def test_ease_adds_up_in_the_order_of_the_catalogue():
    history = large_history(5)
    weights = EASE(l2=1.0).fit(history)["weights"]
    scores = scores_of(EASE(l2=1.0), history)
    for user in range(0, 400, 37):
        expected = np.zeros(160, dtype=np.float32)
        for item in np.unique(history.items[history.indptr[user] : history.indptr[user + 1]]):
            expected = expected + weights[item]
        assert np.array_equal(scores[user], expected)


def test_ease_warns_of_the_memory_for_a_large_catalogue():
    huge = History(np.zeros(2, dtype=np.int64), np.empty(0, dtype=np.int32), 30_000_000)
    with pytest.raises(HarnessError, match=r"30,000,000 items needs [\d.]+ TB of memory, and .*item_knn"):
        EASE().fit(huge)


def test_ease_says_that_l2_is_too_small():
    history = history_of([list(range(6))] * 3, 6)
    with pytest.raises(HarnessError, match=r"larger model\.params\.l2"):
        EASE(l2=1e-300).fit(history)
