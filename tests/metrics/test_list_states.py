"""Metrics over all lists from states of shards, and own metrics that have none."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.dataclasses import dataclass

import harness
from harness import HarnessError, TopK, Truth, registry
from harness.evaluation import merge_shards, score_shard
from harness.metrics import Coverage, Diversity, ListMetric, Lists
from harness.metrics.distinct_lists import DistinctLists

LIST_METRICS = [
    metric
    for metric in (registry.load("metrics", name) for name in sorted(registry.BUILT_IN["metrics"]))
    if issubclass(metric, ListMetric) and set(metric.needs) <= {"n_items"}  # others: test_every_side_metric.py
]
N_ITEMS = 12


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Longest(ListMetric):
    """One's own metric over all lists at once."""

    name = "longest"
    family = "coverage"
    formula = r"\max_u |L_u|"
    reference = "here"

    def value(self, lists):
        return float((lists.items[lists.rows] >= 0).sum(axis=1).max())


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LongestOfShards(Longest):
    """The same in shards."""

    name = "longest_of_shards"
    value = ListMetric.value

    def state(self, lists):
        return {"longest": (lists.items[lists.rows] >= 0).sum(axis=1).max(initial=0, keepdims=True)}

    def merged(self, states, *, parallel=None):
        return float(max(state["longest"][0] for state in states))


rows = st.lists(st.lists(st.integers(-1, N_ITEMS), min_size=4, max_size=4), max_size=6)


@pytest.mark.parametrize("metric", LIST_METRICS)
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(rows, min_size=1, max_size=5), k=st.integers(1, 5), order=st.randoms(use_true_random=False))
def test_states_merge_to_the_value_of_all(metric, parts, k, order):
    metric = metric(k=k)
    together = Lists.of(
        np.array([row for part in parts for row in part], dtype=np.int32).reshape(-1, 4), n_items=N_ITEMS
    )
    states = [metric.state(Lists.of(np.array(part).reshape(-1, 4), n_items=N_ITEMS)) for part in parts]
    folded = []
    for state in states:
        assert all(not array.dtype.hasobject for array in state.values())
        folded = metric.folded([*folded, state])
    shuffled = list(states)
    order.shuffle(shuffled)
    assert metric.merged(states) == metric.merged(folded) == metric.merged(shuffled) == metric.value(together)


def test_the_state_of_coverage_is_a_bit_an_item():
    metric = Coverage(k=1)
    state = metric.state(Lists.of([[0, 5], [9, 5], [-1, 5], [10, 5]], n_items=10))
    assert state["seen"].tolist() == [0b10000000, 0b01000000]
    folded = metric.folded([state, metric.state(Lists.of([[1, 0]], n_items=10))])
    assert [one["seen"].tolist() for one in folded] == [[0b11000000, 0b01000000]]
    assert metric.merged(folded) == 3 / 10


def test_the_state_of_diversity_is_each_list_once():
    state = Diversity(k=2).state(Lists.of([[4, 2, 9], [2, 4, 9], [7, 7, 9], [-1, -1, 9], [-1, 99, 9]], n_items=10))
    ends = np.cumsum(state["sizes"])
    sets = [tuple(items.tolist()) for items in np.split(state["items"], ends[:-1])]
    assert dict(zip(sets, state["users"].tolist(), strict=True)) == {(2, 4): 2, (7,): 1, (): 2}
    assert {array.dtype for array in state.values()} == {np.dtype(np.int32)}


def test_equal_lists_of_two_states_meet():
    states = [Diversity(k=2).state(Lists.of(lists)) for lists in ([[1, 2], [3, -1]], [[2, 1], [1, 5]])]
    both = DistinctLists.of_states(states)
    assert sorted(zip(both.items.tolist(), both.users.tolist(), strict=True)) == [
        ([1, 2], 2),
        ([1, 5], 1),
        ([3, -1], 1),
    ]
    sets = [{1, 2}, {3}, {1, 2}, {1, 5}]
    distances = [1 - Fraction(len(one & other), len(one | other)) for one, other in combinations(sets, 2)]
    assert Diversity(k=2).merged(states) == pytest.approx(float(sum(distances) / 6), abs=1e-15)


TOPK, TRUTH = TopK(np.array([[1, 2], [3, -1]])), Truth.from_lists([[1], [2]])


def test_a_value_alone_is_enough_for_all_users_at_once():
    assert harness.evaluate(TOPK, TRUTH, metrics=[Longest()])["longest"].value == 2.0
    message = (
        r"longest cannot be measured shard by shard. Define Longest.state\(lists\), which returns a dict of arrays"
    )
    with pytest.raises(HarnessError, match=message):
        score_shard(TOPK, TRUTH, metrics=[Longest()])


def test_own_metrics_in_shards():
    metrics = [LongestOfShards()]
    assert harness.evaluate(TOPK, TRUTH, metrics=metrics)["longest_of_shards"].value == 2.0
    assert merge_shards([score_shard(TOPK, TRUTH, metrics=metrics)], metrics=metrics).values[0].value == 2.0


def test_own_metrics_that_are_half_done():
    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Half(LongestOfShards):
        name = "half"
        merged = ListMetric.merged

    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Objects(LongestOfShards):
        name = "objects"

        def state(self, lists):
            return {"lists": np.array([{1}, {2}], dtype=object)}

    with pytest.raises(HarnessError, match=r"Define Half.merged\(states, \*, parallel\)"):
        harness.evaluate(TOPK, TRUTH, metrics=[Half()])
    with pytest.raises(HarnessError, match="the state of objects holds 'lists' of type ndarray of object"):
        score_shard(TOPK, TRUTH, metrics=[Objects()])
