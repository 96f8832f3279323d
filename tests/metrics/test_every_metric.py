"""Each metric has a case worked by hand, an oracle, and properties; a metric without them fails here."""

from __future__ import annotations

import dataclasses
import functools
import math
import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import diversity as list_oracle
from oracles import ranking as user_oracle

import harness
from harness import TopK, Truth, registry
from harness.metrics import UserMetric

# Metrics of exact ranks have theirs in test_exact_ranks.py, those of what is known beside in test_side_metrics.py.
NAMES = [
    name
    for name in sorted(registry.BUILT_IN["metrics"])
    if set(registry.load("metrics", name)().required) <= {"n_items"}
]
N_ITEMS = 30

LOG3 = math.log2(3)
# Lists, truth, catalogue size, cutoff, value: worked on paper.
BY_HAND = {
    "recall": [
        ([[7, 1, 2]], [[1, 2, 3]], 10, 3, 2 / 3),
        ([[1, 1, 2]], [[1, 2]], 10, 2, 1 / 2),  # the second 1 is a miss, and 2 stays at rank 3
        ([[1, -1], [4, 5]], [[1], [6]], 10, 2, 1 / 2),
    ],
    "precision": [
        ([[7, 1, 2]], [[1, 2, 3]], 10, 3, 2 / 3),
        ([[1, -1, -1]], [[1]], 10, 3, 1 / 3),  # a short list is padded with misses
        ([[1, 1, 2]], [[1, 1]], 10, 3, 1 / 3),
    ],
    "ndcg": [
        # 1/log2(3) + 1/log2(4) over 1 + 1/log2(3) + 1/log2(4): 0.531.
        ([[7, 1, 2]], [[1, 2, 3]], 10, 3, (1 / LOG3 + 0.5) / (1 + 1 / LOG3 + 0.5)),
        ([[7, 1, 2]], [[1]], 10, 3, 1 / LOG3),
        ([[-1, 1, 2]], [[1]], 10, 3, 1 / LOG3),  # a gap keeps its rank
        ([[1, 2, 9]], [[1, 2]], 10, 3, 1.0),
    ],
    "f1": [
        ([[1, 7]], [[1, 2, 3, 4]], 10, 2, 1 / 3),  # precision 1/2, recall 1/4
        ([[7, 8]], [[1]], 10, 2, 0.0),
        ([[1, -1]], [[1]], 10, 2, 2 / 3),
    ],
    "r_precision": [
        ([[1, 7, 2]], [[1, 2]], 10, 3, 1 / 2),  # the third rank is beyond the two that are looked at
        ([[1, 7]], [[1, 2, 3, 4]], 10, 2, 1 / 4),  # the list ends before the fourth rank
    ],
    "dcg": [
        ([[1, 7, 2]], [[1, 2]], 10, 3, 1.5),
        ([[7, 1, 2]], [[1, 2]], 10, 2, 1 / LOG3),
    ],
    "map": [
        ([[1, 7, 2]], [[1, 2]], 10, 3, (1 + 2 / 3) / 2),
        ([[1, 7]], [[1, 2, 3]], 10, 2, 1 / 2),
        ([[1, 1, 2]], [[1, 2]], 10, 3, (1 + 2 / 3) / 2),
    ],
    "mrr": [
        ([[7, 1, 2]], [[1, 2]], 10, 3, 1 / 2),
        ([[7, 8, 1], [1, 7, 8]], [[1], [1]], 10, 2, 1 / 2),  # the first user's hit is beyond the cutoff
    ],
    "rbp": [
        ([[1, 7, 2]], [[1, 2]], 10, 3, 0.2 * (1 + 0.64)),
        ([[7, 1]], [[1]], 10, 2, 0.2 * 0.8),
    ],
    "hit_rate": [
        ([[7, 1, 2], [3, 4, 5]], [[1, 2, 3], [6]], 10, 3, 1 / 2),
        ([[7, 1]], [[1]], 10, 1, 0.0),
    ],
    "coverage": [
        ([[0, 1], [1, 2]], [[5], [6]], 8, 2, 3 / 8),
        ([[0, 1], [1, -1]], [[5], [6]], 8, 1, 2 / 8),
        ([[0, -1], [-1, -1]], [[5], [6]], 8, 2, 1 / 8),
    ],
    "user_coverage": [
        ([[0, 1], [-1, -1]], [[5], [6]], 8, 2, 1 / 2),
        ([[-1, 1], [0, -1]], [[5], [6]], 8, 2, 1.0),
    ],
    "gini": [
        ([[0, 1], [0, -1], [0, -1]], [[2], [2], [2]], 4, 2, (3 * 3 + 1 * 1) / (4 * 4)),  # counts 0, 0, 1, 3
        ([[0, 0], [1, 1]], [[0], [1]], 2, 2, 0.0),  # a list holds an item once
        ([[-1, -1]], [[0]], 2, 2, 0.0),
    ],
    "shannon_entropy": [
        ([[0, 1], [2, 3]], [[5], [6]], 8, 2, math.log(4)),
        ([[0, 0], [0, -1]], [[5], [6]], 8, 2, 0.0),
    ],
    "diversity": [
        ([[0, 1], [1, 2], [3, 4]], [[5], [6], [7]], 8, 2, (2 / 3 + 1 + 1) / 3),
        ([[0, 0], [0, 1]], [[5], [6]], 8, 2, 1 / 2),  # lists are sets
        ([[0, 1], [-1, -1], [-1, -1]], [[5], [6], [7]], 8, 2, 1.0),  # two empty lists are no pair
        ([[0, 1]], [[5]], 8, 2, 0.0),
    ],
}
# The same for what is not the default: options, lists, truth, cutoff, value.
OPTIONS_BY_HAND = [
    ({"kind": "recall", "denominator": "min_k"}, [[7, 1]], [[1, 2, 3]], 2, 1 / 2),
    ({"kind": "precision", "denominator": "list"}, [[1, -1, -1]], [[1]], 3, 1.0),
    ({"kind": "precision", "denominator": "list"}, [[-1, -1], [1, 2]], [[1], [1]], 2, 1 / 4),  # an empty list: 0
    ({"kind": "precision", "denominator": "min_k"}, [[1, 7, 8]], [[1, 2]], 3, 1 / 2),
    # Two hits of two users, who could have had two and one: not the mean of 1/2 and 1.
    ({"kind": "precision", "denominator": "min_k", "average": "micro"}, [[1, 7], [3, 7]], [[1, 2, 9], [3]], 2, 2 / 3),
    ({"kind": "precision", "average": "micro"}, [[1, 7], [3, 7]], [[1, 2, 9], [3]], 2, 1 / 2),
    ({"kind": "ndcg", "ideal": "full_k"}, [[1, 7, 8]], [[1]], 3, 1 / (1 + 1 / LOG3 + 0.5)),
    ({"kind": "ndcg", "discount": "log2_rank"}, [[7, 1, 2]], [[1, 2]], 3, (1 + 1 / LOG3) / 2),
    ({"kind": "dcg", "discount": "log2_rank"}, [[7, 1, 2]], [[1, 2]], 3, 1 + 1 / LOG3),
    ({"kind": "map", "denominator": "relevant"}, [[1, 7]], [[1, 2, 3, 4]], 2, 1 / 4),
    ({"kind": "map", "denominator": "k"}, [[1, 7]], [[1]], 2, 1 / 2),
    ({"kind": "map", "denominator": "list"}, [[1, -1]], [[1, 2, 3]], 2, 1.0),
    ({"kind": "map", "denominator": "hits"}, [[7, 1, 2]], [[1, 2, 3]], 3, (1 / 2 + 2 / 3) / 2),
    ({"kind": "map", "denominator": "hits"}, [[7, 8]], [[1]], 2, 0.0),
    ({"kind": "map", "denominator": "list"}, [[-1, -1]], [[1, 2, 3]], 2, 0.0),
    ({"kind": "user_coverage", "least": 2}, [[1, -1], [1, 2]], [[1], [1]], 2, 1 / 2),
    ({"kind": "shannon_entropy", "base": "2"}, [[1, 2], [3, 4]], [[1], [1]], 2, 2.0),
    ({"kind": "rbp", "p": 0.5}, [[1, 7, 2]], [[1, 2]], 3, 0.625),
]
USER_ORACLES = {
    "recall": user_oracle.recall,
    "precision": user_oracle.precision,
    "ndcg": user_oracle.ndcg,
    "f1": user_oracle.f1,
    "r_precision": user_oracle.r_precision,
    "dcg": user_oracle.dcg,
    "map": user_oracle.average_precision,
    "mrr": user_oracle.mrr,
    "rbp": user_oracle.rbp,
    "hit_rate": user_oracle.hit_rate,
    "user_coverage": user_oracle.user_coverage,
}
LIST_ORACLES = {
    "coverage": list_oracle.coverage,
    "gini": list_oracle.gini,
    "shannon_entropy": list_oracle.shannon_entropy,
    "diversity": list_oracle.diversity,
}
# Metrics that cannot fall when more ranks are looked at; precision and ndcg can.
RISE_WITH_K = {"recall", "hit_rate", "r_precision", "dcg", "mrr", "rbp", "coverage"}
WITHOUT_CUTOFF = {name for name in NAMES if registry.load("metrics", name)().cutoff is None}


