"""What holds for every built-in metric, and that each has a test file with its cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import N_ITEMS, all_cases, cases_of, measure

from harness import registry

CASES = all_cases()
# Metrics of exact ranks and of side information have other input: test_every_rank_metric.py, test_every_side_metric.py.
OF_LISTS = [cases for cases in CASES if not cases.reads_side and not cases.reads_ranks]
PER_USER = [cases for cases in OF_LISTS if cases.per_user]


@pytest.mark.parametrize("cases", CASES, ids=lambda cases: cases.metric)
def test_each_metric_has_its_cases_and_states_its_facts(cases):
    assert len(cases.by_hand) >= 2
    assert callable(cases.oracle)
    kind = cases.kind
    stated = (kind.name, kind.family, kind.higher_is_better, kind.lower, kind.upper)
    assert stated == (cases.metric, cases.family, cases.higher_is_better, cases.lower, cases.upper)


def test_a_metric_without_cases_is_noticed(monkeypatch):
    monkeypatch.setitem(registry.BUILT_IN["metrics"], "untested", "harness.metrics.untested:Untested")
    with pytest.raises(LookupError, match=r"untested has no test file tests/metrics/test_untested\.py"):
        cases_of("untested")
    monkeypatch.setitem(registry.BUILT_IN["metrics"], "forgotten", "harness.metrics.recall:Forgotten")
    with pytest.raises(LookupError, match=r"test_recall\.py declares no MetricCases of forgotten"):
        cases_of("forgotten")


@st.composite
def rankings(draw, k=6):
    """Lists and truth with repeats and gaps, and users without truth."""
    users = draw(st.integers(1, 8))
    lists = st.lists(st.integers(-1, N_ITEMS - 1), min_size=k, max_size=k)
    truths = st.lists(st.integers(0, N_ITEMS - 1), max_size=8)
    truth = [draw(truths) for _ in range(users)]
    truth[draw(st.integers(0, users - 1))].append(draw(st.integers(0, N_ITEMS - 1)))
    return [draw(lists) for _ in range(users)], truth


def measure_all(lists, truth, cutoffs=(3,), cases=OF_LISTS, **more):
    return measure(lists, truth, [one.metric for one in cases], cutoffs, **more)


@settings(max_examples=60, deadline=None)
@given(rankings())
def test_equals_the_oracle(case):
    table = measure_all(*case, cutoffs=[1, 3, 6])
    for cases in OF_LISTS:
        for k in (1, 3, 6):
            cases.compare(table, *case, k, n_items=N_ITEMS, known=None, options={})


@settings(max_examples=40, deadline=None)
@given(rankings())
def test_every_option_equals_the_oracle(case):
    variants = [(cases, options) for cases in OF_LISTS for options in cases.variants()]
    table = measure(*case, [{"kind": cases.metric, **options} for cases, options in variants], [1, 4])
    for cases, options in variants:
        for k in (1, 4):
            cases.compare(table, *case, k, n_items=N_ITEMS, known=None, options=options)


@settings(max_examples=40, deadline=None)
@given(rankings())
def test_stays_in_range_and_rises_with_k(case):
    table = measure_all(*case, cutoffs=[1, 2, 4, 6])
    for cases in OF_LISTS:
        values = [table[cases.label(k)].value for k in (1, 2, 4, 6)]
        assert all(cases.lower <= value <= cases.upper for value in values)
        if cases.rises_with_k:
            assert values == sorted(values)
        if cases.per_user:
            scores = table.user_values[cases.label(4)]
            assert ((scores >= cases.lower) & (scores <= cases.upper)).all()


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

    before = measure_all(lists, truth)
    after = measure_all([rename(lists[user]) for user in order], [rename(truth[user]) for user in order])
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
    before, after = (measure_all(one, truth, cutoffs=[6], cases=PER_USER) for one in (lists, better))
    for label, values in before.user_values.items():
        assert (after.user_values[label] >= values).all()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=6, unique=True), min_size=1, max_size=5))
def test_the_best_list_is_perfect(truth):
    lists = [relevant + [-1] * (6 - len(relevant)) for relevant in truth]
    table = measure(lists, truth, ["recall", "ndcg", "hit_rate"], [6])
    assert [value.value for value in table.values] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("width", [64, 65, 150])
def test_lists_longer_than_a_word(width):
    rng = np.random.default_rng(width)
    lists = [rng.choice(400, size=width, replace=False).tolist() for _ in range(40)]
    truth = [rng.choice(400, size=rng.integers(1, 200), replace=False).tolist() for _ in range(40)]
    cutoffs = list(dict.fromkeys([1, 63, 64, width]))
    table = measure_all(lists, truth, cutoffs, n_items=400)
    for k in cutoffs:
        for cases in OF_LISTS:
            cases.compare(table, lists, truth, k, n_items=400, known=None, options={}, tolerance=1e-13)
