"""Users in shards: to the bit what all users at once give, wherever the shards are cut."""

from __future__ import annotations

import itertools
import json
import math
import weakref
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness import HarnessError, TopK, Truth, registry
from harness.evaluation import USER_BLOCK, ShardArrays, ShardScores, averaged, merge_shards, score_shard, user_blocks
from harness.execution import Parallel
from harness.experiment import expand_metrics
from harness.metrics import Coverage, Diversity, HitRate, Recall

OF_LISTS = [
    name
    for name in sorted(registry.BUILT_IN["metrics"])
    if set(registry.load("metrics", name)().required) <= {"n_items"}
]
METRICS = expand_metrics(OF_LISTS, [1, 3, 6])
N_ITEMS = 20
BLOCK = 4


def equal_to_the_bit(one, other):
    assert one.values == other.values
    assert one.counts == other.counts
    assert one.confidence == other.confidence
    assert one.users.dtype == other.users.dtype
    assert one.users.tolist() == other.users.tolist()
    assert list(one.user_values) == list(other.user_values)
    for label, values in one.user_values.items():
        assert values.tobytes() == other.user_values[label].tobytes()


def rows_of(topk, truth, start, stop):
    users = None if topk.users is None else topk.users[start:stop]
    return TopK(topk.items[start:stop], users=users), truth.rows(np.arange(start, stop))


def scored(topk, truth, cuts, *, metrics=METRICS, n_items=N_ITEMS, n_jobs=1):
    for start, stop in itertools.pairwise(cuts):
        yield score_shard(
            *rows_of(topk, truth, start, stop), metrics=metrics, n_items=n_items, parallel=Parallel(n_jobs=n_jobs)
        )


def through_files(shard):
    stored = shard.to_arrays()
    arrays = safetensors.numpy.load(safetensors.numpy.save(dict(stored.arrays)))
    return ShardScores.from_arrays(ShardArrays(arrays, json.loads(json.dumps(stored.facts))))


@st.composite
def runs(draw):
    """Lists with gaps and repeats, empty ones too; users without truth; ids or none; cuts."""
    users, k = draw(st.integers(1, 23)), 6
    lists = draw(
        st.lists(
            st.one_of(st.just([-1] * k), st.lists(st.integers(-1, N_ITEMS - 1), min_size=k, max_size=k)),
            min_size=users,
            max_size=users,
        )
    )
    truths = st.lists(st.integers(0, N_ITEMS - 1), max_size=5)
    truth = draw(st.lists(truths, min_size=users, max_size=users))
    truth[draw(st.integers(0, users - 1))].append(draw(st.integers(0, N_ITEMS - 1)))
    ids = draw(st.sampled_from([None, "integers", "text"]))
    names = None
    if ids is not None:
        names = np.random.default_rng(0).permutation(users) * 7
        names = names if ids == "integers" else np.array([f"usér {name}" for name in names], dtype=object)
    inner = draw(st.sets(st.sampled_from(range(BLOCK, users, BLOCK)))) if users > BLOCK else set()
    return TopK(np.array(lists), users=names), Truth.from_lists(truth, users=names), [0, *sorted(inner), users]


@settings(max_examples=150, deadline=None)
@given(runs(), st.booleans())
def test_cuts_change_no_bit(case, stored):
    topk, truth, cuts = case
    with mock.patch.object(user_blocks, "USER_BLOCK", BLOCK):
        whole = harness.evaluate(topk, truth, metrics=METRICS, n_items=N_ITEMS, n_jobs=1, confidence=0.9)
        shards = scored(topk, truth, cuts)
        shards = map(through_files, shards) if stored else shards
        equal_to_the_bit(merge_shards(shards, metrics=METRICS, confidence=0.9), whole)


def many_users(users=50_000, *, share_without_truth=0.2, seed=5):
    """Return more users than three blocks hold."""
    rng = np.random.default_rng(seed)
    lists = rng.integers(-1, 500, size=(users, 5))
    lists[rng.random(users) < 0.05] = -1
    sizes = np.where(rng.random(users) < share_without_truth, 0, rng.integers(1, 4, size=users))
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return TopK(lists), Truth(indptr, rng.integers(0, 500, size=indptr[-1]))


ALL_CUTS = [[1], [2], [3], [1, 2], [2, 3], [1, 2, 3]]


def test_cuts_and_threads_change_no_bit_where_users_fill_blocks():
    topk, truth = many_users()
    metrics = expand_metrics(OF_LISTS, [1, 5])
    whole = harness.evaluate(topk, truth, metrics=metrics, n_items=500, n_jobs=1)
    assert topk.n_users > 3 * USER_BLOCK
    for n_jobs, inner in enumerate(ALL_CUTS, start=1):
        cuts = [0, *(USER_BLOCK * cut for cut in inner), topk.n_users]
        shards = scored(topk, truth, cuts, metrics=metrics, n_items=500, n_jobs=n_jobs % 3 + 1)
        equal_to_the_bit(merge_shards(shards, metrics=metrics, parallel=Parallel(n_jobs=2)), whole)


