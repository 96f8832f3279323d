"""Metrics over plain lists: the loops of the definitions, and the very numbers of harness.evaluate."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from metric_cases import oracle_of
from oracles.ranking import flags

import harness
from harness.modules import RecommendationMetrics

AT_K = ("recall", "precision", "ndcg", "hit_rate")
PREDICTIONS, TARGETS = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]], [[1, 3, 5], [7, 9]]


def ours(name, predictions, targets, k):
    return getattr(RecommendationMetrics, f"{name}_at_k")(predictions, targets, k)


def by_loops(name, predictions, targets, k):
    if name == "precision":
        return np.mean([sum(flags(*pair, k)) / k for pair in zip(predictions, targets, strict=True)] or [0.0])
    values = [oracle_of(name)(*pair, k) for pair in zip(predictions, targets, strict=True) if len(pair[1])]
    return np.mean(values or [0.0])


def test_the_documented_example():
    assert ours("recall", PREDICTIONS, TARGETS, 5) == 1.0
    assert ours("hit_rate", PREDICTIONS, TARGETS, 5) == 1.0
    assert ours("precision", PREDICTIONS, TARGETS, 5) == pytest.approx((3 / 5 + 2 / 5) / 2)
    # Hits at ranks 1, 3, 5 of three targets, and at 2, 4 of two.
    log3, log5, log6 = math.log2(3), math.log2(5), math.log2(6)
    first = (1 + 1 / 2 + 1 / log6) / (1 + 1 / log3 + 1 / 2)
    second = (1 / log3 + 1 / log5) / (1 + 1 / log3)
    assert ours("ndcg", PREDICTIONS, TARGETS, 5) == pytest.approx((first + second) / 2, abs=1e-15)


NAMES = {
    "integers": lambda number: number,
    "text": lambda number: f"item {number}",
    "negative": lambda number: number - 5,
    "large": lambda number: number + (1 << 40),
    "pairs": lambda number: (number % 3, str(number)),
    "numpy": np.int64,
    "floats": float,
    "mixed": lambda number: number if number % 2 else str(number),
}
rows = st.lists(st.lists(st.integers(0, 9), max_size=8), min_size=0, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    predictions=rows,
    k=st.integers(1, 80),
    kind=st.sampled_from(sorted(NAMES)),
    name=st.sampled_from(AT_K),
)
def test_the_loops_of_the_definitions(data, predictions, k, kind, name):
    named = NAMES[kind]
    targets = data.draw(
        st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=len(predictions), max_size=len(predictions))
    )
    predictions = [[named(item) for item in row] for row in predictions]
    targets = [[named(item) for item in row] for row in targets]
    # All text on one side and none on the other is refused, which is tested below.
    texts = [{isinstance(item, str) for row in side for item in row} for side in (predictions, targets)]
    assume(texts not in ([{False}, {True}], [{True}, {False}]))
    assert ours(name, predictions, targets, k) == pytest.approx(by_loops(name, predictions, targets, k), abs=1e-12)


@pytest.fixture(scope="module")
def many_lists():
    """Return lists and targets of so many users that they fill blocks: as numbers, as text, and their evaluation."""
    drawn = np.random.default_rng(0)
    predictions = drawn.integers(0, 60, size=(40_000, 25))
    targets = [drawn.integers(0, 60, size=drawn.integers(1, 6)).tolist() for _ in predictions]
    table = harness.evaluate(
        harness.TopK(predictions), harness.Truth.from_lists(targets), metrics=AT_K, cutoffs=[1, 3, 10, 25], n_jobs=1
    )
    text = [f"i{item}" for item in range(60)]
    named = [[[text[item] for item in row] for row in rows] for rows in (predictions.tolist(), targets)]
    return (predictions.tolist(), targets), named, table


@pytest.mark.parametrize("k", [1, 3, 10, 25])
@pytest.mark.parametrize("name", AT_K)
def test_the_very_number_of_evaluate(name, k, many_lists):
    numbers, named, table = many_lists
    assert ours(name, *numbers, k) == table[f"{name}@{k}"].value
    assert ours(name, *named, k) == table[f"{name}@{k}"].value


@pytest.mark.parametrize("ids", ["integers", "text"])
def test_users_without_targets(ids):
    named = NAMES[ids]
    predictions, targets = [[named(1), named(2)], [named(3), named(4)]], [[named(2)], []]
    assert ours("recall", predictions, targets, 2) == 1.0
    assert ours("hit_rate", predictions, targets, 2) == 1.0
    assert ours("ndcg", predictions, targets, 2) == pytest.approx(1 / math.log2(3))
    assert ours("precision", predictions, targets, 2) == 0.25  # over both


@pytest.mark.parametrize("name", AT_K)
def test_no_valid_user(name):
    assert ours(name, [], [], 5) == 0.0
    assert ours(name, [[1], []], [[], []], 5) == 0.0
    assert ours(name, [["a"]], [[]], 5) == 0.0
    assert ours(name, [[], []], [[1], [2]], 5) == 0.0


@pytest.mark.parametrize("ids", ["integers", "text"])
def test_a_repeated_item_counts_once_at_its_first_rank(ids):
    named = NAMES[ids]
    predictions = [[named(item) for item in (7, 1, 1, 1)]]
    assert ours("precision", predictions, [[named(1)]], 4) == 0.25
    assert ours("recall", predictions, [[named(1), named(1), named(2)]], 4) == 0.5  # distinct targets
    assert ours("ndcg", predictions, [[named(1)]], 4) == pytest.approx(1 / math.log2(3))


def test_a_large_cutoff_takes_no_memory():
    for name in AT_K:
        assert ours(name, [[1, 2]], [[2]], 10**12) == pytest.approx(
            by_loops(name, [[1, 2]], [[2]], 10**12 if name == "precision" else 100)
        )


def test_long_rows_are_cut():
    long = [[9] * 500 + [1], [1, *range(100, 700)]]
    assert ours("hit_rate", long, [[1], [1]], 3) == 0.5
    assert ours("recall", tuple(map(tuple, long)), ((1,), (1,)), 501) == 1.0


@pytest.mark.parametrize(
    "targets",
    [
        [{1, 3, 5}, {7, 9}],
        [(1, 3, 5), (7, 9)],
        [np.array([1, 3, 5]), torch.tensor([7, 9])],
        [{1: 0, 3: 0, 5: 0}.keys(), iter([7, 9])],
    ],
)
@pytest.mark.parametrize(
    "predictions",
    [
        PREDICTIONS,
        np.array(PREDICTIONS),
        torch.tensor(PREDICTIONS),
        [np.array(row) for row in PREDICTIONS],
        iter(PREDICTIONS),
    ],
)
def test_other_kinds_of_rows(predictions, targets):
    targets = [iter([7, 9]) if hasattr(row, "__next__") else row for row in targets]
    predictions = iter(PREDICTIONS) if hasattr(predictions, "__next__") else predictions
    assert ours("recall", predictions, targets, 3) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_text_of_other_types_is_text():
    predictions = [list(np.array(["a", "b"]))]
    assert ours("recall", predictions, [["z"]], 2) == 0.0
    assert ours("recall", predictions, [["b"]], 2) == 1.0
    assert RecommendationMetrics.diversity([predictions[0], ["b", "a"]]) == 0.0


def test_lists_of_tensors_without_a_dimension():
    rows = [list(row) for row in torch.tensor(PREDICTIONS)]
    assert ours("recall", rows, [list(torch.tensor(row)) for row in TARGETS], 5) == 1.0
    assert RecommendationMetrics.coverage(rows, 40) == 0.25
    assert RecommendationMetrics.diversity([rows[0], rows[0]]) == 0.0


def test_lists_too_long_for_a_table(monkeypatch):
    from harness.modules import id_rows as module

    monkeypatch.setattr(module, "_MOST_CELLS", 100)
    long = [[1]] * 20 + [list(range(10))]
    with pytest.raises(ValueError, match="predictions has 21 rows, and one of 10 ids"):
        RecommendationMetrics.diversity(long)
    assert ours("recall", long, [[1]] * 21, 2) == 1.0
    assert RecommendationMetrics.coverage([[1]], 10**20) == 1e-20
    with pytest.raises(ValueError, match=r"at most .* ranks"):
        ours("recall", [[1]], [[1]], 10**20)


def test_truth_values_are_the_integers_that_they_equal():
    assert ours("recall", [[True, 5]], [[1]], 1) == 1.0
    assert ours("recall", [[1.0]], [[1]], 1) == 1.0


@pytest.mark.parametrize("name", AT_K)
@pytest.mark.parametrize(
    ("predictions", "targets", "k", "message"),
    [
        ([[1]], [[1], [2]], 5, "predictions has 1 rows, targets 2"),
        ([["a"]], [["a"], ["b"]], 5, "predictions has 1 rows, targets 2"),
        ([[1]], [[1]], 0, "k is 0"),
        ([[1]], [[1]], -3, "k is -3"),
        ([[1]], [[1]], 2.0, "k is 2.0"),
        ([[1]], [[1]], True, "k is True"),
        ([1, 2], [[1], [2]], 5, r"predictions\[0\] is of type int; a list"),
        ([[1], 2], [[1], [2]], 5, r"predictions\[1\] is of type int; a list"),
        (["abc"], [["a"]], 5, r"predictions\[0\] is of type str"),
        ("abc", [["a"]], 5, "predictions is of type str"),
        ([{1, 2}], [[1]], 5, r"predictions\[0\] is of type set"),
        ([[1]], [{1: 2}], 5, r"targets\[0\] is of type dict"),
        ([[1]], 7, 5, "targets is of type int"),
        ([[[1]]], [[1]], 5, "ids must be hashable"),
        ([[1]], [[{}]], 5, "ids must be hashable"),
        ([[1, 2]], [["1"]], 5, "predictions holds ids of type int, targets of type str; none would match"),
        ([["1"]], [[1]], 5, "none would match"),
    ],
)
def test_what_cannot_be_measured(name, predictions, targets, k, message):
    with pytest.raises(ValueError, match=message):
        ours(name, predictions, targets, k)


def test_the_arguments_are_left_alone():
    predictions, targets = [[3, 1], ["a"]], [[1], ["a"]]
    for name in AT_K:
        ours(name, predictions, targets, 1)
    assert (predictions, targets) == ([[3, 1], ["a"]], [[1], ["a"]])


# Over all lists.


@settings(max_examples=80, deadline=None)
@given(predictions=rows, kind=st.sampled_from(sorted(NAMES)))
def test_coverage_and_diversity_by_sets_and_pairs(predictions, kind):
    named = [[NAMES[kind](item) for item in row] for row in predictions]
    assert RecommendationMetrics.coverage(named, 50) == len({item for row in named for item in row}) / 50
    expected = oracle_of("diversity")(predictions, 8, 10)
    assert RecommendationMetrics.diversity(named) == pytest.approx(expected, abs=1e-12)


def test_coverage_by_hand():
    assert RecommendationMetrics.coverage([[1, 2], [2, 99]], total_items=4) == 0.75
    assert RecommendationMetrics.coverage([], total_items=4) == 0.0
    assert RecommendationMetrics.coverage([[], []], total_items=4) == 0.0
    assert RecommendationMetrics.coverage(np.array([[1, 2], [2, 1]]), total_items=2) == 1.0


def test_diversity_by_hand():
    assert RecommendationMetrics.diversity([[1, 2], [2, 3], [4]]) == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert RecommendationMetrics.diversity([["a", "b"], ["b", "a"]]) == 0.0
    assert RecommendationMetrics.diversity([[1, 2]]) == RecommendationMetrics.diversity([]) == 0.0


@pytest.mark.parametrize("total", [0, -1, 2.5, True])
def test_a_catalogue_that_cannot_be(total):
    with pytest.raises(ValueError, match="total_items is"):
        RecommendationMetrics.coverage([[1]], total)


def test_more_items_than_there_are():
    with pytest.raises(ValueError, match="predictions holds 3 distinct ids; total_items is 2"):
        RecommendationMetrics.coverage([[1, 2], [3]], 2)
    with pytest.raises(ValueError, match="predictions is of type str"):
        RecommendationMetrics.diversity("ab")


def test_integers_take_the_quick_way(monkeypatch):
    # The way by hash gives the same numbers ten times as slowly: nothing but this would show it.
    from harness.modules import list_matching as module

    def refuse(*_):
        raise AssertionError("by hash")

    monkeypatch.setattr(module, "_hits_by_hash", refuse)
    assert ours("recall", PREDICTIONS, TARGETS, 5) == 1.0
    assert ours("recall", [[0, 2**31 - 1]], [[2**31 - 1]], 5) == 1.0
    with pytest.raises(AssertionError, match="by hash"):
        ours("recall", [[2**31]], [[1]], 5)
