"""What holds for every metric of exact ranks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import all_cases, measure_ranks, ranks_of

import harness
from harness import HarnessError, TargetRanks, TopK, Truth
from harness.evaluation import merge_shards, score_shard
from harness.experiment import expand_metrics

CASES = [cases for cases in all_cases() if cases.reads_ranks]
NAMES = [cases.metric for cases in CASES]


@st.composite
def scored_users(draw, longest=6):
    users = []
    for _ in range(draw(st.integers(1, 4))):
        scores = draw(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=longest))
        relevant = draw(st.sets(st.sampled_from(range(len(scores))), min_size=1))
        users.append((scores, sorted(relevant)))
    return users


@settings(max_examples=60, deadline=None)
@given(scored_users())
def test_equals_the_mean_over_all_orders_of_tied_candidates(users):
    table = measure_ranks(users, NAMES)
    for cases in CASES:
        expected = [cases.of_scores(scores, relevant) for scores, relevant in users]
        np.testing.assert_allclose(table.user_values[cases.metric], expected, rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(scored_users(longest=30))
def test_in_range_and_better_scores_are_better(users):
    table = measure_ranks(users, NAMES)
    better = [
        ([score if score is None or item not in relevant else score + 1 for item, score in enumerate(scores)], relevant)
        for scores, relevant in users
    ]
    raised = measure_ranks(better, NAMES)
    for value in table.values:
        name = value.label
        assert (table.user_values[name] >= (1.0 if name == "mean_rank" else 0.0)).all()
        assert name == "mean_rank" or (table.user_values[name] <= 1.0 + 1e-12).all()
        gain = raised.user_values[name] - table.user_values[name]
        # Where other relevant items rise too, the first alone is certain to be no lower.
        if name in {"auc", "reciprocal_rank"}:
            assert (gain >= -1e-12).all()
        elif all(len(relevant) == 1 for _, relevant in users):
            assert (gain <= 1e-12).all()


def test_a_constant_scorer_knows_nothing():
    users = [([1.0] * n, [item]) for n in (2, 9, 40) for item in (0, 1)]
    table = measure_ranks(users, NAMES)
    assert table["auc"].value == pytest.approx(0.5, abs=1e-12)
    assert table["mean_percentile_rank"].value == pytest.approx(0.5, abs=1e-12)
    assert table["mean_rank"].value == pytest.approx((3 + 10 + 41) / 6, abs=1e-12)
    harmonic = [sum(1 / rank for rank in range(1, n + 1)) / n for n in (2, 9, 40)]
    assert table["reciprocal_rank"].value == pytest.approx(sum(harmonic) / 3, abs=1e-12)


def test_shards_give_the_same_bits():
    rng = np.random.default_rng(0)
    users = [(rng.integers(0, 5, 12).tolist(), [1, 4] if user % 3 else []) for user in range(20_000)]
    truth = Truth.from_lists([relevant for _, relevant in users])
    lists, ranks = TopK(np.full((len(users), 1), -1)), ranks_of(users)
    metrics = expand_metrics(NAMES, [1])
    ends = [0, 8192, 16384, len(users)]
    items = truth.indptr
    shards = [
        score_shard(
            TopK(lists.items[start:stop]),
            truth.rows(np.arange(start, stop)),
            metrics=metrics,
            target_ranks=TargetRanks(
                ranks.above[items[start] : items[stop]],
                ranks.tied[items[start] : items[stop]],
                ranks.candidates[start:stop],
            ),
        )
        for start, stop in itertools.pairwise(ends)
    ]
    whole = harness.evaluate(lists, truth, metrics=NAMES, target_ranks=ranks)
    merged = merge_shards(shards, metrics=metrics)
    assert merged.values == whole.values
    for name in NAMES:
        assert merged.user_values[name].tobytes() == whole.user_values[name].tobytes()


def test_items_without_gain_do_not_count():
    ranks = TargetRanks(np.array([0, 3], np.int32), np.array([0, 0], np.int32), np.array([9], np.int32))
    truth = Truth(np.array([0, 2]), np.array([4, 5]), np.array([0.0, 1.0]))
    table = harness.evaluate(TopK(np.array([[4]])), truth, metrics=["mean_rank"], target_ranks=ranks)
    assert table["mean_rank"].value == 4.0


def test_what_does_not_fit_is_reported():
    lists, truth = TopK(np.array([[1]])), Truth.from_lists([[1, 2]])
    with pytest.raises(HarnessError, match="auc needs the exact ranks of the relevant items"):
        harness.evaluate(lists, truth, metrics=["auc"])
    with pytest.raises(HarnessError, match="target_ranks has 1 entries of above, 1 of tied and 1 of candidates"):
        harness.evaluate(lists, truth, metrics=["auc"], target_ranks=ranks_of([([3, 2], [1])]))
    twice = Truth.from_lists([[1, 1]])
    options = {"metrics": ["auc", "mean_rank", "recall"], "cutoffs": [1]}
    counted = harness.evaluate(lists, twice, target_ranks=ranks_of([([3, 2], [1, 1])]), **options)
    once = harness.evaluate(lists, Truth.from_lists([[1]]), target_ranks=ranks_of([([3, 2], [1])]), **options)
    assert counted.values == once.values
    assert counted.counts["repeated_relevant"] == 1
    frame = pd.DataFrame({"user": [1], "item": [1], "score": [1.0]})
    with pytest.raises(HarnessError, match="target_ranks and side are of a TopK and a Truth"):
        harness.evaluate(frame, frame, metrics=["auc"], target_ranks=ranks_of([([3, 2], [1])]))
