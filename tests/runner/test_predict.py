"""The runner: against plain Python, whatever the batch, with the errors of a model that misbehaves."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.topk import best, rank

from harness.artifacts import RecommendationTask, Truth, Vocabulary, pair_keys, stream
from harness.errors import HarnessError
from harness.memory import bytes_of
from harness.models import EASE, ItemKNN, Popularity, PureSVD, Random
from harness.runner import Options, predict


@dataclass(frozen=True)
class Fixed:
    """Scores given in advance, a row a user of the vocabulary."""

    scores: torch.Tensor

    def score(self, batch):
        return self.scores[torch.from_numpy(batch.users)]


def run(recommender, history, users, truth, **options):
    options = {
        "user_ids": Vocabulary(np.arange(history.n_users) * 10),
        "item_ids": Vocabulary(np.array([f"i{item:04}" for item in range(history.n_items)], dtype=object)),
        "k": 3,
        **options,
    }
    how = {
        name: options.pop(name) for name in ("batch_size", "memory", "fixed_batches", "precision") if name in options
    }
    task = RecommendationTask(users=np.asarray(users, dtype=np.int64), truth=truth, history=history, **options)
    return predict(recommender, task, Options(**how), quiet=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equals_plain_python(data):
    n_users, n_items = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 12))
    item = st.integers(0, n_items - 1)
    lists = data.draw(st.lists(st.lists(item, max_size=6), min_size=n_users, max_size=n_users))
    users = data.draw(st.lists(st.integers(0, n_users - 1), unique=True))
    targets = [data.draw(st.lists(item, max_size=3)) for _ in users]
    scores = np.array(
        data.draw(st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=n_items, max_size=n_items),
                           min_size=n_users, max_size=n_users)),
        dtype=np.float32,
    )  # fmt: skip
    candidates = data.draw(st.none() | st.lists(st.booleans(), min_size=n_items, max_size=n_items).filter(any))
    exclude_seen, k = data.draw(st.booleans()), data.draw(st.integers(1, 14))
    history = history_of(lists, n_items)
    user_ids, item_ids = Vocabulary(np.arange(n_users) - 3), Vocabulary(np.arange(n_items) * 7)

    found = run(
        Fixed(torch.from_numpy(scores.copy())),
        history,
        users,
        Truth.from_lists(targets),
        user_ids=user_ids,
        item_ids=item_ids,
        candidates=None if candidates is None else np.array(candidates),
        exclude_seen=exclude_seen,
        k=k,
        seed=5,
        batch_size=data.draw(st.sampled_from([1, 2, "auto"])),
    )

    hashes = pair_keys(stream(5, "ties"), user_ids.keys[:, None], item_ids.keys)
    ranks = []
    for row, user in enumerate(users):
        masked = scores[user].copy()
        if candidates is not None:
            masked[~np.array(candidates)] = -np.inf
        if exclude_seen:
            masked[lists[user]] = -np.inf
        items, values = best(masked, hashes[user], k)
        assert found.topk.items[row].tolist() == items
        assert found.topk.scores[row].tolist() == values
        assert found.target_ranks.candidates[row] == np.isfinite(masked).sum()
        ranks += [rank(masked, target) for target in targets[row]]
    assert list(zip(found.target_ranks.above, found.target_ranks.tied, strict=True)) == ranks
    assert found.topk.users.tolist() == user_ids.ids[users].tolist()
    assert found.short_lists == sum(found.target_ranks.candidates < k)


def _many():
    rng = np.random.default_rng(0)
    history = history_of([rng.integers(0, 150, rng.integers(0, 40)).tolist() for _ in range(943)], 150)
    users = np.flatnonzero(rng.random(943) < 0.9)
    truth = Truth.from_lists([rng.integers(0, 150, rng.integers(1, 4)).tolist() for _ in users])
    return history, users, truth


MODELS = [Random(), Popularity(), ItemKNN(neighbours=10), EASE(l2=10.0), PureSVD(factors=9)]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_neither_batch_size_nor_the_order_of_users_changes_a_bit(model):
    history, users, truth = _many()
    user_ids, item_ids = Vocabulary(np.arange(943)), Vocabulary(np.arange(150))
    recommender = model.recommender(model.fit(history), users=user_ids, items=item_ids, device="cpu")
    options = {"user_ids": user_ids, "item_ids": item_ids, "k": 20}
    whole = run(recommender, history, users, truth, batch_size="auto", **options)
    for size in (1, 7, 943):
        again = run(recommender, history, users, truth, batch_size=size, **options)
        assert np.array_equal(again.topk.items, whole.topk.items)
        assert np.array_equal(again.topk.scores, whole.topk.scores)
        assert np.array_equal(again.target_ranks.above, whole.target_ranks.above)
        assert np.array_equal(again.target_ranks.tied, whole.target_ranks.tied)
    order = np.random.default_rng(1).permutation(len(users))
    rows = [truth.items[truth.indptr[row] : truth.indptr[row + 1]].tolist() for row in order]
    shuffled = run(recommender, history, users[order], Truth.from_lists(rows), batch_size=64, **options)
    assert np.array_equal(shuffled.topk.items, whole.topk.items[order])


def test_renaming_users_and_items_moves_ties_only():
    history, users, truth = _many()
    distinct = torch.from_numpy(np.random.default_rng(2).permuted(np.tile(np.arange(150.0), (943, 1)), axis=1))
    plain = run(Fixed(distinct), history, users, truth)
    renamed = run(Fixed(distinct), history, users, truth, user_ids=Vocabulary(np.arange(943) + 10**6), seed=9)
    assert np.array_equal(plain.topk.items, renamed.topk.items)


def test_a_constant_scorer_hits_as_often_as_chance():
    # Every user has one relevant item out of 40 candidates, chosen by the hash that shares the seed.
    n_users, n_items, k = 4000, 40, 10
    user_ids, item_ids = Vocabulary(np.arange(n_users)), Vocabulary(np.arange(n_items))
    for chooser in (np.argmax, np.argmin):
        targets = chooser(pair_keys(0, user_ids.keys[:, None], item_ids.keys), axis=1)
        found = run(
            Fixed(torch.zeros(n_users, n_items)),
            history_of([[]] * n_users, n_items),
            np.arange(n_users),
            Truth.from_lists(targets[:, None].tolist()),
            user_ids=user_ids,
            item_ids=item_ids,
            k=k,
            seed=0,
        )
        share = k / n_items
        hits = (found.topk.items == targets[:, None]).any(axis=1).mean()
        assert abs(hits - share) < 6 * np.sqrt(share * (1 - share) / n_users)
        assert (found.target_ranks.tied == n_items - 1).all()


def test_a_relevant_item_that_was_seen_is_not_a_candidate():
    history = history_of([[1]], 3)
    scores = Fixed(torch.tensor([[1.0, 3.0, 2.0]]))
    found = run(scores, history, [0], Truth.from_lists([[1, 0]]))
    assert found.target_ranks.above.tolist() == [-1, 1]
    assert found.target_ranks.tied.tolist() == [-1, 0]
    assert found.topk.items.tolist() == [[2, 0, -1]]
    assert found.short_lists == 1
    kept = run(scores, history, [0], Truth.from_lists([[1, 0]]), exclude_seen=False)
    assert kept.topk.items.tolist() == [[1, 2, 0]]


def test_the_models_own_scores_are_left_alone():
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    run(Fixed(scores), history_of([[1]], 3), [0], Truth.from_lists([[0]]))
    assert scores.tolist() == [[1.0, 3.0, 2.0]]


def test_nobody_to_score():
    found = run(Fixed(torch.zeros(2, 3)), history_of([[], []], 3), [], Truth.from_lists([]))
    assert found.topk.items.shape == (0, 3)
    assert found.users_per_second == 0
    assert found.short_lists == 0


def test_throughput_is_stated():
    found = run(Fixed(torch.zeros(2, 3)), history_of([[], []], 3), [0, 1], Truth.from_lists([[0], [1]]))
    assert found.seconds > 0
    assert found.users_per_second == 2 / found.seconds
    assert found.device == "cpu"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(dtype):
    found = run(Fixed(torch.tensor([[0.5, 0.25]], dtype=dtype)), history_of([[]], 2), [0], Truth.from_lists([[0]]))
    assert found.topk.scores.dtype == np.float32
    assert found.topk.items.tolist() == [[0, 1, -1]]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_no_numbers_are_named_by_own_ids(bad):
    scores = torch.zeros(4, 3)
    scores[2, 1] = bad
    history = history_of([[], [], [1], []], 3)  # seen items too: the model is broken all the same
    with pytest.raises(HarnessError, match=rf"user '20' the score {bad} for item 'i0001'"):
        run(Fixed(scores), history, [0, 2], Truth.from_lists([[0], [0]]))


@pytest.mark.parametrize("scores", [torch.zeros(1, 4), torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, 3, 1)])
def test_scores_of_another_shape_or_type_are_errors(scores):
    with pytest.raises(HarnessError, match=r"torch.float32 \(1, 3\), users by items, is needed"):
        run(Fixed(scores), history_of([[]], 3), [0], Truth.from_lists([[0]]))


class Greedy:
    def __init__(self, error):
        self.error = error

    def score(self, batch):
        raise self.error


def test_a_batch_that_does_not_fit_says_what_to_do():
    for error in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 bytes")):
        with pytest.raises(HarnessError, match="scores of one user for 3 items do not fit into the memory of cpu"):
            run(Greedy(error), history_of([[]], 3), [0], Truth.from_lists([[0]]), batch_size=8)
    with pytest.raises(RuntimeError, match="our own mistake"):
        run(Greedy(RuntimeError("our own mistake")), history_of([[]], 3), [0], Truth.from_lists([[0]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": 10**15}, "smaller runner.k"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": "large"}, "batch_size is large"),
        ({"candidates": np.zeros(3, dtype=bool)}, "no item may be recommended"),
        ({"candidates": np.ones(4, dtype=bool)}, r"candidates has shape \(4,\)"),
        ({"user_ids": Vocabulary(np.arange(5))}, "the vocabularies 5 and 3"),
        ({"users": [2]}, "users holds 2 to 2"),
        ({"users": [-1]}, "users holds -1"),
        ({"truth": Truth.from_lists([[3]])}, "truth.items holds 3"),
        ({"truth": Truth.from_lists([[1], [2]])}, "2 rows for 1 users"),
    ],
)
def test_requests_that_make_no_sense(options, message):
    arguments = {"users": [0], "truth": Truth.from_lists([[0]]), **options}
    with pytest.raises(HarnessError, match=message):
        run(Fixed(torch.zeros(2, 3)), history_of([[], []], 3), **arguments)


@dataclass(frozen=True)
class TwoTowers:
    """Vectors given in advance."""

    users: torch.Tensor
    items: torch.Tensor

    def user_vectors(self, batch):
        return self.users[torch.from_numpy(batch.users)]

    def item_vectors(self):
        return self.items


def test_vectors_are_multiplied_by_the_engine():
    towers = TwoTowers(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 0.0], [2.0, 1.0], [0.0, 4.0]]))
    found = run(towers, history_of([[0], []], 3), [1, 0], Truth.from_lists([[0], [1, 0]]), k=2)
    assert found.topk.items.tolist() == [[2, 1], [1, 2]]
    assert found.target_ranks.above.tolist() == [2, 0, -1]
    assert found.target_ranks.candidates.tolist() == [3, 2]


@pytest.mark.parametrize(
    ("users", "items", "told"),
    [
        (torch.zeros(1, 2), torch.zeros(3, 4), "users 2 dimensions and items 4"),
        (torch.zeros(1, 2), torch.zeros(2, 2), r"item vectors of shape \(2, 2\); torch.float32 \(3, dimension\)"),
        (torch.zeros(1, 2, dtype=torch.int64), torch.zeros(3, 2), "torch.int64 user vectors"),
        (torch.tensor([[torch.nan, 0]]), torch.ones(3, 2), "user '0' the score nan for item 'i0000'"),
        (torch.tensor([[3e38, 3e38]]), torch.tensor([[0.0, 0], [1, 1], [0, 0]]), "score inf for item 'i0001'"),
    ],
)
def test_vectors_that_cannot_be_used(users, items, told):
    with pytest.raises(HarnessError, match=told):
        run(TwoTowers(users, items), history_of([[]], 3), [0], Truth.from_lists([[0]]))


def test_precision_is_of_vectors_alone():
    users, items = torch.tensor([[1.0]]), torch.tensor([[1.0], [1.001], [0.5]])
    arguments = (history_of([[]], 3), [0], Truth.from_lists([[0]]))
    assert run(TwoTowers(users, items), *arguments).target_ranks.above.tolist() == [1]
    # In bfloat16 both are 1.
    low = run(TwoTowers(users, items), *arguments, precision="bfloat16")
    assert (low.target_ranks.above.tolist(), low.target_ranks.tied.tolist()) == ([0], [1])
    with pytest.raises(HarnessError, match="tf32 is a format of GPUs"):
        run(TwoTowers(users, items), *arguments, precision="tf32")
    with pytest.raises(HarnessError, match="bfloat16 applies to products of vectors"):
        run(Fixed(torch.zeros(1, 3)), *arguments, precision="bfloat16")


class Shaped:
    """Remembers the shapes that it was asked for."""

    def __init__(self):
        self.sizes = []

    def score(self, batch):
        self.sizes.append(len(batch.users))
        return torch.from_numpy(batch.users[:, None] + np.zeros(3)).float()


def test_batches_of_one_shape():
    arguments = (history_of([[]] * 7, 3), np.arange(7), Truth.from_lists([[0]] * 7))
    fixed, free = Shaped(), Shaped()
    found = run(fixed, *arguments, batch_size=3, fixed_batches=True)
    wanted = run(free, *arguments, batch_size=3)
    assert (fixed.sizes, free.sizes) == ([3, 3, 3], [3, 3, 1])
    assert (found.topk.scores == wanted.topk.scores).all()


class Hungry:
    """Has memory for two users at once."""

    def __init__(self):
        self.sizes = []

    def score(self, batch):
        self.sizes.append(len(batch.users))
        if len(batch.users) > 2:
            raise torch.OutOfMemoryError("injected")
        return torch.from_numpy(batch.users[:, None] + np.zeros(3)).float()


def test_memory_that_runs_out_halves_the_batch(caplog):
    model = Hungry()
    found = run(model, history_of([[]] * 7, 3), np.arange(7), Truth.from_lists([[0]] * 7), batch_size=7)
    assert found.topk.scores[:, 0].tolist() == list(range(7))
    assert model.sizes == [7, 4, 2, 2, 2, 1]
    assert "continuing with 2 users per batch" in caplog.text


def test_a_budget_that_is_too_small_says_what_would_do():
    arguments = (history_of([[]], 3), [0], Truth.from_lists([[0]]))
    with pytest.raises(
        HarnessError, match=r"needs \d+\.\d MB of memory, and runner\.memory is 1 MB\. Set runner\.memory"
    ):
        run(TwoTowers(torch.zeros(1, 2), torch.zeros(3, 2)), *arguments, memory=1_000_000)


@pytest.mark.parametrize("fixed_batches", [False, True])
@pytest.mark.parametrize("batch_size", ["auto", 1, 250])
@pytest.mark.parametrize("k", [1, 1000])
def test_the_budget_of_whole_rows_counts_the_lists_and_names_one_that_suffices(batch_size, k, fixed_batches):
    n_users, n_items = 500, 1500
    arguments = (history_of([[]] * n_users, n_items), np.arange(n_users), Truth.from_lists([[0]] * n_users))
    how = {"k": k, "batch_size": batch_size, "fixed_batches": fixed_batches}
    model = Fixed(torch.zeros(n_users, n_items))
    with pytest.raises(HarnessError, match=r"keeping .* and runner\.memory is 10 kB") as refused:
        run(model, *arguments, memory=10_000, **how)
    budget = named_budget(refused)
    assert budget >= 3 * n_users * k * 8
    for memory in (budget, int(budget * 1.001) + 1, int(budget * 1.3), 3 * budget, 50 * budget):  # or more
        assert run(model, *arguments, memory=memory, **how).topk.n_users == n_users
    if not fixed_batches:
        with pytest.raises(HarnessError, match=r"runner\.memory is"):
            run(model, *arguments, memory=int(budget * 0.4), **how)


def test_the_budget_counts_history_and_relevant_items():
    n_users, n_items = 600, 400
    towers = TwoTowers(torch.ones(n_users, 8), torch.ones(n_items, 8))
    few = (history_of([[1]] * n_users, n_items), np.arange(n_users), Truth.from_lists([[0]] * n_users))
    many = (history_of([range(200)] * n_users, n_items), np.arange(n_users), Truth.from_lists([range(200)] * n_users))
    budgets = []
    for arguments in (few, many):
        with pytest.raises(HarnessError, match=r"Set runner\.memory") as refused:
            run(towers, *arguments, memory=1_000_000)
        budgets.append(named_budget(refused))
        assert run(towers, *arguments, memory=budgets[-1]).topk.n_users == n_users
    assert budgets[1] - budgets[0] > n_users * 199 * 100


def named_budget(refused):
    enough = re.search(r"Set runner\.memory to (\d+(?:\.\d)? [kMG]B) or more", str(refused.value))
    assert enough is not None
    return bytes_of(enough[1])


def test_a_batch_whose_shape_decides_is_not_halved():
    arguments = (history_of([[]] * 7, 3), np.arange(7), Truth.from_lists([[0]] * 7))
    with pytest.raises(HarnessError, match=r"7 users at once do not fit.*Set runner\.batch_size, such as to 1"):
        run(Hungry(), *arguments, batch_size=7, fixed_batches=True)


def test_scores_that_are_no_tensor():
    class Arrays:
        def score(self, batch):
            return np.zeros((len(batch.users), 3))

    with pytest.raises(HarnessError, match=r"gave scores as ndarray; a torch\.Tensor is needed"):
        run(Arrays(), history_of([[]], 3), [0], Truth.from_lists([[0]]))
