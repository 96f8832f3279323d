"""Shards of users in files, and shards that do not fit together."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest

from harness import HarnessError, TopK, Truth, registry
from harness.evaluation import ShardArrays, ShardScores, merge_shards, score_shard, user_blocks
from harness.experiment import expand_metrics
from harness.metrics import Coverage, Recall

OF_LISTS = [
    name
    for name in sorted(registry.BUILT_IN["metrics"])
    if set(registry.load("metrics", name)().required) <= {"n_items"}
]
METRICS = expand_metrics(OF_LISTS, [1, 2])
ONE_OF_EACH = (Recall(k=1), Coverage(k=1))


def small_shard(users=None):
    topk = TopK(np.array([[4, 2], [1, -1], [7, 7]]), users=users)
    return score_shard(topk, Truth.from_lists([[2], [], [7]]), metrics=METRICS, n_items=9)


class TestFiles:
    @pytest.mark.parametrize("users", [None, [5, -3, 2**62], ["", "a/b", "日本 ü"]])
    def test_round_trip(self, users, tmp_path):
        users = None if users is None else np.array(users, dtype=object if isinstance(users[0], str) else np.int64)
        shard = small_shard(users)
        stored = shard.to_arrays()
        np.savez(tmp_path / "shard.npz", **stored.arrays)
        with np.load(tmp_path / "shard.npz", allow_pickle=False) as arrays:
            back = ShardScores.from_arrays(ShardArrays(dict(arrays), json.loads(json.dumps(stored.facts))))
        assert (back.users is None) == (users is None)
        assert users is None or back.users.tolist() == [users[0], users[2]]
        assert back.rows.tolist() == [0, 2]
        assert (back.counts, back.n_rows, back.n_items, back.depth) == (shard.counts, 3, 9, 2)
        for label, values in shard.values.items():
            assert back.values[label].tobytes() == values.tobytes()
            assert back.moments[label].sums.tobytes() == shard.moments[label].sums.tobytes()
            assert back.moments[label].squares.tobytes() == shard.moments[label].squares.tobytes()
        for label, state in shard.states.items():
            assert {name: array.tolist() for name, array in back.states[label].items()} == {
                name: array.tolist() for name, array in state.items()
            }

    @pytest.mark.parametrize("users", [None, np.array(["a", "b", "c"], dtype=object)])
    def test_damaged_parts(self, users):
        stored = small_shard(users).to_arrays()
        for name in stored.arrays:
            left = {key: array for key, array in stored.arrays.items() if key != name}
            with pytest.raises(HarnessError, match=r"a stored shard lacks .* Score the shard again"):
                ShardScores.from_arrays(ShardArrays(left, stored.facts))
        shorter = dict(stored.arrays) | {"rows": stored.arrays["rows"][:1]}
        with pytest.raises(HarnessError, match="arrays of different lengths"):
            ShardScores.from_arrays(ShardArrays(shorter, stored.facts))
        with pytest.raises(HarnessError, match="a shard of 2 rows has users in the rows 0 to 2"):
            ShardScores.from_arrays(ShardArrays(stored.arrays, dict(stored.facts) | {"n_rows": 2}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": ["recall"]}, "'recall' is not a metric with a cutoff. Pass a list of metrics"),
        ({"metrics": Recall(k=1), "n_items": 0}, "n_items is 0"),
        ({"metrics": []}, "no metrics"),
        ({"metrics": [Recall(k=1), Recall(k=1)]}, "'recall@1' is repeated"),
        ({"metrics": [Recall(k=3)]}, "recall@3 looks at 3 ranks, and the lists have 2"),
        ({"metrics": [Coverage(k=1)]}, "coverage@1 needs the size of the catalogue"),
        ({"metrics": [Recall(k=1)], "n_items": 2}, "item index 2, outside a catalogue of 2"),
    ],
)
def test_wrong_arguments_of_a_shard(arguments, message):
    with pytest.raises(HarnessError, match=message):
        score_shard(TopK(np.array([[1, 2]])), Truth.from_lists([[2]]), **arguments)


@pytest.mark.parametrize(
    ("listed", "users", "message"),
    [
        ([1, 2], [2, 1], "row 0 of the shard is user 1 in TopK.users and user 2 in Truth.users"),
        ([1, 2], ["1", "2"], "integers in TopK.users and text in Truth.users"),
        ([1, 2, 3], [1, 2], "3 lists for 2 users"),
    ],
)
def test_rows_that_do_not_belong_together(listed, users, message):
    topk = TopK(np.array([[1]] * len(listed)), users=np.array(listed, dtype=object))
    truth = Truth.from_lists([[1]] * len(users), users=np.array(users, dtype=object))
    with pytest.raises(HarnessError, match=message):
        score_shard(topk, truth, metrics=[Recall(k=1)])


def some_shard(rows=4, *, users=None, n_items=9, metrics=ONE_OF_EACH):
    topk = TopK(np.ones((rows, 2), dtype=int), users=users)
    return score_shard(topk, Truth.from_lists([[1]] * rows), metrics=list(metrics), n_items=n_items)


@pytest.mark.parametrize(
    ("shards", "message"),
    [
        (lambda: [some_shard(3), some_shard()], "shard 1 follows 3 rows. Cut the users at multiples of .* which is 4"),
        (lambda: [some_shard(), some_shard(2), some_shard()], "shard 2 follows 6 rows"),
        (lambda: [some_shard(), some_shard(n_items=8)], "shard 1 has n_items 8, and shard 0 has 9"),
        (lambda: [some_shard(), replace(some_shard(), depth=2)], "shard 1 has depth 2, and shard 0 has 1"),
        (lambda: [some_shard(), some_shard(users=np.arange(4))], "shard 1 has external ids True, and"),
        (
            lambda: [some_shard(users=np.arange(4)), some_shard(users=np.array(list("abcd"), dtype=object))],
            "user ids are text in shard 1 and integers in shard 0",
        ),
        (
            lambda: [
                some_shard(0, users=np.empty(0, dtype=object)),
                some_shard(users=np.arange(4)),
                some_shard(users=np.array(list("abcd"), dtype=object)),
            ],
            "user ids are text in shard 2 and integers in shard 1",
        ),
        (lambda: [some_shard(), some_shard(metrics=[Recall(k=1)])], "shard 1 has no partial result of coverage@1"),
        (lambda: [some_shard(metrics=[Coverage(k=1)])], "shard 0 has no values of recall@1"),
    ],
)
def test_shards_that_do_not_fit(shards, message):
    with mock.patch.object(user_blocks, "USER_BLOCK", 4), pytest.raises(HarnessError, match=message):
        merge_shards(shards(), metrics=ONE_OF_EACH)


def test_wrong_arguments_of_a_merge():
    with pytest.raises(HarnessError, match="confidence is 95"):
        merge_shards([some_shard()], metrics=[Recall(k=1)], confidence=95)
    with pytest.raises(HarnessError, match="'recall' is not a metric with a cutoff"):
        merge_shards([some_shard()], metrics=["recall"])
