from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import splitting
from oracles.splitting import Row, random_key
from oracles.tables import interactions_from
from strategies import INTERACTION_ROWS

from harness.artifacts import Finding, Part, Split
from harness.data import GlobalTime, LeaveLastOut, RandomSplit, SourceData, UserHoldout, audit


def by_name(split: Split, part: Part = "test") -> dict[str, Finding]:
    return {finding.name: finding for finding in audit(split, part)}


def test_by_hand() -> None:
    rows = [
        *(Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(1, 10, 8, 1)),
        *(Row(2, 10, 3, 1), Row(2, 11, 9, 1), Row(2, 12, 9, 1)),
    ]
    split = Split(interactions_from(rows), np.array([0, 0, 2, 0, 0, 2], dtype=np.int8))
    counts = {name: (finding.count, finding.of) for name, finding in by_name(split).items()}
    assert counts == {
        "tied_targets": (1, 2),  # user 2: items 11 and 12 at 9
        "unseen_items": (1, 2),  # item 12
        "users_without_history": (0, 2),
        "repeats": (1, 2),  # user 1 had item 10
        "duplicates": (1, 6),
        "later_history": (1, 4),  # item 11 of user 2 at 9, where test begins at 8
    }
    finding = by_name(split)["repeats"]
    assert finding.share == 0.5
    assert finding.severity == "warning"
    assert finding.sentence.startswith("1 of 2 held-out interactions (50.0%): the user had the item before")


def counted(parts: dict[str, list[Row]], part: str) -> dict[str, int]:
    history = parts["train"] + (parts["validation"] if part == "test" else [])
    rows = parts[part]
    everything = [row for chosen in parts.values() for row in chosen]
    return {
        "tied_targets": len(splitting.tied_users(parts, part)),
        "unseen_items": sum(row.item not in {other.item for other in history} for row in rows),
        "users_without_history": len({row.user for row in rows} - {row.user for row in history}),
        "repeats": sum((row.user, row.item) in {(other.user, other.item) for other in history} for row in rows),
        "duplicates": len(everything) - len({(row.user, row.item) for row in everything}),
        "later_history": sum(row.time > min(other.time for other in rows) for row in history),
    }


@settings(max_examples=50, deadline=None)
@given(INTERACTION_ROWS, st.sampled_from(["test", "validation"]))
def test_leave_last_out_equals_counting_in_plain_python(rows: list[Row], part: Part) -> None:
    parts = splitting.leave_last_out(rows, random_key(0), validation=True)
    assume(parts[part])
    findings = by_name(LeaveLastOut().split(interactions_from(rows)), part)
    assert {name: finding.count for name, finding in findings.items()} == counted(parts, part)
    for finding in findings.values():
        assert 0 <= finding.share <= 1
        assert finding.severity == "info" or finding.count > 0


@settings(max_examples=30, deadline=None)
@given(INTERACTION_ROWS)
def test_global_time_knows_no_ties_and_nothing_later(rows: list[Row]) -> None:
    assume(len({row.time for row in rows}) > 2)
    parts = splitting.global_time(rows, random_key(0), test=0.4, validation=0.0)
    assume(parts["train"])
    findings = by_name(GlobalTime(test=0.4).split(interactions_from(rows)))
    assert {name: finding.count for name, finding in findings.items()} == counted(parts, "test")
    assert findings["tied_targets"].count == findings["later_history"].count == 0


def test_without_any_history_it_is_an_error() -> None:
    rows = [Row(1, 10, 1, 1), Row(2, 10, 9, 1), Row(3, 10, 9, 1)]
    findings = by_name(GlobalTime(test=0.5).split(interactions_from(rows)))
    assert findings["users_without_history"].severity == "error"


def test_without_timestamps_the_audits_of_time_are_left_out() -> None:
    interactions = replace(interactions_from([Row(1, 10, 1, 1), Row(1, 11, 1, 1)]), timestamps=None)
    split = Split(interactions, np.array([0, 2], dtype=np.int8))
    assert set(by_name(split)) == {"unseen_items", "users_without_history", "repeats", "duplicates"}


def test_fold_in_is_history_and_chance_has_no_ties(ml_100k: SourceData) -> None:
    split = UserHoldout(test=0.1, fold_in=0.5).split(ml_100k.interactions)
    findings = by_name(split)
    assert findings["users_without_history"].count == 0
    held_out = RandomSplit(test=0.1).split(ml_100k.interactions)
    assert "tied_targets" not in by_name(held_out)


def test_repeats_within_a_part_that_rolls() -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 11, 5, 1), Row(1, 12, 5, 1), Row(1, 11, 6, 1), Row(1, 10, 7, 1), Row(1, 12, 5, 1)]
    ordered = sorted(rows, key=lambda row: row.time)
    labels = np.array([0, 2, 2, 2, 2, 2], dtype=np.int8)
    frozen = Split(interactions_from(ordered), labels)
    assert by_name(frozen)["repeats"].count == 1  # item 10, which is in train
    assert by_name(replace(frozen, rolling=True))["repeats"].count == 2  # and item 11, at 5 and again at 6


def test_the_worst_cases_are_reported() -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 11, 5, 1), Row(2, 10, 90, 1), Row(2, 11, 95, 1), Row(2, 12, 99, 1)]
    interactions = interactions_from(rows)
    titles = pd.DataFrame({"title": ["Same", "Same", None]})
    split = Split(replace(interactions, item_table=titles), np.array([0, 2, 0, 0, 2], dtype=np.int8))
    findings = by_name(split)
    assert findings["later_history"].cases == (
        "user 2, item 11 at 95, 90 after the earliest of test",
        "user 2, item 10 at 90, 85 after the earliest of test",
    )
    assert (findings["equal_titles"].count, findings["equal_titles"].of) == (2, 3)
    assert findings["equal_titles"].cases == ("'Same': items 10, 11",)


def test_a_part_without_interactions() -> None:
    split = LeaveLastOut(validation=False).split(interactions_from([Row(1, 10, 1, 1), Row(1, 11, 2, 1)]))
    findings = audit(split, "validation")
    assert all(finding.share == 0 for finding in findings)


def test_ml_100k(ml_100k: SourceData) -> None:
    findings = by_name(LeaveLastOut().split(ml_100k.interactions))
    assert findings["tied_targets"].sentence == (
        "415 of 943 users (44.0%): the tie rule alone decides which of their interactions is held out."
    )
    assert findings["unseen_items"].count == 2
    assert findings["repeats"].severity == "info"
    assert findings["later_history"].share == pytest.approx(0.991, abs=0.001)
