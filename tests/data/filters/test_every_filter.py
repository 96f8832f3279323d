"""Every filter has an oracle, a case worked by hand, and options for the properties."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import filtering as oracles
from oracles.splitting import Row
from oracles.tables import interactions_from, rows_of
from strategies import INTERACTION_ROWS

from harness import registry

KINDS = sorted(registry.BUILT_IN["filters"])


OPTIONS: dict[str, list[dict[str, Any]]] = {
    "min_rating": [{"value": 3}],
    "k_core": [{"users": 2, "items": 2}, {"users": 3, "items": 1}],
    "counts": [
        {"min_per_user": 4},
        {"max_per_user": 9, "min_per_item": 3},
        {"min_per_user": 2, "max_per_item": 5},
        {"min_per_item": 2, "max_per_item": 2},
    ],
    "time_window": [{"since": 2}, {"until": 3}, {"since": 1, "until": 3}, {"since": 0.5, "until": 3.5}],
    "items": [{"allow": (10, 11, 99)}, {"deny": (12, 13)}],
    "users": [{"allow": (1, 2)}, {"deny": (3, 77)}],
    "duplicates": [{"keep": "first"}, {"keep": "last"}, {"keep": "none"}],
}


CASES = [(kind, options) for kind in KINDS for options in OPTIONS.get(kind, [])]


def test_every_filter_has_a_case_by_hand_an_oracle_and_options_for_the_properties() -> None:
    for kind in KINDS:
        assert callable(getattr(oracles, kind, None)), f"filter {kind} has no oracle in oracles/filtering.py"
        module = registry.BUILT_IN["filters"][kind].partition(":")[0].rpartition(".")[2]
        tests = (Path(__file__).parent / f"test_{module}.py").read_text()
        assert f"def test_{kind}_by_hand(" in tests, f"filter {kind} has no case worked by hand"
        assert OPTIONS.get(kind), f"filter {kind} has no options here, so that no property is tested"


@pytest.mark.parametrize(("kind", "options"), CASES)
@settings(max_examples=40, deadline=None)
@given(rows=INTERACTION_ROWS, rng=st.randoms(use_true_random=False))
def test_a_filter_equals_its_oracle_for_any_order_of_rows(
    kind: str, options: dict[str, Any], rows: list[Row], rng: random.Random
) -> None:
    chosen = registry.load("filters", kind)(**options)
    left = chosen.apply(interactions_from(rows))
    told = getattr(oracles, kind)(rows, **options)
    assert sorted(rows_of(left)) == sorted(told)
    assert left.user_ids.ids.tolist() == sorted({row.user for row in told})
    assert left.item_ids.ids.tolist() == sorted({row.item for row in told})
    shuffled = rng.sample(rows, len(rows))
    assert sorted(rows_of(chosen.apply(interactions_from(shuffled)))) == sorted(told)


@pytest.mark.parametrize(("kind", "options"), CASES)
@settings(max_examples=20, deadline=None)
@given(rows=INTERACTION_ROWS)
def test_what_stays_keeps_its_order(kind: str, options: dict[str, Any], rows: list[Row]) -> None:
    left = registry.load("filters", kind)(**options).apply(interactions_from(rows))
    remaining = iter(rows)
    assert all(row in remaining for row in rows_of(left))


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("counts", {}, "counts has no limit; set one or more of min_per_user"),
        ("counts", {"min_per_item": 0}, "min_per_item is 0; use 1 or more"),
        ("counts", {"min_per_user": 5, "max_per_user": 4}, "max_per_user is 4, below min_per_user, which is 5"),
        ("time_window", {}, "time_window has no limit; set since, until"),
        ("time_window", {"since": "May"}, "since is 'May'; use a date such as"),
        ("time_window", {"until": float("inf")}, "until is inf"),
        ("time_window", {"since": 5, "until": 5}, "until is 5, not later than since"),
        ("time_window", {"since": "2024-06-01", "until": "2024-05-01"}, "not later than since"),
        ("items", {}, "items takes one list, and got none; give one of allow, deny"),
        ("items", {"allow": (1,), "deny": (2,)}, "got allow and deny"),
        ("users", {"allow": ()}, "allow is empty"),
        ("users", {"deny_file": ""}, "deny_file is empty"),
        ("duplicates", {"keep": "any"}, "keep"),
        ("duplicates", {}, "keep"),
    ],
)
def test_bad_options(kind: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        registry.load("filters", kind)(**options)
