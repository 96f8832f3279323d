"""``harness.top_k``: by hand, and what it says of arguments that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import harness
from harness.errors import HarnessError

USERS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
ITEMS = np.array([[3.0, 0.0], [2.0, 1.0], [0.0, 4.0], [-1.0, -1.0]])


def test_by_hand() -> None:
    exclude = sp.csr_array(([1, 0], ([0, 1], [0, 2])), shape=(3, 4))  # a stored zero counts too
    topk = harness.top_k(USERS, ITEMS, k=2, exclude=exclude, users=["ann", "bob", "cy"])
    assert topk.items[0].tolist() == [1, 2]
    assert topk.items[1].tolist() == [1, 0]
    assert topk.items[2].tolist()[0] == 2
    assert topk.scores is not None
    assert topk.scores[0].tolist() == [2.0, 0.0]
    assert topk.users is not None
    assert topk.users.tolist() == ["ann", "bob", "cy"]


def damaged() -> sp.csr_array:
    """A matrix whose second row has a column that is not there."""
    rows = sp.csr_array(np.eye(3, 4))
    rows.indices[1] = 4
    return rows


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_array, sp.coo_array, sp.csr_matrix])
def test_every_kind_of_sparse(kind: type) -> None:
    topk = harness.top_k(USERS, ITEMS, k=4, exclude=kind(np.eye(3, 4)))
    assert topk.items[:, -1].tolist() == [-1, -1, -1]
    assert all(user not in topk.items[user] for user in range(3))


@pytest.mark.parametrize(
    "give", [torch.from_numpy, lambda array: array.astype(np.float16), np.asfortranarray, np.ndarray.tolist]
)
def test_every_kind_of_vectors(give: object) -> None:
    topk = harness.top_k(give(USERS), give(ITEMS), k=9)  # type: ignore[operator]
    assert topk.items.shape == (3, 9)
    assert topk.items[0, :4].tolist() == [0, 1, 2, 3]
    assert (topk.items[:, 4:] == -1).all()


def test_equal_scores_go_by_the_seed_and_own_ids_and_not_by_place() -> None:
    ones = np.ones((50, 1))
    items = [f"i{place}" for place in range(30)]
    first = harness.top_k(ones, np.ones((30, 1)), k=5, items=items)
    assert len(np.unique(first.items)) > 20
    assert (harness.top_k(ones, np.ones((30, 1)), k=5, items=items, seed=1).items != first.items).any()
    order = np.random.default_rng(0).permutation(30)
    moved = harness.top_k(ones, np.ones((30, 1)), k=5, items=[items[place] for place in order])
    assert (order[moved.items] == first.items).all()


def test_a_constant_scorer_hits_by_chance() -> None:
    n_users, n_items, k = 4_000, 50, 10
    lists = harness.top_k(np.ones((n_users, 4)), np.ones((n_items, 4)), k=k)
    truth = harness.Truth.from_lists([[user % n_items] for user in range(n_users)])
    table = harness.evaluate(lists, truth, metrics=["hit_rate"], cutoffs=[k])
    chance = k / n_items
    assert abs(table["hit_rate@10"].value - chance) < 4 * np.sqrt(chance * (1 - chance) / n_users)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user_vectors": USERS[:, :1]}, "user_vectors has 1 dimensions and item_vectors 2"),
        ({"user_vectors": USERS[0]}, r"user_vectors is float64 of shape \(2,\)"),
        ({"item_vectors": np.array([["a", "b"]])}, "numbers of shape"),
        ({"item_vectors": ITEMS[:0]}, r"item_vectors has shape \(0, 2\)"),
        ({"k": 0}, "k is 0"),
        ({"k": True}, "k is True"),
        ({"k": 2.0}, "k is 2.0; a whole number of 1 or more"),
        ({"users": 5}, "users is a int; a sequence of 3 ids"),
        ({"users": {"a", "b", "c"}}, "users is a set; a sequence of 3 ids"),
        ({"users": {"a": 1, "b": 2, "c": 3}}, "users is a dict; a sequence of 3 ids"),
        ({"users": ["a", "b", "\ud800"]}, "is not text: it contains half of a surrogate pair"),
        ({"user_vectors": USERS.astype("timedelta64[s]")}, r"user_vectors is timedelta64\[s\] of shape \(3, 2\)"),
        ({"user_vectors": sp.csr_array(USERS)}, "user_vectors is sparse; give a dense array"),
        ({"users": [1, 2, 2**64]}, "the user 18446744073709551616 does not fit into 64 bits"),
        ({"items": [1, 2, 3, -(2**70)]}, "does not fit into 64 bits. Use text ids"),
        ({"users": ["t", "u", "t"]}, "users holds 't' more than once"),
        ({"k": 10**20}, "are available. Use a smaller k"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"user_vectors": [[1.0], [1.0, 2.0]]}, "its rows differ in length"),
        ({"exclude": np.eye(3, 4)}, "exclude is a ndarray; a scipy.sparse array"),
        ({"exclude": sp.csr_array((4, 3))}, r"exclude has shape \(4, 3\); \(3, 4\)"),
        ({"exclude": damaged()}, "exclude is not a valid sparse matrix: .*Build it again"),
        ({"user_vectors": np.ma.masked_array(USERS, mask=USERS > 0)}, "user_vectors is a masked array"),
        ({"seed": None}, "seed is None; a whole number"),
        ({"users": ["ann"]}, "users has 1 ids for 3 vectors"),
        ({"items": list("abcde")}, "items has 5 ids for 4 vectors"),
        ({"device": "cuda:99"}, "device 'cuda:99'"),
        ({"device": "gpu"}, "unknown device 'gpu'"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, object], message: str) -> None:
    arguments = {"user_vectors": USERS, "item_vectors": ITEMS, "k": 2} | change
    with pytest.raises(HarnessError, match=message):
        harness.top_k(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 0), np.nan, "the vector of user 'bob' holds nan"),
        ((2, 1), np.inf, "the vector of user 'cy' holds inf"),
        ((0, 0), 1e39, "the vector of user 'ann' holds inf"),
        ((0, 0), 2e38, "user 'ann' and item 'a' is inf"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_scores_that_are_no_numbers_are_named(place: tuple[int, int], value: float, message: str) -> None:
    users = USERS.copy()
    users[place] = value
    with pytest.raises(HarnessError, match=message):
        harness.top_k(users, ITEMS, k=2, users=["ann", "bob", "cy"], items=list("abcd"))


def test_an_item_that_is_not_a_number_is_named() -> None:
    items = ITEMS.copy()
    items[3, 1] = -np.inf
    with pytest.raises(HarnessError, match="the vector of item 3 holds -inf"):
        harness.top_k(USERS, items, k=2)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (
            torch.ones(3, 2, dtype=torch.complex64),
            "strided tensor of torch.complex64; it must be dense",
        ),
        (torch.ones(3, 2, dtype=torch.bool), "strided tensor of torch.bool"),
        (torch.ones(3, 2).to_sparse(), "sparse_coo tensor of torch.float32"),
        (torch.ones(3, 2, device="meta"), "meta tensor of torch.float32"),
    ],
)
def test_tensors_without_real_numbers_are_refused(tensor: torch.Tensor, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        harness.top_k(tensor, ITEMS, k=1)


def test_no_users_have_no_lists() -> None:
    topk = harness.top_k(np.empty((0, 2)), ITEMS, k=6, users=[])
    assert topk.items.shape == (0, 6)
    assert topk.scores is not None
    assert topk.scores.shape == (0, 6)


def test_threads_as_numpy_counts_them_and_more_than_there_is_work_for() -> None:
    for n_jobs in (np.int64(2), -2, 10**6):
        topk = harness.top_k(USERS, ITEMS, k=9, n_jobs=n_jobs)
        assert topk.items[0].tolist()[:4] == [0, 1, 2, 3]
        assert (topk.items[:, 4:] == -1).all()


def test_views_of_torch_that_are_negated() -> None:
    users = torch.tensor([[1 + 2j, 3 + 4j]]).conj().imag
    assert harness.top_k(users, ITEMS, k=1).items.tolist() == [[3]]


def test_large_numbers_that_stay_finite_are_fine() -> None:
    assert harness.top_k(USERS * 1e37, ITEMS, k=1).items[:, 0].tolist() == [0, 2, 2]


def test_parameters_and_half_precision_of_torch() -> None:
    users = torch.nn.Parameter(torch.from_numpy(USERS).float())
    items = torch.from_numpy(ITEMS).to(torch.bfloat16)
    assert (harness.top_k(users, items, k=2).items == harness.top_k(USERS, ITEMS, k=2).items).all()


def test_torch_keeps_its_threads() -> None:
    before = torch.get_num_threads()
    harness.top_k(USERS, ITEMS, k=1)
    assert torch.get_num_threads() == before
