"""Contributions of relevant items: against the metrics' oracles, for every rule for ties, and shard by shard."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import all_cases

import harness
from harness import HarnessError, SideInformation, TargetRanks, TopK, Truth
from harness.evaluation import averaged, merge_shards, score_shard, user_blocks
from harness.experiment import expand_metrics
from harness.metrics import AccuracyMetric, Recall

PER_USER = [cases for cases in all_cases() if cases.per_user]
ADDITIVE = [cases for cases in PER_USER if cases.kind.additive]
OF_LISTS = [cases for cases in ADDITIVE if not cases.reads_side]
# Metrics of the relevant items that are sums only where each user has one.
OF_ONE_ITEM = [cases.metric for cases in PER_USER if issubclass(cases.kind, AccuracyMetric) and not cases.kind.additive]
NOBODY = 99  # an item that is not relevant for anybody
K = 5


@st.composite
def rankings(draw, most=4):
    users = draw(st.integers(1, 6))
    lists = [draw(st.lists(st.integers(0, 7), min_size=K, max_size=K, unique=True)) for _ in range(users)]
    truth = [draw(st.lists(st.integers(0, 9), min_size=1, max_size=most, unique=True)) for _ in range(users)]
    return lists, truth


def measured(lists, truth, metrics, cutoffs, **options):
    return harness.evaluate(
        TopK(np.array(lists)), Truth.from_lists(truth), metrics=metrics, cutoffs=cutoffs, by_item=True, **options
    )


def by_pair(table, label):
    found = table.contributions
    items = found.item_ids[found.items]
    return {
        (int(table.users[user]), int(item)): value
        for user, item, value in zip(found.users, items, found.values[label], strict=True)
        if value
    }


def test_which_metrics_are_sums_over_relevant_items():
    assert {cases.metric for cases in ADDITIVE} == {
        *("recall", "precision", "ndcg", "dcg", "rbp", "f1", "r_precision", "debiased_recall", "debiased_dcg"),
    }
    assert set(OF_ONE_ITEM) == {"hit_rate", "mrr", "map", "reciprocal_rank", "auc", "mean_rank", "mean_percentile_rank"}


def test_a_case_worked_by_hand():
    # Users 0 and 1 share item 7. User 0 has 2 relevant items, at ranks 2 and 3; user 1 has one, at rank 1.
    table = measured([[4, 2, 7], [7, 5, 3]], [[2, 7], [7]], ["recall", "dcg"], [1, 3])
    assert by_pair(table, "recall@3") == {(0, 2): 0.5, (0, 7): 0.5, (1, 7): 1.0}
    assert by_pair(table, "recall@1") == {(1, 7): 1.0}
    assert by_pair(table, "dcg@3") == pytest.approx({(0, 2): 1 / np.log2(3), (0, 7): 0.5, (1, 7): 1.0})
    found = table.contributions
    assert (found.n_items, found.n_pairs) == (2, 3)
    assert found.item_ids.tolist() == [2, 7]
    assert found.item_users.tolist() == [1, 2]
    assert found.item_shares.tolist() == [0.5, 1.5]
    assert found.item_square_shares.tolist() == [0.25, 1.25]
    assert found.shares.tolist() == [0.5, 0.5, 1.0]


@settings(max_examples=60, deadline=None)
@given(rankings())
def test_contributions_are_the_values_of_lists_with_one_hit(case):
    lists, truth = case
    specs = [{"kind": cases.metric, **options} for cases in OF_LISTS for options in ({}, *cases.variants())]
    specs = [spec for spec in specs if spec.get("average") != "micro"]
    table = measured(lists, truth, specs, [2, K])
    oracles = {cases.metric: cases.oracle for cases in OF_LISTS}
    for spec in specs:
        options = {name: value for name, value in spec.items() if name != "kind"}
        for metric in expand_metrics([spec], [2, K]):
            expected = {}
            for user, (ranked, relevant) in enumerate(zip(lists, truth, strict=True)):
                for item in relevant:
                    alone = [NOBODY if other in relevant and other != item else other for other in ranked]
                    expected[user, item] = oracles[spec["kind"]](alone, set(relevant), metric.cutoff, **options)
            assert by_pair(table, metric.label) == pytest.approx({pair: v for pair, v in expected.items() if v})


@settings(max_examples=60, deadline=None)
@given(rankings(), st.data())
def test_contributions_sum_to_the_values_under_each_rule_for_ties(case, data):
    _, truth = case
    n = len(truth)
    row = st.lists(st.integers(0, 2), min_size=10, max_size=10)
    scores = np.array(data.draw(st.lists(row, min_size=n, max_size=n)))
    lists = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    pairs = [(user, item) for user, row in enumerate(truth) for item in row]
    above = np.array([(scores[user] > scores[user, item]).sum() for user, item in pairs], dtype=np.int32)
    tied = np.array([(scores[user] == scores[user, item]).sum() - 1 for user, item in pairs], dtype=np.int32)
    ranks = TargetRanks(above, tied, np.full(n, 10, dtype=np.int32))
    gains = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(pairs), max_size=len(pairs))), np.float32)
    plain = Truth.from_lists(truth)
    graded = [{"kind": "ndcg", "gain": "exp2"}, {"kind": "dcg", "gain": "linear"}]
    sided = ["debiased_recall", "debiased_dcg"]
    table = harness.evaluate(
        TopK(lists.astype(np.int32), scores=np.take_along_axis(scores, lists, axis=1).astype(np.float32)),
        Truth(plain.indptr, plain.items, gains),
        metrics=[*(cases.metric for cases in OF_LISTS), *graded, *sided],
        cutoffs=[1, K],
        target_ranks=ranks,
        side=SideInformation(popularity=np.arange(10), n_users=20),
        ties=data.draw(st.sampled_from(["given", "expected", "worst", "best"])),
        by_item=True,
    )
    found = table.contributions
    assert set(found.values) >= {"ndcg@5", "ndcg[gain=exp2]@5", "dcg[gain=linear]@5", "debiased_dcg@5", "r_precision"}
    for label, parts in found.values.items():
        sums = np.bincount(found.users, weights=parts, minlength=n)
        np.testing.assert_allclose(sums, table.user_values[label], rtol=1e-9, atol=1e-12)


def test_cutoffs_beyond_the_lists_are_expected_values():
    # One relevant item on a group of three ties, ranks 2 to 4; the list holds only rank 1.
    ranks = TargetRanks(np.array([1], np.int32), np.array([2], np.int32), np.array([6], np.int32))
    table = measured([[4]], [[5]], ["recall"], [2], target_ranks=ranks)
    assert by_pair(table, "recall@2") == pytest.approx({(0, 5): 1 / 3})


@settings(max_examples=30, deadline=None)
@given(rankings(most=1))
def test_with_one_relevant_item_other_metrics_have_contributions_too(case):
    table = measured(*case, ["hit_rate", "mrr", "map"], [K])
    found = table.contributions
    assert {label.partition("@")[0] for label in found.values} == {"hit_rate", "mrr", "map"}
    for label, parts in found.values.items():
        assert np.bincount(found.users, weights=parts, minlength=len(table.users)).tolist() == pytest.approx(
            table.user_values[label].tolist()
        )


def test_with_several_relevant_items_they_have_none():
    table = measured([[1, 2], [3, 4]], [[1, 2], [3]], ["hit_rate", "mrr", "map", "recall"], [2])
    assert list(table.contributions.values) == ["recall@2"]


def test_pooled_values_have_pooled_contributions():
    table = measured([[1, 2], [3, 4]], [[1], [4, 5]], [{"kind": "precision", "average": "micro"}], [2])
    (label,) = table.contributions.values
    assert sum(by_pair(table, label).values()) / 2 == pytest.approx(table[label].value) == pytest.approx(0.5)


@settings(max_examples=40, deadline=None)
@given(rankings(), st.integers(1, 5))
def test_shards_give_the_same_to_the_bit(case, size):
    lists, truth = case
    topk, whole = TopK(np.array(lists)), Truth.from_lists([[*row] for row in truth])
    metrics = expand_metrics([cases.metric for cases in OF_LISTS], [2, K])
    at_once = harness.evaluate(topk, whole, metrics=metrics, by_item=True).contributions
    with mock.patch.object(user_blocks, "USER_BLOCK", 1):
        bounds = [*range(0, len(lists), size), len(lists)]
        shards = [
            score_shard(TopK(topk.items[start:stop]), whole.rows(np.arange(start, stop)), metrics=metrics, by_item=True)
            for start, stop in itertools.pairwise(bounds)
        ]
        merged = merge_shards(shards, metrics=metrics).contributions
    for field in dataclasses.fields(at_once):
        ours, theirs = getattr(merged, field.name), getattr(at_once, field.name)
        if field.name == "values":
            assert {label: parts.tobytes() for label, parts in ours.items()} == {
                label: parts.tobytes() for label, parts in theirs.items()
            }
        else:
            assert ours.tobytes() == theirs.tobytes()


def test_shards_go_through_files():
    from harness.evaluation import ShardArrays, ShardScores

    shard = score_shard(TopK(np.array([[1, 2]])), Truth.from_lists([[2, 5]]), metrics=[Recall(k=2)], by_item=True)
    stored = shard.to_arrays()
    back = ShardScores.from_arrays(ShardArrays(dict(stored.arrays), dict(stored.facts)))
    assert back.contributions.values["recall@2"].tolist() == [0.5]
    assert back.contributions.counts.tolist() == [[2, 2, 1], [5, 2, 1]]
    plain = score_shard(TopK(np.array([[1, 2]])), Truth.from_lists([[2, 5]]), metrics=[Recall(k=2)])
    with mock.patch.object(user_blocks, "USER_BLOCK", 1), pytest.raises(HarnessError, match="contributions of items"):
        merge_shards([shard, plain], metrics=[Recall(k=2)])


def test_frames_have_external_ids():
    predictions = pd.DataFrame({"user": ["b", "b", "a"], "item": ["y", "x", "z"], "rank": [1, 2, 1]})
    truth = pd.DataFrame({"user": ["a", "b", "b"], "item": ["x", "x", "w"]})
    table = harness.evaluate(predictions, truth, metrics=["recall"], cutoffs=[2], by_item=True)
    found = table.contributions
    assert found.item_ids.tolist() == ["w", "x"]
    assert found.item_users.tolist() == [1, 2]
    assert (table.users[found.users].tolist(), found.item_ids[found.items].tolist()) == (["b"], ["x"])


def test_an_item_that_repeats_in_the_truth_counts_once():
    table = measured([[1, 2]], [[1, 1, 2, 1]], ["recall"], [2])
    assert by_pair(table, "recall@2") == {(0, 1): 0.5, (0, 2): 0.5}
    assert table.contributions.n_pairs == 2


def test_without_by_item_there_are_none():
    table = harness.evaluate(TopK(np.array([[1]])), Truth.from_lists([[1]]), metrics=["recall"], cutoffs=[1])
    assert table.contributions is None


def test_a_metric_that_is_wrongly_declared_additive_is_refused():
    from pydantic.dataclasses import dataclass

    from harness.metrics import HitRate

    @dataclass(frozen=True)
    class Wrong(HitRate):
        additive = True

    with pytest.raises(HarnessError, match="states that it is additive, and the parts of a user's value of 1 sum to 2"):
        measured([[1, 2]], [[1, 2]], [Wrong(k=2)], [2])


@settings(max_examples=40, deadline=None)
@given(rankings(), st.data())
def test_averages_over_the_lists_of_a_user(case, data):
    lists, truth = case
    owners = data.draw(st.lists(st.integers(0, 2), min_size=len(lists), max_size=len(lists)))
    table = measured(lists, truth, ["recall", "ndcg"], [K])
    users = averaged(table, Truth.from_lists(truth, users=np.array(owners)))
    found, n_lists = users.contributions, Counter(owners)
    for label in ("recall@5", "ndcg@5"):
        sums = np.bincount(found.users, weights=found.values[label], minlength=len(users.users))
        np.testing.assert_allclose(sums, users.user_values[label], atol=1e-12)
    shares = Counter()
    for owner, relevant in zip(owners, truth, strict=True):
        for item in relevant:
            shares[owner, item] += 1 / len(relevant) / n_lists[owner]
    items = sorted({item for _, item in shares})
    assert found.item_ids.tolist() == items
    assert found.item_users.tolist() == [sum(pair[1] == item for pair in shares) for item in items]
    assert found.item_shares.tolist() == pytest.approx(
        [sum(share for pair, share in shares.items() if pair[1] == item) for item in items]
    )
    assert found.item_square_shares.tolist() == pytest.approx(
        [sum(share**2 for pair, share in shares.items() if pair[1] == item) for item in items]
    )
    assert found.shares.tolist() == pytest.approx(
        [
            shares[int(users.users[user]), int(found.item_ids[item])]
            for user, item in zip(found.users, found.items, strict=True)
        ]
    )