def label(name, k):
    return name if name in WITHOUT_CUTOFF else f"{name}@{k}"


def variants(name):
    """Each option of a metric at each of its other values."""
    cls = registry.load("metrics", name)
    kinds = typing.get_type_hints(cls)
    for option in dataclasses.fields(cls):
        others = {float: (0.3, 0.95), int: (2, 5)}.get(kinds[option.name], typing.get_args(kinds[option.name]))
        for value in others:
            # Gains and samples have tests of their own: test_ties.py and test_overlap.py.
            if value != option.default and option.name not in {"k", "gain", "sample"}:
                yield {"kind": name, option.name: value}


def measure(lists, truth, n_items=N_ITEMS, cutoffs=(3,), metrics=NAMES, n_jobs=1):
    return harness.evaluate(
        TopK(np.array(lists)),
        Truth.from_lists(truth),
        metrics=list(metrics),
        cutoffs=list(cutoffs),
        n_items=n_items,
        n_jobs=n_jobs,
    )


@st.composite
def rankings(draw, k=6):
    """Lists and truth with repeats and gaps, and users without truth."""
    users = draw(st.integers(1, 8))
    lists = st.lists(st.integers(-1, N_ITEMS - 1), min_size=k, max_size=k)
    truths = st.lists(st.integers(0, N_ITEMS - 1), max_size=8)
    truth = [draw(truths) for _ in range(users)]
    truth[draw(st.integers(0, users - 1))].append(draw(st.integers(0, N_ITEMS - 1)))
    return [draw(lists) for _ in range(users)], truth


