"""Exact diversity, whatever the shape of the popularity: heavy items, light items, equal lists."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from metric_cases import oracle_of
from pydantic import ValidationError

import harness
from harness.evaluation import merge_shards, score_shard
from harness.execution import Parallel
from harness.metrics import Diversity, Lists, overlap
from harness.metrics.distinct_lists import DistinctLists
from harness.metrics.overlap import overlaps


def zipf_lists(users, k, items, exponent, seed=0):
    """Lists of up to k items, gaps included, where low indices are popular."""
    rng = np.random.default_rng(seed)
    weights = np.arange(1, items + 1) ** -exponent
    lists = rng.choice(items, size=(users, k), p=weights / weights.sum())
    lists[rng.random((users, k)) < 0.1] = -1
    return lists


def distance(lists, *, k):
    return Diversity(k=k).value(lists)


def pairs_by_hand(lists, k):
    """Every pair of lists, by the sum of the sizes and by shared items."""
    sets = [frozenset(ranked[:k]) - {-1} for ranked in lists.tolist()]
    return Counter((len(one) + len(other), len(one & other)) for one, other in combinations(sets, 2))


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.5, 3.0])
@pytest.mark.parametrize(("users", "k", "items"), [(300, 5, 12), (300, 10, 2000), (200, 70, 300), (1, 3, 5)])
def test_every_pair_is_counted_once(exponent, users, k, items):
    lists = zipf_lists(users, k, items, exponent)
    counted = overlaps(DistinctLists.of(Lists.of(lists), k=k), parallel=Parallel())
    assert {place: int(counted[place]) for place in zip(*np.nonzero(counted), strict=True)} == pairs_by_hand(lists, k)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_threads_and_order_change_no_bit(exponent):
    lists = zipf_lists(3000, 10, 4000, exponent)
    alone = distance(Lists.of(lists, parallel=Parallel(n_jobs=1)), k=10)
    together = distance(Lists.of(lists, parallel=Parallel(n_jobs=3)), k=10)
    shuffled = np.random.default_rng(1).permutation(lists)
    assert alone == together == distance(Lists.of(shuffled), k=10)


def test_shards_agree_with_the_pairwise_loop():
    lists = zipf_lists(1500, 6, 700, 1.0)
    found = distance(Lists.of(lists, parallel=Parallel(n_jobs=2)), k=6)
    assert found == pytest.approx(oracle_of("diversity")(lists.tolist(), 6, 700), abs=1e-12)


def test_equal_lists_have_no_diversity():
    lists = np.tile([3, 1, 2], (5000, 1))
    assert distance(Lists.of(lists), k=3) == 0.0


def test_order_within_a_list_does_not_matter():
    assert distance(Lists.of([[1, 2, 3], [3, 1, 2]]), k=3) == 0.0


def test_lists_without_an_item_in_common():
    assert distance(Lists.of(np.arange(4000).reshape(2000, 2)), k=2) == 1.0


def test_empty_lists_alone():
    assert distance(Lists.of(np.full((5, 3), -1)), k=3) == 0.0
    assert distance(Lists.of(np.empty((0, 3))), k=3) == 0.0


def test_far_apart_indices():
    assert distance(Lists.of([[2**31 - 1, 0], [2**31 - 1, 7]]), k=2) == pytest.approx(2 / 3)


def test_users_without_a_list():
    lists = Lists(np.array([[1, 2]], dtype=np.int32), np.array([0, -1, -1]))
    assert distance(lists, k=2) == 1.0


def similar_lists(users, rng):
    """Lists of popular items, some of them equal, some empty."""
    lists = rng.geometric(0.1, (users, 6)).astype(np.int32)
    lists[rng.random(users) < 0.1] = -1
    return lists


def test_a_sample_is_near_the_value_of_all_pairs_and_says_how_near():
    rng = np.random.default_rng(0)
    lists = Lists.of(similar_lists(400, rng))
    exact = Diversity(k=6).value(lists)
    far = []
    for pairs in range(20_000, 20_040):
        found = Diversity(k=6, sample=pairs).value(lists)
        assert found.drawn == {"pairs": f"a sample of {pairs:,}"}
        far.append((found.value - exact) / found.standard_error)
    # Draws of one seed are not independent, but no bias hides among them.
    assert abs(np.mean(far)) < 2
    assert max(map(abs, far)) < 4
    assert Diversity(k=6, sample=500).value(lists) == Diversity(k=6, sample=500).value(lists)


def test_what_is_too_much_work_is_drawn(monkeypatch):
    rng = np.random.default_rng(1)
    lists = similar_lists(500, rng)
    truth = harness.Truth.from_lists([[0]] * 500)
    exact = harness.evaluate(harness.TopK(lists), truth, metrics=["diversity"], cutoffs=[6])["diversity@6"]
    assert exact.ci_low is None
    monkeypatch.setattr("harness.metrics.diversity.FALLBACK", 50_000)
    monkeypatch.setattr(overlap.mean_jaccard_distance, "__kwdefaults__", {"most_work": 100.0})
    drawn = harness.evaluate(harness.TopK(lists), truth, metrics=["diversity"], cutoffs=[6])["diversity@6"]
    assert drawn.label == exact.label
    assert drawn.variant["pairs"] == "a sample of 50,000"
    assert drawn.ci_low < exact.value < drawn.ci_high
    assert drawn.n_users is None
    shuffled = harness.TopK(lists[rng.permutation(500)])
    again = harness.evaluate(shuffled, truth, metrics=["diversity"], cutoffs=[6])["diversity@6"]
    assert again.value == drawn.value


def test_a_sample_does_not_depend_on_shards():
    rng = np.random.default_rng(2)
    lists, truth = similar_lists(9000, rng), harness.Truth.from_lists([[0]] * 9000)
    metrics = [Diversity(k=6, sample=3000)]
    whole = harness.evaluate(harness.TopK(lists), truth, metrics=metrics)
    shards = [
        score_shard(harness.TopK(lists[rows]), truth.rows(rows), metrics=metrics)
        for rows in (np.arange(8192), np.arange(8192, 9000))
    ]
    assert merge_shards(shards, metrics=metrics).values == whole.values
    assert whole.values[0].label == "diversity[sample=3000]@6"


def test_samples_of_nothing():
    for lists in ([[1, 2]], [[-1, -1], [-1, -1]]):
        assert Diversity(k=2, sample=10).value(Lists.of(lists)) == 0.0
    assert Diversity(k=2, sample=10).value(Lists.of([[1, 2], [-1, -1], [-1, -1]])).value == 1.0
    with pytest.raises(ValidationError):
        Diversity(sample=1)


def test_a_sample_of_mostly_empty_lists_ends_and_is_right():
    lists = np.full((3000, 2), -1)
    lists[:3] = [[1, 2], [2, 3], [1, 2]]
    exact = Diversity(k=2).value(Lists.of(lists))
    drawn = Diversity(k=2, sample=10_000).value(Lists.of(lists))
    assert drawn.value == pytest.approx(exact, abs=max(5 * drawn.standard_error, 1e-6))
