"""Shards are whole or absent, belong to one run, and are hashed once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from harness.artifacts import History, RecommendationTask, Truth, Vocabulary
from harness.runner import Options, Shards, compute_topk, predict
from harness.runner import shard_files as shards_module

N_ITEMS = 30


class Hashed:
    """Scores from a hash of user and item: no user's depend on another's."""

    def score(self, batch):
        import torch

        users = torch.from_numpy(batch.users)[:, None]
        return ((users * 7919 + torch.arange(N_ITEMS) * 104_729) % 1009).float()


def task_of(n_users: int = 25, *, k: int = 5) -> RecommendationTask:
    rng = np.random.default_rng(0)
    rows = [rng.choice(N_ITEMS, rng.integers(0, 9), replace=False) for _ in range(n_users)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return RecommendationTask(
        users=np.arange(n_users),
        truth=Truth.from_lists([rng.integers(0, N_ITEMS, rng.integers(1, 4)).tolist() for _ in range(n_users)]),
        history=History(indptr, np.concatenate(rows).astype(np.int32), N_ITEMS),
        user_ids=Vocabulary(np.arange(n_users)),
        item_ids=Vocabulary(np.arange(N_ITEMS)),
        k=k,
    )


@pytest.fixture
def shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shards:
    monkeypatch.setattr(shards_module, "USER_BLOCK", 8)
    made = Shards(tmp_path, "a" * 64, task_of())
    for index in made.missing:
        made.write(index, compute_topk(Hashed(), made.part(index), Options()))
    return made


def test_shards_together_are_the_whole(shards: Shards) -> None:
    assert shards.bounds == [(0, 8), (8, 16), (16, 24), (24, 25)]
    assert shards.missing == []
    whole = predict(Hashed(), shards.task, quiet=True)
    for name, wanted in (
        ("items", whole.topk.items),
        ("scores", whole.topk.scores),
        ("above", whole.target_ranks.above),
        ("tied", whole.target_ranks.tied),
        ("candidates", whole.target_ranks.candidates),
    ):
        assert np.array_equal(np.concatenate([getattr(found, name) for found in shards]), wanted)


def test_a_shard_of_another_run_is_missing(shards: Shards) -> None:
    assert Shards(shards.folder, "b" * 64, shards.task).missing == [0, 1, 2, 3]
    assert Shards(shards.folder, shards.key, task_of(k=6)).missing == [0, 1, 2, 3]
    shards._path(2).rename(shards._path(0))
    assert shards.missing == [0, 2]
    with pytest.raises(FileNotFoundError, match=r"shard-0000002\.safetensors is missing or damaged"):
        shards.read(2)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_damaged_shard_is_missing(shards: Shards, share: float) -> None:
    content = shards._path(1).read_bytes()
    shards._path(1).write_bytes(content[: int(len(content) * share)])
    assert shards.missing == [1]


def test_what_is_left_half_written_is_removed(shards: Shards) -> None:
    (shards.folder / ".abc.part.safetensors").touch()
    (shards.folder / ".def.part.json").touch()
    shards.clear(finished=False)
    assert shards.missing == []
    assert not list(shards.folder.glob(".*"))
    shards.clear(finished=True)
    assert shards.missing == [0, 1, 2, 3]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the numbers of the shards that are hashed."""
    numbers: list[int] = []
    real = Shards._metadata

    def metadata(self: Shards, index: int, arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
        numbers.append(index)
        return real(self, index, arrays)

    monkeypatch.setattr(Shards, "_metadata", metadata)
    return numbers


@pytest.mark.parametrize("kept_bytes", [0, 300, 1 << 25])
def test_a_shard_is_hashed_once(
    shards: Shards, hashed: list[int], kept_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards_module, "_KEPT_BYTES", kept_bytes)
    opened = Shards(shards.folder, shards.key, shards.task)
    for _ in range(3):
        assert opened.missing == []
        for one, other in zip(opened, shards, strict=True):
            assert np.array_equal(one.items, other.items)
            assert np.array_equal(one.tied, other.tied)
    assert hashed == [0, 1, 2, 3]
    assert sum(map(shards_module._size, opened._kept.values())) <= kept_bytes


def test_a_file_that_changed_is_hashed_again(shards: Shards, hashed: list[int]) -> None:
    content = shards._path(1).read_bytes()
    shards._path(1).unlink()
    assert shards.missing == [1]
    shards._path(1).write_bytes(content)
    assert shards.missing == []
    assert hashed == [1]


def test_names_for_messages(shards: Shards) -> None:
    assert shards.name(1) == "users 8 to 15"


def test_the_same_bytes_each_time(shards: Shards) -> None:
    before = shards._path(0).read_bytes()
    shards.write(0, compute_topk(Hashed(), shards.part(0), Options(batch_size=3)))
    assert shards._path(0).read_bytes() == before


def test_a_byte_that_changed_is_noticed(shards: Shards) -> None:
    content = bytearray(shards._path(1).read_bytes())
    content[-9] ^= 1
    shards._path(1).write_bytes(content)
    assert shards.missing == [1]


def test_folders_that_were_left_half_written_are_removed(shards: Shards) -> None:
    for name in (".abc.part", "job-1f"):
        (shards.folder / name).mkdir()
        (shards.folder / name / "users.npy").touch()
    shards.clear(finished=False)
    assert sorted(path.suffix for path in shards.folder.iterdir()) == [".safetensors"] * 4