def test_mean_and_std_are_those_of_all_values():
    topk, truth = many_users()
    table = harness.evaluate(topk, truth, metrics=["ndcg", "recall", "hit_rate"], cutoffs=[5], n_items=500)
    for value in table.values:
        exact = [Fraction(one) for one in table.user_values[value.label].tolist()]
        mean = sum(exact) / len(exact)
        variance = sum((one - mean) ** 2 for one in exact) / (len(exact) - 1)
        assert value.value == pytest.approx(float(mean), rel=1e-15)
        assert value.std == pytest.approx(math.sqrt(variance), rel=1e-14)
        assert value.n_users == len(exact)


def test_a_binary_metric_merges_its_successes():
    topk, truth = many_users()
    metrics = [HitRate(k=5)]
    cuts = [0, USER_BLOCK, topk.n_users]
    table = merge_shards(scored(topk, truth, cuts, metrics=metrics, n_items=500), metrics=metrics)
    successes = int(np.count_nonzero(table.user_values["hit_rate@5"]))
    assert table["hit_rate@5"].value == successes / len(table.users)


def test_coverage_and_diversity_by_hand():
    lists = np.array([[0, 1], [1, 2], [3, 3], [7, 7], [0, 1]])
    truth = Truth.from_lists([[5], [5], [5], [], [5]])
    metrics = [Coverage(k=2), Diversity(k=2)]
    with mock.patch.object(user_blocks, "USER_BLOCK", 2):
        table = merge_shards(scored(TopK(lists), truth, [0, 2, 5], metrics=metrics, n_items=8), metrics=metrics)
    # Items 0, 1, 2 in the first shard, 0, 1, 3 in the second; the user of 7 has no truth.
    assert table["coverage@2"].value == 4 / 8
    # The sets are {0, 1}, {1, 2}, {3}, {0, 1}: of six pairs two overlap by a third, one is equal.
    assert table["diversity@2"].value == pytest.approx((3 * 1 + 2 * (2 / 3) + 0) / 6, abs=1e-15)
    assert table.users.tolist() == [0, 1, 2, 4]


def test_a_shard_without_users_that_count():
    topk, truth = TopK(np.array([[1]] * 6)), Truth.from_lists([[1], [1], [], [], [2], []])
    metrics = expand_metrics(OF_LISTS, [1])
    with mock.patch.object(user_blocks, "USER_BLOCK", 2):
        whole = harness.evaluate(topk, truth, metrics=metrics, n_items=5)
        shards = list(scored(topk, truth, [0, 2, 4, 6, 6], metrics=metrics, n_items=5))
        equal_to_the_bit(merge_shards(map(through_files, shards), metrics=metrics), whole)
    assert shards[1].counts["users_without_truth"] == 2
    assert (len(shards[1].rows), shards[1].n_rows) == (0, 2)
    assert (len(shards[3].rows), shards[3].n_rows) == (0, 0)


def test_nobody_counts():
    topk, truth = TopK(np.array([[1]])), Truth.from_lists([[]])
    for shards in ([], [score_shard(topk, truth, metrics=[Recall(k=1)])]):
        with pytest.raises(HarnessError, match="no user has a relevant item"):
            merge_shards(shards, metrics=[Recall(k=1)])


def test_only_one_shard_is_held():
    topk, truth = TopK(np.arange(24).reshape(12, 2)), Truth.from_lists([[1]] * 12)
    metrics = [Recall(k=2), Coverage(k=2)]
    made = []

    def shards():
        for start in range(0, 12, 4):
            assert all(reference() is None for reference in made)
            shard = next(scored(topk, truth, [start, start + 4], metrics=metrics, n_items=24))
            made.extend([weakref.ref(shard), weakref.ref(shard.states["coverage@2"]["seen"])])
            yield shard
            del shard

    with mock.patch.object(user_blocks, "USER_BLOCK", 4):
        table = merge_shards(shards(), metrics=metrics)
    assert len(made) == 6
    assert table["coverage@2"].value == 1.0


def test_some_of_the_metrics_in_another_order():
    topk, truth = TopK(np.array([[1, 2]])), Truth.from_lists([[2]])
    shard = score_shard(topk, truth, metrics=[Recall(k=1), Recall(k=2), Coverage(k=1)], n_items=4)
    table = merge_shards([shard], metrics=[Coverage(k=1), Recall(k=2)])
    assert [value.label for value in table.values] == ["coverage@1", "recall@2"]
    assert list(table.user_values) == ["recall@2"]


def test_merged_lists_are_averaged():
    topk, truth = TopK(np.array([[1], [2], [3], [4], [5]])), Truth.from_lists([[1], [9], [3], [9], [9]])
    owners = np.array(["ann", "bob", "ann", "bob", "cid"], dtype=object)
    with mock.patch.object(user_blocks, "USER_BLOCK", 2):
        table = merge_shards(scored(topk, truth, [0, 2, 5], metrics=[Recall(k=1)]), metrics=[Recall(k=1)])
    users = averaged(table, Truth(truth.indptr, truth.items, users=owners))
    assert users.per_user.values.tolist() == [["ann", 1.0], ["bob", 0.0], ["cid", 0.0]]
    assert users["recall@1"].value == pytest.approx(1 / 3)
