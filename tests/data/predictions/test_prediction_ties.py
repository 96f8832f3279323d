"""Equal scores in files of predictions: one order for all formats, and those that rounding makes are counted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import pytrec_eval
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.artifacts import RecommendationTask, Truth, Vocabulary
from harness.data import checked_predictions, read_predictions

USERS = [f"u{number}" for number in range(6)]
ITEMS = [*"abcde", "10", "9", "é"]


def task(users=USERS, items=ITEMS):
    user_ids, item_ids = Vocabulary.of(users), Vocabulary.of(items)
    history = history_of([[]] * len(users), len(items))
    return RecommendationTask(
        np.arange(len(users)), Truth.from_lists([[]] * len(users)), history, user_ids, item_ids, exclude_seen=False
    )


def write(rows, path, *, ranks=None):
    """Write (user, item, score) by the format of the name."""
    if path.suffix == ".run":
        ranks = range(1, len(rows) + 1) if ranks is None else ranks
        lines = [
            f"{user} Q0 {item} {rank} {score} tag\n" for (user, item, score), rank in zip(rows, ranks, strict=True)
        ]
        path.write_text("".join(lines))
    else:
        frame = pd.DataFrame(rows, columns=["user", "item", "score"])
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


def lists(path, asked=None, *, k=20, seed=0, **options):
    asked = replace(task() if asked is None else asked, k=k, seed=seed)
    return checked_predictions(read_predictions(path), asked, **{"depth": 3, **options})


def counts(found):
    return {finding.name: finding.count for finding in found.findings}


SCORES = st.sampled_from(["1", "2.5", "-inf", "16777217", "16777216", "0.975230281005001", "0.975230281005"])
ROWS = st.lists(
    st.tuples(st.sampled_from(USERS), st.sampled_from([*ITEMS, "unknown", "other"]), SCORES),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 3), random=st.randoms(use_true_random=False))
def test_a_trec_run_has_the_lists_of_the_same_csv(rows, seed, random, tmp_path_factory):
    if all(score == "-inf" for _, _, score in rows):
        return
    folder = tmp_path_factory.mktemp("ties")
    csv = lists(write(rows, folder / "lists.csv"), seed=seed)
    random.shuffle(rows)
    run = lists(write(rows, folder / "lists.run", ranks=[0] * len(rows)), seed=seed)
    assert run.topk.items.tolist() == csv.topk.items.tolist()
    assert run.topk.scores.tolist() == csv.topk.scores.tolist()
    assert run.findings == csv.findings
    # What is counted, as plain Python counts it.
    listed = [(user, float(score)) for user, _, score in rows if score != "-inf"]
    same = [[other for user, other in listed if user == own and np.float32(other) == np.float32(score)]
            for own, score in listed]  # fmt: skip
    assert counts(run)["tied_scores"] == sum(len(group) > 1 for group in same)
    assert counts(run)["rounding_ties"] == sum(len(set(group)) > 1 for group in same)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_a_file_has_the_values_of_the_same_frame(rows, tmp_path_factory):
    # Frames know an item by its id alone, so that unknown ones stand where they do in a file.
    if all(score == "-inf" for _, _, score in rows):
        return
    found = lists(write(rows, tmp_path_factory.mktemp("ties") / "lists.run"))
    truth = pd.DataFrame([(user, item) for user in USERS for item in ITEMS[:2]], columns=["user", "item"])
    frame = pd.DataFrame(rows, columns=["user", "item", "score"]).astype({"score": float})
    vocabulary = Vocabulary.of(ITEMS)
    relevant = harness.Truth.from_lists([vocabulary.indices(ITEMS[:2]).tolist()] * len(USERS), users=np.array(USERS))
    options = {"metrics": ["mrr", "ndcg", "recall", {"kind": "user_coverage"}], "cutoffs": [1, 3]}
    by_file = harness.evaluate(found.topk, relevant, **options)
    by_frame = harness.evaluate(frame, truth, **options)
    for label, values in by_frame.user_values.items():
        if not label.startswith("user_coverage"):  # which counts items that the data set lacks
            np.testing.assert_array_equal(values, by_file.user_values[label])


@pytest.mark.parametrize("ranks", [[0] * 3, [0, 1, 2], ["first", "second", "-"], [3, 2, 1], [1, 1, 1]])
def test_the_ranks_of_a_trec_run_are_not_read(ranks, tmp_path):
    found = lists(write([("u0", "a", 1), ("u0", "b", 3), ("u0", "c", 2)], tmp_path / "lists.run", ranks=ranks))
    assert found.topk.items[0].tolist() == Vocabulary.of(ITEMS).indices(["b", "c", "a"]).tolist()


@pytest.mark.parametrize("unknown", [0, 5])
@pytest.mark.parametrize("form", ["run", "csv", "parquet"])
def test_a_constant_scorer_earns_what_chance_gives(form, unknown, tmp_path):
    users, items = [f"u{number:04}" for number in range(1500)], list("abcdefgh")
    rows = [(user, item, 1.0) for user in users for item in [*items, *(f"x{place}" for place in range(unknown))]]
    found = lists(write(rows, tmp_path / f"lists.{form}"), task(users, items), k=1, depth=1)
    first = np.bincount(found.topk.items[:, 0] + 1, minlength=9)[1:] / len(users)
    chance = 1 / (8 + unknown)
    assert np.abs(first - chance).max() < 4 * np.sqrt(chance * (1 - chance) / len(users))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(USERS), st.sampled_from([*ITEMS, "unknown", "other"]), st.integers(0, 2)),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:2],
    ),
    form=st.sampled_from(["run", "csv"]),
)
def test_ties_of_trec_eval_are_those_of_trec_eval(rows, form, tmp_path_factory):
    # Lists are cut at 2, where groups of ties are not over.
    found = lists(write(rows, tmp_path_factory.mktemp("ties") / f"lists.{form}"), k=2, depth=2, by_id=True)
    run = {user: {item: float(score) for own, item, score in rows if own == user} for user in USERS}
    run = {user: listed for user, listed in run.items() if listed}
    judged = {user: dict.fromkeys(ITEMS[:3], 1) for user in run}
    expected = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.2", "P.1,2"}).evaluate(run)
    relevant = Vocabulary.of(ITEMS).indices(ITEMS[:3]).tolist()
    truth = harness.Truth.from_lists([relevant] * len(USERS), users=np.array(USERS))
    table = harness.evaluate(found.topk, truth, metrics=["ndcg", "precision"], cutoffs=[1, 2])
    for place, user in enumerate(table.users):
        if user in run:
            for label, theirs in {"ndcg@2": "ndcg_cut_2", "precision@1": "P_1", "precision@2": "P_2"}.items():
                assert table.user_values[label][place] == pytest.approx(expected[user][theirs], abs=1e-12)


def test_ranks_alone_are_no_ties(tmp_path):
    path = tmp_path / "lists.csv"
    pd.DataFrame({"user": "u0", "item": list("abcd"), "rank": [2, 1, 4, 5]}).to_csv(path, index=False)
    found = lists(path, by_id=True)
    assert found.topk.items[0].tolist() == Vocabulary.of(ITEMS).indices(["b", "a", "nobody's", "c", "d"]).tolist()
    truth = harness.Truth.from_lists([Vocabulary.of(ITEMS).indices(["a"]).tolist()] + [[]] * 5)
    ties = harness.evaluate(harness.TopK(found.topk.items, found.topk.scores), truth, metrics=["mrr"], cutoffs=[5])
    assert ties["mrr@5"].ties.worst == ties["mrr@5"].ties.best == 1 / 2


def test_contradictions_below_float32_are_none(tmp_path):
    frame = pd.DataFrame({"user": "u0", "item": ["a", "b"], "rank": [1, 2], "score": [16777216, 16777217]})
    frame.to_parquet(tmp_path / "lists.parquet")
    assert counts(lists(tmp_path / "lists.parquet"))["contradicting_ranks"] == 0


@pytest.mark.parametrize("kind", ["int64", "uint32", "float32", "float64", "Float64", "str"])
def test_scores_of_every_type_are_rounded_once(kind, tmp_path):
    values = [16777217, 16777219, 3, 1]
    pd.DataFrame({"user": "u0", "item": list("abcd"), "score": pd.array(values, dtype=kind)}).to_parquet(
        tmp_path / "lists.parquet"
    )
    scores = lists(tmp_path / "lists.parquet").topk.scores[0].tolist()
    # Halfway between two numbers of float32, the one whose last bit is 0.
    assert [Fraction(score) for score in scores[:4]] == [16777220, 16777216, 3, 1]
