"""Scores, item indices and gains count alike for arrays, data frames and files."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness import HarnessError, TopK, Truth
from harness.evaluation import merge_shards, score_shard
from harness.metrics import NDCG, Coverage

NDCG_LINEAR = {"kind": "ndcg", "gain": "linear"}


def frame(scores, **columns):
    return pd.DataFrame({"user": 1, "item": range(len(scores)), "score": scores, **columns})


def measure(predictions, truth, metrics=("recall", "user_coverage"), cutoffs=(1, 3), **options):
    return harness.evaluate(predictions, truth, metrics=list(metrics), cutoffs=list(cutoffs), **options)


ONE = pd.DataFrame({"user": [1], "item": [1]})


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([1.0, np.nan, 0.0], "the score in row 1 of the predictions is missing or NaN"),
        (pd.array([1.0, None, 0.0], dtype="Float64"), "the score in row 1 of the predictions is missing or NaN"),
        ([1.0, 2.0, np.inf], "the score in row 2 of the predictions is plus infinity"),
        ([1.0, 2.0, -1e300], r"the score in row 2 of the predictions is -1e\+300, beyond the range of float32"),
        ([1.0, 2.0, 1j], "the scores in the predictions are of type complex128; they must be integers or floats"),
        ([True, False, True], "are of type bool"),
        (["1", "2", "3"], "the scores in the predictions are of type"),
        (np.array([1, 2, 3], dtype=object), "the scores in the predictions are of type object"),
        ([-np.inf] * 3, "every score in the predictions is minus infinity"),
    ],
)
@pytest.mark.parametrize("ranked", [False, True])
def test_scores_of_frames_that_are_refused(scores, message, ranked):
    # Also where ranks decide, as in files.
    with pytest.raises(HarnessError, match=message):
        measure(frame(scores, **({"rank": [1, 2, 3]} if ranked else {})), ONE)


def test_ranks_of_frames_that_are_refused():
    for rank in (np.inf, 0.0, 1.5):
        with pytest.raises(HarnessError, match="the rank in row 2 of the predictions is"):
            measure(frame([1, 2, 3], rank=[1.0, 2.0, rank]), ONE)


@pytest.mark.parametrize("kind", ["TopK", "scores", "ranks"])
def test_minus_infinity_is_not_recommended(kind):
    scores, metrics = [0.5, -np.inf, -np.inf], ["recall", "coverage", {"kind": "user_coverage", "least": 2}]
    if kind == "TopK":
        lists, truth = TopK(np.array([[0, 1, 2]]), np.array([scores])), Truth.from_lists([[1]])
    else:
        lists, truth = frame(scores, **({"rank": [1, 2, 3]} if kind == "ranks" else {})), ONE
    table = measure(lists, truth, metrics, cutoffs=[3], n_items=4)
    assert [value.value for value in table.values] == [0.0, 1 / 4, 0.0]
    assert table.counts["masked_scores"] == 2
    assert table.counts["short_lists"] == 1


def test_the_slot_of_a_masked_item_is_a_miss_where_ranks_decide():
    table = measure(frame([-np.inf, 2.0, 1.0], rank=[1, 2, 3]), ONE, ["mrr"], cutoffs=[3])
    assert table["mrr@3"].value == 1 / 2


@pytest.mark.parametrize(("one", "other"), [(0.975230281005001, 0.975230281005), (16777217, 16777216)])
def test_scores_that_float32_does_not_tell_apart_tie(one, other):
    users = np.arange(2000)
    predictions = pd.DataFrame(
        {"user": np.repeat(users, 2), "item": np.tile([0, 1], 2000), "score": np.tile([one, other], 2000)}
    )
    truth = pd.DataFrame({"user": users, "item": 0})
    table = measure(predictions, truth, ["recall"], cutoffs=[1])
    assert abs(table["recall@1"].value - 0.5) < 4 * 0.5 / np.sqrt(2000)
    assert table.counts["rounding_ties"] == 4000
    rounded = predictions.assign(score=predictions["score"].astype(np.float32))
    again = measure(rounded, truth, ["recall"], cutoffs=[1])
    assert again.user_values["recall@1"].tolist() == table.user_values["recall@1"].tolist()
    assert again.counts["rounding_ties"] == 0


def test_items_outside_the_catalogue_are_refused():
    topk, truth = TopK(np.array([[0, 1, 2], [0, 1, 9]])), Truth.from_lists([[1], []])
    # Beyond the cutoff, too, and of a user who does not count.
    with pytest.raises(HarnessError, match="row 1 of the TopK holds the item index 9, outside a catalogue of 9 items"):
        harness.evaluate(topk, truth, metrics=["coverage"], cutoffs=[1], n_items=9)
    with pytest.raises(HarnessError, match="Pass n_items=10 or more"):
        score_shard(topk, truth, metrics=[Coverage(k=1)], n_items=9)
    assert harness.evaluate(topk, truth, metrics=["coverage"], cutoffs=[1], n_items=10)["coverage@1"].value == 0.1


JUDGED = [(7, 1.0), (8, 2.0), (7, 3.0)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("kind", ["arrays", "frames", "shards", "ranks"])
def test_the_highest_gain_of_a_pair_counts(order, kind):
    rows = [JUDGED[place] for place in order]
    items, gains = [item for item, _ in rows], [gain for _, gain in rows]
    expected = (2 + 3 / np.log2(3)) / (3 + 2 / np.log2(3))
    truth, lists = Truth(np.array([0, 3]), np.array(items), np.array(gains)), TopK(np.array([[8, 7]]))
    if kind == "frames":
        predictions = pd.DataFrame({"user": 1, "item": [8, 7], "rank": [1, 2]})
        table = measure(predictions, pd.DataFrame({"user": 1, "item": items, "gain": gains}), [NDCG_LINEAR], [2])
    elif kind == "shards":
        metrics = [NDCG(k=2, gain="linear")]
        table = merge_shards([score_shard(lists, truth, metrics=metrics)], metrics=metrics)
    else:
        above = np.array([int(item == 7) for item in items], dtype=np.int32)
        ranks = harness.TargetRanks(above, np.zeros(3, np.int32), np.array([9], np.int32)) if kind == "ranks" else None
        table = measure(lists, truth, [NDCG_LINEAR], [2], target_ranks=ranks)
    assert table["ndcg[gain=linear]@2"].value == pytest.approx(expected, abs=1e-15)
    assert (table.counts["contradicting_gains"], table.counts["repeated_relevant"]) == (1, 1)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(-1, 3)), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_gains_as_a_plain_dictionary_has_them(rows, random):
    judged = {}
    for user, item, gain in rows:
        judged.setdefault((user, item), []).append(gain)
    if not any(max(gains) > 0 for gains in judged.values()):
        return
    best = {pair: max(gains) for pair, gains in judged.items() if max(gains) > 0}
    lists = pd.DataFrame([(user, item, item + 1) for user in range(4) for item in range(5)]).set_axis(
        ["user", "item", "rank"], axis=1
    )
    once = pd.DataFrame([(*pair, gain) for pair, gain in best.items()], columns=["user", "item", "gain"])
    random.shuffle(rows)
    table = measure(lists, pd.DataFrame(rows, columns=["user", "item", "gain"]), [NDCG_LINEAR], [1, 5])
    expected = measure(lists, once, [NDCG_LINEAR], [1, 5])
    for label, values in expected.user_values.items():
        # Sums go in the order of the rows.
        np.testing.assert_allclose(table.user_values[label], values, rtol=1e-12)
    assert table.counts["contradicting_gains"] == sum(len(set(judged[pair])) > 1 for pair in best)
    assert table.counts["repeated_relevant"] == sum(sum(gain > 0 for gain in judged[pair]) - 1 for pair in best)


def test_a_gain_too_small_for_float32_is_not_relevant_in_frames_either():
    truth = pd.DataFrame({"user": [1, 2], "item": [1, 1], "gain": [1.0, 1e-60]})
    predictions = pd.DataFrame({"user": [1, 2], "item": [1, 1], "rank": [1, 1]})
    assert measure(predictions, truth, [NDCG_LINEAR], [1]).users.tolist() == [1]


@pytest.mark.parametrize(("name", "limit"), [("ndcg", 1000), ("dcg", 500)])
def test_gains_of_exp2_have_a_limit(name, limit):
    topk, metric = TopK(np.array([[0, 1], [0, 1]])), {"kind": name, "gain": "exp2"}
    for gain in (limit + 1.0, 1024.0, 1e6):
        truth = Truth(np.array([0, 2, 3]), np.array([0, 1, 0]), np.array([gain, 1.0, 1.0]))
        message = rf"{name}\[gain=exp2\]@2 takes two to the power of a gain, and a gain is .*; {limit:,} is the largest"
        with pytest.raises(HarnessError, match=message):
            harness.evaluate(topk, truth, metrics=[metric], cutoffs=[2])
    truth = Truth(np.array([0, 2, 3]), np.array([0, 1, 0]), np.array([limit, limit, 1.0]))
    value = harness.evaluate(topk, truth, metrics=[metric], cutoffs=[2]).values[0]
    assert np.isfinite([value.value, value.std, value.ci_low, value.ci_high]).all()
