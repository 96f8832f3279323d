"""What holds of every filter: an oracle, a case by hand, and properties; a filter that lacks one fails here."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import filtering as oracles
from oracles.splitting import Row
from oracles.tables import ROWS, interactions_from, rows_of

from harness import registry
from harness.artifacts import Vocabulary
from harness.data import Counts, Duplicates, ItemFilter, KCore, MinRating, TimeWindow, UserFilter, apply_filters
from harness.errors import DataError

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
TABLE = [Row(1, 10, 5, 3), Row(1, 10, 2, 4), Row(1, 11, 3, 5), Row(2, 10, 4, 1), Row(3, 12, 6, 2)]


def test_every_filter_has_a_case_by_hand_an_oracle_and_options_for_the_properties() -> None:
    for kind in KINDS:
        assert callable(getattr(oracles, kind, None)), f"filter {kind} has no oracle in oracles/filtering.py"
        assert f"test_{kind}_by_hand" in globals(), f"filter {kind} has no case worked by hand"
        assert OPTIONS.get(kind), f"filter {kind} has no options here, so that no property is tested"


@pytest.mark.parametrize(("kind", "options"), CASES)
@settings(max_examples=40, deadline=None)
@given(rows=ROWS, rng=st.randoms(use_true_random=False))
def test_a_filter_equals_its_oracle_whatever_the_order_of_rows(
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
@given(rows=ROWS)
def test_what_stays_keeps_its_order(kind: str, options: dict[str, Any], rows: list[Row]) -> None:
    left = registry.load("filters", kind)(**options).apply(interactions_from(rows))
    remaining = iter(rows)
    assert all(row in remaining for row in rows_of(left))


def left_of(chosen: Any) -> list[tuple[int, int]]:
    return [(row.user, row.item) for row in rows_of(chosen.apply(interactions_from(TABLE)))]


def test_min_rating_by_hand() -> None:
    assert left_of(MinRating(value=3)) == [(1, 10), (1, 10), (1, 11)]


def test_k_core_by_hand() -> None:
    # Item 11 and user 3 have one each; without 11 user 1 still has two, user 2 has one.
    assert left_of(KCore(users=2, items=2)) == [(1, 10), (1, 10)]


def test_counts_by_hand() -> None:
    # User 1 has three, items 11 and 12 one each, all counted once: item 10 stays below its minimum after.
    assert left_of(Counts(max_per_user=2, min_per_item=3)) == [(2, 10)]


def test_time_window_by_hand() -> None:
    assert left_of(TimeWindow(since="1970-01-01T00:00:03", until=5)) == [(1, 11), (2, 10)]


def test_items_by_hand() -> None:
    assert left_of(ItemFilter(allow=(11, 12))) == [(1, 11), (3, 12)]
    assert left_of(ItemFilter(deny=(10,))) == [(1, 11), (3, 12)]


def test_users_by_hand() -> None:
    assert left_of(UserFilter(allow=(2,))) == [(2, 10)]
    assert left_of(UserFilter(deny=(1, 2))) == [(3, 12)]


def test_duplicates_by_hand() -> None:
    kept = {keep: rows_of(Duplicates(keep=keep).apply(interactions_from(TABLE))) for keep in ("first", "last", "none")}
    assert kept["first"] == [row for row in TABLE if row != Row(1, 10, 5, 3)]
    assert kept["last"] == [row for row in TABLE if row != Row(1, 10, 2, 4)]
    assert kept["none"] == TABLE[2:]


def test_lists_from_files_and_ids_that_occur_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "items.txt"
    path.write_text("\ufeff10\r\n\n99\n007\n10\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, logger="harness"):
        result = apply_filters(interactions_from(TABLE), [ItemFilter(allow_file=str(path))])
    assert [(row.user, row.item) for row in rows_of(result.interactions)] == [(1, 10), (1, 10), (2, 10)]
    assert (result.steps[0]["ids_listed"], result.steps[0]["ids_unknown"]) == (3, 2)
    assert "filter items: 2 of 3 listed ids do not occur" in caplog.text


def test_ids_are_compared_as_the_data_set_writes_them() -> None:
    rows = replace(interactions_from(TABLE), user_ids=Vocabulary.of(["007", "2", "x"]))
    assert UserFilter(allow=(2, "007")).apply(rows).user_ids.ids.tolist() == ["007", "2"]
    # Text that is an integer in its usual writing is that integer; "010" is another id.
    assert ItemFilter(allow=("10", "011")).apply(rows).item_ids.ids.tolist() == [10]


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: No such file.*one id per line"), (b"\n\n", "is empty"), (b"\xff\xfe", "is not UTF-8")],
)
def test_lists_that_cannot_be_read(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"list\.txt: the list of ids {told}"):
        UserFilter(deny_file=str(path)).apply(interactions_from(TABLE))


def test_duplicates_without_times_go_by_the_order_of_the_file() -> None:
    rows = replace(interactions_from(TABLE), timestamps=None)
    kept = [Duplicates(keep=keep).apply(rows).values for keep in ("first", "last")]
    assert [values.tolist() for values in kept if values is not None] == [[3, 5, 1, 2], [4, 5, 1, 2]]


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


def test_time_window_needs_times() -> None:
    rows = replace(interactions_from(TABLE), timestamps=None)
    with pytest.raises(DataError, match=r"filter time_window needs timestamps.*dataset\.columns\.timestamp"):
        TimeWindow(since=1).apply(rows)


@pytest.mark.parametrize("last", [2024, 20240531, 880])
def test_dates_are_not_compared_with_numbers_that_are_no_seconds(last: int) -> None:
    rows = replace(interactions_from(TABLE), timestamps=last - 4 + np.arange(5))
    with pytest.raises(DataError, match=rf"do not look like those \(the last is {last}\)\. Give a number"):
        TimeWindow(since="2020-01-01").apply(rows)


def test_large_whole_times_are_compared_exactly() -> None:
    base = 1_600_000_000_000_000_000
    rows = replace(interactions_from(TABLE), timestamps=base + np.arange(5))
    assert rows_of(TimeWindow(since=base + 3).apply(rows)) == rows_of(rows)[3:]
    with pytest.raises(DataError, match=f"look like nanoseconds.*Give the number {1_577_836_800 * 10**9}"):
        TimeWindow(since="2020-01-01").apply(rows)


def test_what_was_asked_is_short_in_the_error() -> None:
    with pytest.raises(DataError, match=r"filter users \(allow: 2 ids\) removed all 5"):
        apply_filters(interactions_from(TABLE), [UserFilter(allow=(8, 9))])
