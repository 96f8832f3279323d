"""The trust strip: the worst first, with the factor of ties, and each mark leads to a part of the page."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from oracles.markup import check_self_contained
from run_records import record_of

from harness.artifacts import Expectation, Finding, MetricValue, PartialRun, TieRange
from harness.report import render_run
from harness.report.pages.trust_strip import trust_strip


def value(ties=None):
    return MetricValue("ndcg@10", "ndcg", 10, {}, "accuracy", higher_is_better=True, value=0.1, n_users=5, ties=ties)


def marks(**changes):
    record = dataclasses.replace(record_of(), **changes)
    # Each mark leads to a part of the page.
    check_self_contained(render_run(record, pd.DataFrame({"user": []})).html)
    return {mark.name: mark for mark in trust_strip(record)}


def test_ties_state_the_factor_by_which_they_move_the_number():
    found = marks(metrics=(value(TieRange(worst=0.05, expected=0.08, best=0.1)),))
    assert found["Equal scores"].level == "note"
    assert found["Equal scores"].text == "Their order can move ndcg@10 from 0.0500 to 0.1000, a factor of 2.00."
    same = marks(metrics=(value(TieRange(worst=0.1, expected=0.1, best=0.1)),))
    assert same["Equal scores"].level == "good"
    zero = marks(metrics=(value(TieRange(worst=0.0, expected=0.1, best=0.2)),))
    assert zero["Equal scores"].text.endswith("from 0.0000 to 0.2000 (from 0).")


def test_leakage_and_tied_timestamps_are_warnings_with_their_shares():
    audits = (
        Finding("later_history", 99, 100, "99 of 100."),
        Finding("tied_targets", 1, 4, "1 of 4."),
        Finding("equal_titles", 3, 4, "3 of 4."),
    )
    found = marks(audits=audits)
    assert (found["Leakage in time"].level, found["Leakage in time"].target) == ("warning", "audit-later_history")
    assert found["Leakage in time"].text.startswith("99.0% of the history is later")
    assert "25.0% of the users" in found["Equal timestamps"].text
    assert found["Other warnings"].text == "1 more: equal titles."
    none = marks(audits=(Finding("later_history", 0, 100, "0 of 100."),))
    assert none["Leakage in time"].level == "good"


@pytest.mark.parametrize(("met", "level"), [(True, "good"), (False, "error")])
def test_expectations(met, level):
    found = marks(expected=(Expectation("ndcg@10", 0.1, 0.2, 0.01, met),))
    assert found["Expected values"].level == level


def test_errors_come_first():
    record = dataclasses.replace(
        record_of(), partial=PartialRun(10, "Partial: 10 users."), audits=(Finding("later_history", 1, 2, "1 of 2."),)
    )
    levels = [mark.level for mark in trust_strip(record)]
    assert levels[:2] == ["error", "warning"]
    assert levels == sorted(levels, key=["error", "warning", "note", "good"].index)


def test_many_warnings_are_counted():
    audits = tuple(Finding(f"audit_{place}", 1, 2, "1 of 2.") for place in range(9))
    assert marks(audits=audits)["Other warnings"].text.endswith("and 5 more.")
