"""The engine against sorting every score: random, tied, tiny and degenerate shapes, on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.best import Best, best

import harness.topk.device_batch as batch_path
import harness.topk.device_items as items_path
import harness.topk.vector_scores as cpu_path
from harness.artifacts import Vocabulary
from harness.topk import ItemRows, TieBreak, TopKRequest, TopKResult, best_by_vectors, best_of_scores
from harness.topk.dense_scores import best_of_scores_on_device
from harness.topk.device_items import TileShape
from harness.topk.device_scan import best_on_device
from harness.topk.vector_scores import best_on_cpu

PROPERTY = settings(deadline=None, max_examples=150)


def rows_of(lists: list[list[int]]) -> ItemRows:
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
    return ItemRows(indptr, np.array([item for row in lists for item in row], dtype=np.int32))


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Vectors of small whole numbers, whose products are exact and often tie, and every kind of mask."""
    n_users, n_items = draw(st.integers(1, 5)), draw(st.one_of(st.integers(1, 70), st.integers(1, 300)))
    dimension, seed = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([0, 1, 2, 40]))

    def lists(most: int) -> list[list[int]]:
        return [rng.integers(0, n_items, rng.integers(0, most + 1)).tolist() for _ in range(n_users)]

    return {
        "users": rng.integers(-spread, spread + 1, (n_users, dimension)).astype(np.float32),
        "items": rng.integers(-spread, spread + 1, (n_items, dimension)).astype(np.float32),
        "k": draw(st.one_of(st.integers(1, 4), st.integers(1, 100), st.just(n_items), st.just(n_items + 1))),
        "seed": seed,
        "seen": lists(8) if draw(st.booleans()) else None,
        "listed": lists(20) if draw(st.booleans()) else None,
        "allowed": rng.random(n_items) < 0.6 if draw(st.booleans()) else None,
        # A target may repeat, and may be one that the user has seen.
        "targets": lists(4),
    }


def request_of(case: dict[str, Any]) -> TopKRequest:
    user_keys = Vocabulary.of(np.arange(len(case["users"]))).keys
    item_keys = Vocabulary.of([f"i{item:04d}" for item in range(len(case["items"]))]).keys
    return TopKRequest(
        case["k"],
        TieBreak(case["seed"], user_keys, item_keys),
        seen=None if case["seen"] is None else rows_of(case["seen"]),
        lists=None if case["listed"] is None else rows_of(case["listed"]),
        allowed=case["allowed"],
        targets=rows_of(case["targets"]),
    )


def expected(case: dict[str, Any], request: TopKRequest) -> list[Best]:
    scores = case["users"].astype(np.float64) @ case["items"].astype(np.float64).T
    return [
        best(
            scores[user],
            k=case["k"],
            seed=case["seed"],
            user_key=request.ties.user_keys[user],
            item_keys=request.ties.item_keys,
            seen=[] if case["seen"] is None else case["seen"][user],
            listed=None if case["listed"] is None else case["listed"][user],
            allowed=case["allowed"],
            targets=case["targets"][user],
        )
        for user in range(len(case["users"]))
    ]


def by_user(found: TopKResult, request: TopKRequest) -> list[Best]:
    assert request.targets is not None
    bounds = request.targets.indptr
    return [
        Best(
            found.items[user].tolist(),
            found.scores[user].tolist(),
            found.above[bounds[user] : bounds[user + 1]].tolist(),
            found.tied[bounds[user] : bounds[user + 1]].tolist(),
            int(found.candidates[user]),
        )
        for user in range(request.n_users)
    ]


@PROPERTY
@given(cases())
def test_vectors_on_the_cpu(case: dict[str, Any]) -> None:
    request = request_of(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu_path, "TILE_USERS", 2)
        patch.setattr(cpu_path, "TILE_ITEMS", 64)
        found = best_on_cpu(case["users"], case["items"], request, n_jobs=2)
    assert by_user(found, request) == expected(case, request)


@PROPERTY
@given(cases())
def test_blocks_of_scores(case: dict[str, Any]) -> None:
    request = request_of(case)
    scores = case["users"] @ case["items"].T
    before = scores.copy()
    for found in (
        best_of_scores(torch.from_numpy(np.asfortranarray(scores)), request),
        best_of_scores_on_device(torch.from_numpy(scores), request),
    ):
        assert by_user(found, request) == expected(case, request)
    assert (scores == before).all()


@PROPERTY
@given(cases(), st.sampled_from([TileShape(2, 64), TileShape(3, 128), TileShape(8, 512)]))
def test_vectors_on_a_device_of_torch(case: dict[str, Any], shape: TileShape) -> None:
    request = request_of(case)
    found = best_on_device(*tensors(case), request, device="cpu", shape=shape)
    assert by_user(found, request) == expected(case, request)


def random_case(n_users: int, n_items: int, dimension: int, *, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "users": rng.standard_normal((n_users, dimension)).astype(np.float32),
        "items": rng.standard_normal((n_items, dimension)).astype(np.float32),
        "k": 20,
        "seed": 0,
        "seen": [rng.integers(0, n_items, 30).tolist() for _ in range(n_users)],
        "listed": None,
        "allowed": None,
        "targets": [rng.integers(0, n_items, 2).tolist() for _ in range(n_users)],
    }