def counted(lists, truth):
    return [(ranked, relevant) for ranked, relevant in zip(lists, truth, strict=True) if relevant]


def test_no_metric_lacks_its_tests():
    assert sorted(BY_HAND) == NAMES
    assert sorted({**USER_ORACLES, **LIST_ORACLES}) == NAMES
    for name in NAMES:
        assert (name in USER_ORACLES) == issubclass(registry.load("metrics", name), UserMetric)


@pytest.mark.parametrize(("name", "case"), [(name, case) for name in NAMES for case in BY_HAND[name]])
def test_worked_by_hand(name, case):
    lists, truth, n_items, k, expected = case
    value = measure(lists, truth, n_items, [k], [name])[label(name, k)].value
    assert value == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("spec", "lists", "truth", "k", "expected"), OPTIONS_BY_HAND)
def test_options_worked_by_hand(spec, lists, truth, k, expected):
    assert measure(lists, truth, cutoffs=[k], metrics=[spec]).values[0].value == pytest.approx(expected, abs=1e-15)


@settings(max_examples=40, deadline=None)
@given(rankings())
def test_every_option_equals_the_oracle(case):
    lists, truth = case
    oracles = USER_ORACLES | LIST_ORACLES
    specs = [spec for name in NAMES for spec in variants(name)]
    table = measure(lists, truth, cutoffs=[1, 4], metrics=specs)
    for spec in specs:
        options = {key: value for key, value in spec.items() if key != "kind"}
        for k in (1, 4):
            given = options if spec["kind"] in WITHOUT_CUTOFF else {"k": k, **options}
            name = registry.load("metrics", spec["kind"])(**given).label
            oracle = functools.partial(oracles[spec["kind"]], **options)
            if spec["kind"] in LIST_ORACLES:
                expected = oracle([ranked for ranked, _ in counted(*case)], k, N_ITEMS)
                assert table[name].value == pytest.approx(expected, abs=1e-14)
            else:
                expected = [oracle(ranked, relevant, k) for ranked, relevant in counted(*case)]
                if options.get("average") == "micro":
                    expected = np.array(expected) / k  # the mean over users of the denominator k
                np.testing.assert_allclose(table.user_values[name], expected, rtol=0, atol=1e-14)


