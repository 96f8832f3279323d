"""Two data frames with external ids, the first thing that people try."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import oracle_of

import harness
from harness import HarnessError, TopK, Truth
from harness.artifacts import Vocabulary, pair_keys, stream

TRUTH = pd.DataFrame({"user": ["ann", "ann", "bob"], "item": ["x", "y", "z"]})
PREDICTIONS = pd.DataFrame(
    {"user": ["bob", "ann", "ann", "ann"], "item": ["y", "w", "x", "y"], "score": [0.5, 0.9, 0.8, 0.7]}
)


def measure(predictions=PREDICTIONS, truth=TRUTH, cutoffs=(1, 3), **options):
    return harness.evaluate(predictions, truth, metrics=["recall", "ndcg", "precision"], cutoffs=cutoffs, **options)


def equal_to_the_bit(one, other):
    assert one.values == other.values
    assert one.counts == other.counts
    assert one.per_user.equals(other.per_user)


def test_by_hand():
    table = measure()
    assert table.per_user["user"].tolist() == ["ann", "bob"]
    assert table.user_values["recall@3"].tolist() == [1.0, 0.0]
    assert table.user_values["recall@1"].tolist() == [0.0, 0.0]
    assert table.user_values["precision@3"].tolist() == [2 / 3, 0.0]
    assert table.user_values["ndcg@3"][0] == pytest.approx(oracle_of("ndcg")(["w", "x", "y"], ["x", "y"], 3))


def test_only_frames_are_needed():
    table = harness.evaluate(PREDICTIONS, TRUTH)
    assert "diversity@20" in table.summary()["label"].tolist()


@pytest.mark.parametrize("as_type", [str, "int64", "int32", "uint8", "float64", "Int64", "category", object])
def test_ids_of_any_kind(as_type):
    predictions = pd.DataFrame({"user": [1, 1, 2], "item": [10, 11, 10], "score": [2, 1, 3]})
    truth = pd.DataFrame({"user": [1, 2], "item": [11, 10]})
    ids = {"user": as_type, "item": as_type}
    table = measure(predictions.astype(ids), truth.astype(ids))
    assert table.user_values["recall@3"].tolist() == [1.0, 1.0]
    assert table.user_values["recall@1"].tolist() == [0.0, 1.0]
    assert [str(user) for user in table.users] == ["1", "2"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_order_of_rows_changes_no_bit(seed, distinct_scores):
    # Few distinct scores, so that ties are everywhere.
    rng = np.random.default_rng(seed)
    rows = 60
    predictions = pd.DataFrame(
        {
            "user": rng.integers(0, 6, rows),
            "item": rng.integers(0, 9, rows),
            "score": rng.integers(0, distinct_scores, rows) / 3,
        }
    )
    truth = pd.DataFrame({"user": rng.integers(0, 8, 12), "item": rng.integers(0, 9, 12)})
    shuffled = predictions.sample(frac=1, random_state=seed), truth.sample(frac=1, random_state=seed + 1)
    one = harness.evaluate(predictions, truth, cutoffs=[1, 3, 7], n_items=20)
    equal_to_the_bit(one, harness.evaluate(*shuffled, cutoffs=[1, 3, 7], n_items=20, n_jobs=2))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_equals_the_oracle(seed):
    rng = np.random.default_rng(seed)
    rows = 50
    predictions = pd.DataFrame(
        {"user": rng.integers(0, 5, rows), "item": rng.integers(0, 12, rows), "score": rng.permutation(rows)}
    )
    truth = pd.DataFrame({"user": rng.integers(0, 7, 15), "item": rng.integers(0, 12, 15)})
    if not set(predictions["user"]) & set(truth["user"]):
        return
    table = measure(predictions, truth, cutoffs=[2, 20])
    best_first = predictions.sort_values("score", ascending=False)
    for place, user in enumerate(sorted(set(truth["user"]))):
        ranked = best_first.loc[best_first["user"] == user, "item"].tolist()
        relevant = truth.loc[truth["user"] == user, "item"].tolist()
        for name, k in (("recall", 2), ("ndcg", 2), ("ndcg", 20), ("precision", 20)):
            expected = oracle_of(name)(ranked, relevant, k)
            assert table.user_values[f"{name}@{k}"][place] == pytest.approx(expected, abs=1e-14)


def test_ties_are_ordered_by_the_hash_of_the_ids():
    users, items = np.arange(40), np.arange(25)
    grid = pd.MultiIndex.from_product([users, items], names=["user", "item"]).to_frame(index=False)
    keys = pair_keys(stream(0, "ties"), Vocabulary.of(users).keys[:, None], Vocabulary.of(items).keys)
    first = items[keys.argmin(axis=1)]
    table = measure(grid.assign(score=1.0), pd.DataFrame({"user": users, "item": first}), cutoffs=[1])
    assert table["recall@1"].value == 1.0
    # Not the same order for all users, so that a constant scorer earns what chance gives.
    assert len(set(first)) > 10


def test_a_constant_scorer_earns_what_chance_gives():
    users, items = np.arange(4000), np.arange(20)
    grid = pd.MultiIndex.from_product([users, items], names=["user", "item"]).to_frame(index=False)
    truth = pd.DataFrame({"user": users, "item": 0})
    share = measure(grid.assign(score=0.0), truth, cutoffs=[5])["recall@5"].value
    assert abs(share - 5 / 20) < 4 * np.sqrt(0.25 * 0.75 / 4000)


def test_one_user_with_the_whole_catalogue_and_one_score():
    predictions = pd.DataFrame({"user": 1, "item": np.arange(200_000), "score": 0.0})
    assert measure(predictions, pd.DataFrame({"user": [1], "item": [5]})).counts["short_lists"] == 0


def test_equal_to_arrays():
    rng = np.random.default_rng(5)
    lists = np.array([rng.permutation(30)[:8] for _ in range(50)])
    lists[rng.random(lists.shape) < 0.1] = -1
    truth = [rng.permutation(30)[:3].tolist() for _ in range(50)]
    users, places = np.nonzero(lists >= 0)
    frame = pd.DataFrame({"user": users, "item": lists[users, places], "rank": places + 1, "score": 0.0})
    held = pd.DataFrame({"user": np.repeat(np.arange(50), 3), "item": np.concatenate(truth)})
    options = {"cutoffs": [1, 4, 8], "n_items": 30}
    # Ranks stand for places: gaps stay gaps.
    equal_to_the_bit(
        harness.evaluate(TopK(lists), Truth.from_lists(truth), **options), harness.evaluate(frame, held, **options)
    )


def test_counts():
    predictions = pd.DataFrame(
        {
            "user": ["a", "a", "a", "stranger", "c"],
            "item": [1, 1, 2, 3, 4],
            "score": [3.0, 2.0, 1.0, 5.0, 1.0],
        }
    )
    truth = pd.DataFrame({"user": ["a", "a", "b", "c", "d"], "item": [2, 2, 1, 4, 9], "gain": [1, 1, 1, 1, 0]})
    table = measure(predictions, truth)
    assert dict(table.counts) == {
        "users_without_truth": 2,  # the stranger, and d, whose item has no gain
        "users_without_predictions": 1,
        "short_lists": 1,
        "repeated_items": 1,
        "masked_scores": 0,
        "rounding_ties": 0,
        "repeated_relevant": 1,
        "contradicting_gains": 0,
    }
    assert table.per_user["user"].tolist() == ["a", "b", "c"]
    assert table.user_values["precision@3"].tolist() == [1 / 3, 0.0, 1 / 3]


def test_lists_shorter_than_every_cutoff():
    table = measure(PREDICTIONS, TRUTH, cutoffs=[10])
    assert table.counts["short_lists"] == 2
    assert table.user_values["precision@10"].tolist() == [0.2, 0.0]


def test_no_predictions_at_all():
    table = measure(PREDICTIONS.iloc[:0], TRUTH)
    assert table["recall@3"].value == 0.0
    assert table.counts["users_without_predictions"] == 2


def changed(**columns):
    return PREDICTIONS.assign(**columns)


RANKED = PREDICTIONS.drop(columns="score").assign(rank=[1, 1, 2, 3])


@pytest.mark.parametrize(
    ("predictions", "truth", "message"),
    [
        (
            PREDICTIONS.drop(columns="score"),
            TRUTH,
            "no column 'score' in the predictions; the columns are",
        ),
        (PREDICTIONS.rename(columns={"user": "user_id"}), TRUTH, "no column 'user' in the predictions"),
        (PREDICTIONS, TRUTH.drop(columns="item"), "no column 'item' in the truth"),
        (PREDICTIONS, TRUTH.drop(columns=["user", "item"]), "no column 'user' in the truth; the columns are none"),
        (pd.concat([PREDICTIONS, PREDICTIONS["user"]], axis=1), TRUTH, "column 'user' is in the predictions twice"),
        (changed(score=[1.0, np.nan, 2.0, 3.0]), TRUTH, "score in row 1 of the predictions is missing or NaN"),
        (changed(score=["a", "b", "c", "d"]), TRUTH, "scores in the predictions are of type"),
        (changed(score=[True, False, True, True]), TRUTH, "scores in the predictions are of type bool"),
        (
            RANKED.assign(rank=[0, 0, 1, 2]),
            TRUTH,
            "rank in row 0 of the predictions is 0; ranks are whole",
        ),
        (RANKED.assign(rank=[1, 1, 1.5, 2]), TRUTH, "rank in row 2 of the predictions is 1.5"),
        (RANKED.assign(rank=[1, 1, None, 2]), TRUTH, "rank in row 2 of the predictions is missing"),
        (RANKED.assign(rank=[1, 1, 2, 2]), TRUTH, "two items of the user 'ann' have the rank 2"),
        (changed(user=[1, 2, 3, 4]), TRUTH, "user ids are integers in the predictions and text in the truth"),
        (changed(item=[1, 2, 3, 4]), TRUTH, "item ids are integers in the predictions and text in the truth"),
        (changed(user=["ann", None, "bob", "bob"]), TRUTH, "user id in row 1 of the predictions is missing"),
        (PREDICTIONS, TRUTH.assign(item=["x", "y", None]), "item id in row 2 of the truth is missing"),
        (changed(user=[1.5, 2.0, 3.0, 4.0]), TRUTH, "1.5 is not a whole number"),
        (changed(user=[[1], [2], [3], [4]]), TRUTH, "neither integers nor text"),
        (changed(user="eve"), TRUTH, "no user in common: 'eve' is a user of the first, 'ann' of the second"),
        (PREDICTIONS, TRUTH.iloc[:0], "no user has a relevant item"),
        (PREDICTIONS, TRUTH.assign(gain=0), "no user has a relevant item"),
        (PREDICTIONS, TRUTH.assign(gain=[1, np.nan, 2]), "gain in row 1 of the truth is missing"),
    ],
)
def test_wrong_frames(predictions, truth, message):
    with pytest.raises(HarnessError, match=message):
        measure(predictions, truth)


def test_more_items_than_the_catalogue():
    with pytest.raises(HarnessError, match=r"4 distinct items, more than a catalogue of 3. Pass n_items=4"):
        measure(n_items=3)
    with pytest.raises(HarnessError, match="coverage@5 needs the size"):
        harness.evaluate(PREDICTIONS, TRUTH, metrics=["coverage"], cutoffs=[5])


@pytest.mark.parametrize("by", ["rank", "score"])
def test_a_metric_without_a_cutoff_sees_whole_lists(by):
    ranks = np.arange(1, 41)
    predictions = pd.DataFrame({"user": "ann", "item": [f"i{rank}" for rank in ranks], "rank": ranks})
    if by == "score":
        predictions = predictions.rename(columns={"rank": "score"}).assign(score=-ranks.astype(float))
    truth = pd.DataFrame({"user": "ann", "item": [f"i{rank}" for rank in range(11, 41)]})
    assert harness.evaluate(predictions, truth, metrics=["r_precision"])["r_precision"].value == 20 / 30
