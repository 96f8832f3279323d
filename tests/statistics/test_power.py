"""Power: beside the noncentral t distribution, by simulation, and both directions agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of
from scipy import stats

from harness import TopK, Truth, evaluate
from harness.errors import HarnessError
from harness.statistics.item_clusters import ItemClusters
from harness.statistics.power import CLAIMS, item_floor, power_rows


def sample(users=400, spread=0.1, seed=0):
    noise = np.random.default_rng(seed).normal(0, 1, users)
    return sample_of((noise - noise.mean()) / noise.std(ddof=1) * spread, np.zeros(users))


def rows_of(values, **options):
    return {row.claim: row for row in power_rows(values, **options)}


def test_the_power_of_a_difference_is_that_of_the_noncentral_t_distribution():
    found = rows_of(sample(), effect=0.01)["difference"]
    critical, shift = stats.t.ppf(0.975, 399), 0.01 * math.sqrt(400) / 0.1
    expected = stats.nct.sf(critical, 399, shift) + stats.nct.cdf(-critical, 399, shift)
    assert found.power == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("candidates", [1, 5])
def test_users_and_effect_are_inverse(candidates):
    by_effect = rows_of(sample(), effect=0.02, candidates=candidates)
    for claim in CLAIMS:
        users = by_effect[claim].users
        assert rows_of(sample(), users=users, candidates=candidates)[claim].effect == pytest.approx(0.02, rel=0.01)


def test_without_a_number_the_measured_users_are_taken():
    found = rows_of(sample())
    assert {row.users for row in found.values()} == {400}
    assert all(math.isnan(row.power) for row in found.values())


def test_claims_are_reached_in_four_of_five_simulations():
    rng = np.random.default_rng(5)
    effect = 0.02
    rows = rows_of(sample(), effect=effect)
    for claim, shift, level in (("difference", effect, 0.05), ("equivalence", 0.0, 0.05), ("gate", 0.0, 0.10)):
        users = rows[claim].users
        draws = rng.normal(shift, 0.1, (4_000, users))
        half = stats.t.ppf(1 - level / 2, users - 1) * draws.std(axis=1, ddof=1) / math.sqrt(users)
        low, high = draws.mean(axis=1) - half, draws.mean(axis=1) + half
        reached = {
            "difference": (low > 0) | (high < 0),
            "equivalence": (low > -effect) & (high < effect),
            "gate": low > -effect,
        }[claim]
        assert reached.mean() == pytest.approx(0.8, abs=0.03), claim


def test_more_candidates_need_more_users_but_not_for_the_gate():
    one, five = rows_of(sample(), effect=0.02), rows_of(sample(), effect=0.02, candidates=5)
    assert five["difference"].users > one["difference"].users
    assert five["equivalence"].users > one["equivalence"].users
    assert five["gate"].users == one["gate"].users


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"effect": 0.1, "users": 3}, "Give one"),
        ({"effect": 0.0}, "it is positive"),
        ({"effect": math.nan}, "it is positive"),
        ({"users": 1}, "use 2 or more"),
        ({"candidates": 0}, "use 1 or more"),
    ],
)
def test_wrong_numbers(options, message):
    with pytest.raises(HarnessError, match=message):
        power_rows(sample(), **options)


def test_differences_that_do_not_vary_say_nothing():
    with pytest.raises(HarnessError, match="do not vary"):
        power_rows(sample_of(np.ones(5), np.zeros(5)), effect=0.1)


def shared_items(users, seed):
    """Errors of two runs whose difference depends on the item and on the user."""
    rng = np.random.default_rng(seed)
    relevant, effects = rng.integers(0, 60, users), np.random.default_rng(9).normal(0, 0.3, 60)
    hit = {"new": effects[relevant] + rng.normal(0, 1, users) > 0.5, "base": rng.random(users) < 0.3}
    truth = Truth.from_lists([[int(item)] for item in relevant])
    tables = {
        name: evaluate(
            TopK(np.where(found, relevant, 60)[:, None]), truth, metrics=["recall"], cutoffs=[1], by_item=True
        )
        for name, found in hit.items()
    }
    differences = tables["new"].user_values["recall@1"] - tables["base"].user_values["recall@1"]
    return ItemClusters.of(tables).errors("recall@1", [("new", "base")], [differences])


def test_more_users_do_not_lower_the_floor_that_the_items_set():
    few, many = shared_items(2_000, 0), shared_items(200_000, 1)
    assert item_floor(many, 0.95) == pytest.approx(item_floor(few, 0.95), rel=0.35)
    # With many users the standard error is almost the floor; with few it is above.
    assert many.standard_errors[0] == pytest.approx(many.floors[0], rel=0.02)
    assert few.standard_errors[0] > 1.1 * few.floors[0]
    assert item_floor(many, 0.99) > item_floor(many, 0.95)
    expected = (stats.t.ppf(0.975, 59) + stats.t.ppf(0.8, 59)) * many.floors[0]
    assert item_floor(many, 0.95) == pytest.approx(expected)


def test_few_items_set_no_known_floor():
    rng = np.random.default_rng(0)
    relevant = rng.integers(0, 10, 100)
    truth = Truth.from_lists([[int(item)] for item in relevant])
    tables = {
        name: evaluate(TopK(relevant[:, None] + shift), truth, metrics=["recall"], cutoffs=[1], by_item=True)
        for name, shift in (("new", 0), ("base", 10))
    }
    assert item_floor(ItemClusters.of(tables).errors("recall@1", [("new", "base")], [np.ones(100)]), 0.95) is None