@settings(max_examples=60, deadline=None)
@given(rankings())
def test_equals_the_oracle(case):
    lists, truth = case
    table = measure(lists, truth, cutoffs=[1, 3, 6])
    users = counted(lists, truth)
    for k in (1, 3, 6):
        for name, oracle in USER_ORACLES.items():
            expected = [oracle(ranked, relevant, k) for ranked, relevant in users]
            np.testing.assert_allclose(table.user_values[label(name, k)], expected, rtol=0, atol=1e-14)
            assert table[label(name, k)].value == pytest.approx(sum(expected) / len(expected), abs=1e-14)
        for name, oracle in LIST_ORACLES.items():
            expected = oracle([ranked for ranked, _ in users], k, N_ITEMS)
            assert table[label(name, k)].value == pytest.approx(expected, abs=1e-14)


@settings(max_examples=40, deadline=None)
@given(rankings())
def test_stays_in_range_and_rises_with_k(case):
    table = measure(*case, cutoffs=[1, 2, 4, 6])
    for name in NAMES:
        metric = registry.load("metrics", name)
        values = [table[label(name, k)].value for k in (1, 2, 4, 6)]
        assert all(metric.lower <= value <= metric.upper for value in values)
        if name in RISE_WITH_K:
            assert values == sorted(values)
        if metric.per_user:
            scores = table.user_values[label(name, 4)]
            assert ((scores >= metric.lower) & (scores <= metric.upper)).all()


@settings(max_examples=40, deadline=None)
@given(rankings(), st.randoms(use_true_random=False))
def test_names_of_items_and_order_of_users_change_nothing(case, random):
    lists, truth = case
    names = list(range(N_ITEMS))
    random.shuffle(names)
    order = list(range(len(lists)))
    random.shuffle(order)

    def rename(items):
        return [names[item] if item >= 0 else item for item in items]

    before = measure(lists, truth)
    after = measure([rename(lists[user]) for user in order], [rename(truth[user]) for user in order])
    for one, other in zip(before.values, after.values, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-14)
    # To the bit where no sum depends on the order.
    assert before["diversity@3"].value == after["diversity@3"].value
    assert sorted(before.user_values["ndcg@3"]) == sorted(after.user_values["ndcg@3"])


@settings(max_examples=40, deadline=None)
@given(rankings(), st.integers(0, 5))
def test_one_more_hit_lowers_no_accuracy(case, rank):
    lists, truth = case
    better = [list(ranked) for ranked in lists]
    for ranked, relevant in zip(better, truth, strict=True):
        missing = sorted(set(relevant) - set(ranked))
        if missing and ranked[rank] not in relevant:
            ranked[rank] = missing[0]
    before, after = (measure(one, truth, cutoffs=[6], metrics=USER_ORACLES) for one in (lists, better))
    for label, values in before.user_values.items():
        assert (after.user_values[label] >= values).all()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=6, unique=True), min_size=1, max_size=5))
def test_the_best_list_is_perfect(truth):
    lists = [relevant + [-1] * (6 - len(relevant)) for relevant in truth]
    table = measure(lists, truth, cutoffs=[6], metrics=["recall", "ndcg", "hit_rate"])
    assert [value.value for value in table.values] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("width", [64, 65, 150])
def test_lists_longer_than_a_word(width):
    rng = np.random.default_rng(width)
    lists = np.array([rng.choice(400, size=width, replace=False) for _ in range(40)])
    truth = [rng.choice(400, size=rng.integers(1, 200), replace=False).tolist() for _ in range(40)]
    cutoffs = [1, 63, 64, width]
    table = measure(lists, truth, 400, dict.fromkeys(cutoffs))
    for k in cutoffs:
        for name, oracle in USER_ORACLES.items():
            expected = [oracle(ranked, relevant, k) for ranked, relevant in zip(lists.tolist(), truth, strict=True)]
            np.testing.assert_allclose(table.user_values[label(name, k)], expected, rtol=0, atol=1e-13)
        for name, oracle in LIST_ORACLES.items():
            assert table[label(name, k)].value == pytest.approx(oracle(lists.tolist(), k, 400), abs=1e-13)
