"""The reference models: by hand, against plain computations, and whatever the batch."""

import math

import numpy as np
import pytest
import torch
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import History, UserBatch, Vocabulary, pair_keys, stream
from harness.errors import CheckpointError, HarnessError
from harness.models import EASE, ItemKNN, Popularity, Random

MODELS = [Random(seed=3), Popularity(), ItemKNN(neighbours=3), ItemKNN(neighbours=2, shrink=1.5), EASE(l2=2.0)]


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


histories = st.integers(1, 9).flatmap(
    lambda n_items: st.lists(st.lists(st.integers(0, n_items - 1), max_size=8), min_size=1, max_size=8).map(
        lambda lists: history_of(lists, n_items)
    )
)


def large_history(seed=0, n_users=400, n_items=160):
    rng = np.random.default_rng(seed)
    return history_of([rng.integers(0, n_items, rng.integers(0, 60)).tolist() for _ in range(n_users)], n_items)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_scores_do_not_depend_on_the_batch(model):
    history = large_history()
    ids = Vocabulary(np.arange(400)), Vocabulary(np.arange(160))
    recommender = model.recommender(model.fit(history), users=ids[0], items=ids[1], device="cpu")

    def scores(users):
        return recommender.score(UserBatch(users, history)).numpy()

    whole = scores(np.arange(400))
    for size in (1, 7, 64):
        parts = [scores(np.arange(first, min(first + size, 400))) for first in range(0, 400, size)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(scores(np.arange(400)[::-1].copy())[::-1], whole)


@pytest.mark.parametrize("model", MODELS[1:], ids=repr)
def test_order_and_repeats_in_a_history_change_nothing(model):
    lists = [[3, 0, 2], [1, 2], [], [4, 0, 1, 2]]
    shuffled = [[0, 2, 3, 2, 2], [2, 1, 2], [], [4, 4, 1, 0, 2]]
    expected = scores_of(model, history_of(lists, 6))
    assert np.array_equal(scores_of(model, history_of(shuffled, 6)), expected)


@pytest.mark.parametrize("model", MODELS[2:], ids=repr)
def test_a_user_without_history_scores_nothing(model):
    scores = scores_of(model, history_of([[0, 1], [1, 2], []], 4))
    assert (scores[2] == 0).all()
    assert (scores[:, 3] == 0).all()


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_nothing_at_all_was_seen(model):
    scores = scores_of(model, history_of([[], []], 3))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_inputs_stay_as_they_were(model):
    history = history_of([[2, 0, 2], [1]], 3)
    before = history.indptr.copy(), history.items.copy()
    tensors = {name: tensor.copy() for name, tensor in model.fit(history).items()}
    read_only = {name: tensor.copy() for name, tensor in tensors.items()}
    for tensor in read_only.values():
        tensor.flags.writeable = False
    ids = Vocabulary(np.arange(2)), Vocabulary(np.arange(3))
    model.recommender(read_only, users=ids[0], items=ids[1], device="cpu").score(UserBatch(np.arange(2), history))
    assert np.array_equal(before[0], history.indptr)
    assert np.array_equal(before[1], history.items)
    assert all(np.array_equal(tensors[name], read_only[name]) for name in tensors)


# --- random ---------------------------------------------------------------------------------------


def test_random_scores_are_the_top_bits_of_the_hash():
    users, items = Vocabulary.of(["ann", "bob"]), Vocabulary.of([10, 20, -30])
    scores = scores_of(Random(seed=-4), history_of([[], []], 3), user_ids=users, item_ids=items)
    hashes = pair_keys(stream(-4, "random scores"), users.keys[:, None], items.keys)
    assert np.array_equal(scores, (hashes >> np.uint64(40)).astype(np.float64) / 2**24)


def test_random_scores_are_uniform():
    scores = scores_of(Random(), history_of([[]] * 300, 400)).astype(np.float64)
    assert scores.min() >= 0
    assert scores.max() < 1
    # Six standard errors of a mean and of a share of 120,000 uniform numbers.
    assert abs(scores.mean() - 0.5) < 6 * math.sqrt(1 / 12 / scores.size)
    assert abs((scores < 0.1).mean() - 0.1) < 6 * math.sqrt(0.09 / scores.size)
    assert abs(np.corrcoef(scores[:-1].ravel(), scores[1:].ravel())[0, 1]) < 6 / math.sqrt(scores.size)


def test_random_scores_know_nothing_of_other_orders_of_the_same_seed():
    ids = Vocabulary(np.arange(300))
    scores = scores_of(Random(seed=0), history_of([[]] * 300, 300), user_ids=ids, item_ids=ids).astype(np.float64)
    for seed in (0, stream(0, "ties")):
        other = pair_keys(seed, ids.keys[:, None], ids.keys).astype(np.float64)
        assert abs(np.corrcoef(scores.ravel(), other.ravel())[0, 1]) < 6 / math.sqrt(scores.size)


def test_random_follows_own_ids_not_places():
    few, many = Vocabulary(np.array([5, 9])), Vocabulary(np.array([1, 5, 7, 9]))
    small = scores_of(Random(), history_of([[], []], 2), user_ids=few, item_ids=few)
    large = scores_of(Random(), history_of([[]] * 4, 4), user_ids=many, item_ids=many)
    assert np.array_equal(large[np.ix_([1, 3], [1, 3])], small)


# --- popularity -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(histories)
def test_popularity_counts_users(history):
    lists = [history.items[a:b].tolist() for a, b in zip(history.indptr, history.indptr[1:], strict=False)]
    expected = [sum(item in row for row in lists) for item in range(history.n_items)]
    assert (scores_of(Popularity(), history) == np.array(expected)).all()


def test_popularity_by_hand():
    assert scores_of(Popularity(), history_of([[0, 0, 1], [1], []], 3)).tolist() == [[1, 2, 0]] * 3


# --- item_knn -------------------------------------------------------------------------------------


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


# --- ease -----------------------------------------------------------------------------------------


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


def test_ease_says_what_a_large_catalogue_needs():
    huge = History(np.zeros(2, dtype=np.int64), np.empty(0, dtype=np.int32), 30_000_000)
    with pytest.raises(HarnessError, match=r"30,000,000 items needs [\d.]+ TB of memory, and .*item_knn"):
        EASE().fit(huge)


def test_ease_says_that_l2_is_too_small():
    history = history_of([list(range(6))] * 3, 6)
    with pytest.raises(HarnessError, match=r"larger model\.params\.l2"):
        EASE(l2=1e-300).fit(history)


# --- parameters and damaged tensors ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ItemKNN(neighbours=0), "neighbours is 0"),
        (lambda: ItemKNN(shrink=-1.0), "shrink is -1.0"),
        (lambda: ItemKNN(shrink=math.nan), "shrink is nan"),
        (lambda: EASE(l2=0.0), "l2 is 0.0"),
        (lambda: EASE(l2=-5.0), "l2 is -5.0"),
        (lambda: EASE(l2=math.inf), "l2 is inf"),
        (lambda: EASE(l2=True), "l2"),
        (lambda: EASE(l2="100"), "l2"),
        (lambda: Random(seed=1.5), "seed"),
        (lambda: Random(seed=True), "seed"),
        (lambda: Popularity(k=3), "k"),
        (lambda: EASE(lambda_=3), "lambda_"),
    ],
)
def test_bad_parameters(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_whole_numbers_do_for_floats():
    assert EASE(l2=100) == EASE(l2=100.0)


def _damaged():
    weights = np.zeros((3, 3), dtype=np.float32)
    knn = ItemKNN().fit(history_of([[0, 1], [1, 2]], 3))
    return [
        (EASE(), {}),
        (EASE(), {"weights": weights, "more": weights}),
        (EASE(), {"weights": weights[:2]}),
        (EASE(), {"weights": weights.astype(np.float64)}),
        (EASE(), {"weights": weights.ravel()}),
        (EASE(), {"weights": np.full((3, 3), np.nan, dtype=np.float32)}),
        (EASE(), {"weights": np.full((3, 3), np.inf, dtype=np.float32)}),
        (Popularity(), {"users": np.zeros(2, dtype=np.int64)}),
        (Popularity(), {"users": np.zeros(3, dtype=np.float32)}),
        (Random(), {"users": np.zeros(3, dtype=np.int64)}),
        (ItemKNN(), {**knn, "neighbours": knn["neighbours"] + 3}),
        (ItemKNN(), {**knn, "neighbours": knn["neighbours"] - 9}),
        (ItemKNN(), {**knn, "neighbours": knn["neighbours"][:-1]}),
        (ItemKNN(), {**knn, "indptr": knn["indptr"] + 1}),
        (ItemKNN(), {**knn, "indptr": np.array([0, 4, 1, 4])}),
        (ItemKNN(), {**knn, "similarities": knn["similarities"] * np.float32(np.nan)}),
    ]


@pytest.mark.parametrize(("model", "tensors"), _damaged())
def test_damaged_tensors_are_refused(model, tensors):
    ids = Vocabulary(np.arange(3))
    with pytest.raises(CheckpointError, match="fit again"):
        model.recommender(tensors, users=ids, items=ids, device="cpu")
