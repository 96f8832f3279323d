"""ItemKNN: by hand, and against plain Python."""

import math

import numpy as np
from baseline_scores import large_history, scores_of
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import histories

from harness.artifacts import pair_keys
from harness.models import ItemKNN


def plain_item_knn(history, neighbours, shrink):
    lists = [set(history.items[a:b].tolist()) for a, b in zip(history.indptr, history.indptr[1:], strict=False)]
    counts = [sum(i in row for row in lists) for i in range(history.n_items)]
    nearest = []
    for i in range(history.n_items):
        others = []
        for j in range(history.n_items):
            common = sum(i in row and j in row for row in lists)
            if j != i and common:
                similarity = np.float32(common / (math.sqrt(counts[i]) * math.sqrt(counts[j]) + shrink))
                key = int(pair_keys(0, np.array([i], dtype=np.uint64), np.array([j], dtype=np.uint64))[0])
                others.append((-float(similarity), key, j))
        nearest.append({j: -negative for negative, _, j in sorted(others)[:neighbours]})
    return [[sum(nearest[i].get(j, 0.0) for i in row) for j in range(history.n_items)] for row in lists]


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 5), st.sampled_from([0.0, 0.5, 10.0]))
def test_item_knn_equals_plain_python(history, neighbours, shrink):
    expected = plain_item_knn(history, neighbours, shrink)
    scores = scores_of(ItemKNN(neighbours=neighbours, shrink=shrink), history)
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=0)


def test_item_knn_by_hand():
    history = history_of([[0, 1], [0, 1], [0, 2], [1]], 3)
    # c(0) = 3, c(1) = 3, c(2) = 1; together: 0 and 1 twice, 0 and 2 once.
    near, far = 2 / 3, 1 / math.sqrt(3)
    scores = scores_of(ItemKNN(neighbours=5), history)
    np.testing.assert_allclose(scores[3], [near, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(scores[0], [near, near, far], rtol=1e-6)
    only_one = scores_of(ItemKNN(neighbours=1), history)  # 0 keeps 1; 1 keeps 0; 2 keeps 0
    np.testing.assert_allclose(only_one[2], [far, near, 0], rtol=1e-6)


def test_item_knn_blocks_change_nothing(monkeypatch):
    history = large_history(1)
    whole = ItemKNN(neighbours=10).fit(history)
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_CELLS", 700)
    blocked = ItemKNN(neighbours=10).fit(history)
    assert all(np.array_equal(whole[name], blocked[name]) for name in whole)


def test_item_knn_keeps_no_more_neighbours_than_asked():
    tensors = ItemKNN(neighbours=10).fit(large_history(2))
    assert (np.diff(tensors["indptr"]) == 10).all()
    rows = np.repeat(np.arange(160), 10)
    assert (tensors["neighbours"] != rows).all()


def test_item_knn_ties_prefer_no_end_of_the_catalogue():
    # Every item once with every other: all similarities are alike.
    tensors = ItemKNN(neighbours=20).fit(history_of([list(range(200))], 200))
    assert abs(tensors["neighbours"].mean() - 99.5) < 6 * 200 / math.sqrt(12 * 4000)
