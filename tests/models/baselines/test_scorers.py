"""What holds for every baseline: batches, histories, parameters and damaged checkpoints."""

import math

import numpy as np
import pytest
from baseline_scores import large_history, scores_of
from histories import history_of

from harness.artifacts import UserBatch, Vocabulary
from harness.errors import CheckpointError
from harness.models import EASE, ItemKNN, Popularity, Random

MODELS = [Random(seed=3), Popularity(), ItemKNN(neighbours=3), ItemKNN(neighbours=2, shrink=1.5), EASE(l2=2.0)]


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
def test_scores_are_finite_without_any_interaction(model):
    scores = scores_of(model, history_of([[], []], 3))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_inputs_are_not_changed(model):
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


def test_integers_are_accepted_as_floats():
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