def tensors(case: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(case["users"]), torch.from_numpy(case["items"])


def same(one: TopKResult, two: TopKResult) -> bool:
    names = [name for name in one.__dataclass_fields__ if name != "oddities"]  # of lists that a model makes itself
    pairs = ((getattr(one, name), getattr(two, name)) for name in names)
    return all(np.array_equal(first.view(np.int32), second.view(np.int32)) for first, second in pairs)


def test_neither_threads_nor_company_change_a_bit() -> None:
    case = random_case(700, 5_000, 37)
    request = request_of(case)
    whole = best_by_vectors(case["users"], case["items"], request, n_jobs=1)
    assert same(whole, best_by_vectors(case["users"], case["items"], request, n_jobs=3))
    # The same users in blocks of other people.
    some = best_by_vectors(case["users"][100:417].copy(), case["items"], request.rows(100, 417))
    assert (some.items == whole.items[100:417]).all()
    assert (some.scores == whole.scores[100:417]).all()
    alone = best_by_vectors(case["users"][123:124].copy(), case["items"], request.rows(123, 124))
    assert (alone.scores == whole.scores[123]).all()


def test_equal_vectors_tie_wherever_they_stand() -> None:
    # Every product is the same number, to the bit, so that the order among equal scores decides alone.
    rng = np.random.default_rng(1)
    case = random_case(300, 3_000, 50)
    case["items"] = np.repeat(rng.standard_normal((1, 50)).astype(np.float32), 3_000, axis=0)
    case["users"] = np.repeat(rng.standard_normal((1, 50)).astype(np.float32), 300, axis=0)
    found = best_by_vectors(case["users"], case["items"], request_of(case))
    assert len(np.unique(found.scores)) == 1
    assert set(found.above.tolist()) <= {0, -1}
    kept = found.tied[found.tied >= 0]
    assert (kept == np.repeat(found.candidates, 2)[found.tied >= 0] - 1).all()


def test_float_scores_are_those_of_the_product() -> None:
    case = random_case(40, 4_100, 64)
    request = request_of(case)
    found = best_by_vectors(case["users"], case["items"], request)
    exact = case["users"].astype(np.float64) @ case["items"].astype(np.float64).T
    rows = np.arange(40)[:, None]
    np.testing.assert_allclose(found.scores, exact[rows, found.items], rtol=1e-5, atol=1e-5)
    # What was left out is worse, but for the last bits of float32.
    masked = exact.copy()
    for user, seen in enumerate(case["seen"]):
        masked[user, seen] = -np.inf
    masked[rows, found.items] = -np.inf
    assert (masked.max(axis=1) <= found.scores[:, -1] + 1e-5).all()
    on_device = best_on_device(*tensors(case), request, device="cpu", shape=TileShape(32, 1024))
    assert (on_device.items == found.items).mean() > 0.999
    assert (on_device.above == found.above).mean() > 0.99


def test_ranks_are_counted_again_where_scores_lie_closer_than_they_can_be_foretold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = random_case(20, 2_500, 16)
    request = request_of(case)
    whole = best_by_vectors(case["users"], case["items"], request)
    for margin in (0.0, 1.0):  # none, so that scores are missed; and one that holds half of the items
        monkeypatch.setattr(cpu_path, "_ROUNDINGS", margin)
        assert same(whole, best_by_vectors(case["users"], case["items"], request))


def test_memory_that_runs_out_halves_the_tiles(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    case = random_case(10, 9_000, 8)
    request = request_of(case)
    wanted = best_on_device(*tensors(case), request, device="cpu", shape=TileShape(4, 2048))
    calls, real = [], items_path.product

    def failing(users: torch.Tensor, items: torch.Tensor, **options: Any) -> None:
        calls.append(len(items))
        if len(items) > 2048:
            raise torch.OutOfMemoryError("injected")
        real(users, items, **options)

    for module in (items_path, batch_path):
        monkeypatch.setattr(module, "product", failing)
    done: list[int] = []
    found = best_on_device(*tensors(case), request, device="cpu", shape=TileShape(4, 8192), advance=done.append)
    assert set(calls) == {8192, 4096, 2048}
    assert "continuing with" in caplog.text
    assert (found.items == wanted.items).all()
    assert sum(done) == 10


def test_memory_that_runs_out_in_the_middle_keeps_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    case = random_case(12, 3_000, 8)
    request = request_of(case)
    wanted = best_on_device(*tensors(case), request, device="cpu", shape=TileShape(32, 1024))
    calls, real = [], items_path.product

    def failing(users: torch.Tensor, items: torch.Tensor, **options: Any) -> None:
        calls.append(len(users))
        if len(calls) == 9:
            raise torch.OutOfMemoryError("injected")
        real(users, items, **options)

    for module in (items_path, batch_path):
        monkeypatch.setattr(module, "product", failing)
    done: list[int] = []
    found = best_on_device(*tensors(case), request, device="cpu", shape=TileShape(4, 2048), advance=done.append)
    assert (found.items == wanted.items).all()
    assert (found.above == wanted.above).all()
    assert sum(done) == 12


def test_no_memory_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("injected")

    for module in (items_path, batch_path):
        monkeypatch.setattr(module, "product", failing)
    case = random_case(3, 100, 8)
    with pytest.raises(Exception, match="not even one user and 1,024 items fit into the memory of cpu"):
        best_on_device(*tensors(case), request_of(case), device="cpu")
