"""The rows of a comparison, and which of its metrics and values stand out."""

import dataclasses

import pandas as pd

from harness.artifacts import Comparison, ComparisonProtocol, PairedDifference
from harness.report.texts.comparison_rows import ValueRow, best_marks, headline_labels, shown_interval, value_rows


def compared(**changes):
    values = pd.DataFrame({"run": ["a\x00", "b"], "m": [0.1, float("nan")]})
    row = PairedDifference("m", "b", "a", 0.2, 0.1, 0.1, ci_low=0.05, ci_high=0.15)
    settings = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)
    return dataclasses.replace(Comparison((row,), values, "a", "m", settings), **changes)


def test_undefined_values_are_none():
    assert value_rows(compared()) == [ValueRow("a\ufffd", {"m": 0.1}), ValueRow("b", {"m": None})]


def test_the_simultaneous_interval_is_shown_where_there_is_one():
    (row,) = compared().differences
    assert shown_interval(row) == (0.05, 0.15)
    row = dataclasses.replace(row, ci_simultaneous_low=0.0, ci_simultaneous_high=0.2)
    assert shown_interval(row) == (0.0, 0.2)
    row = dataclasses.replace(row, ci_users_items_low=-0.1, ci_users_items_high=0.3, verdict_users_items="undecided")
    assert shown_interval(row) == (0.0, 0.2)
    assert shown_interval(dataclasses.replace(row, unit="users_items")) == (-0.1, 0.3)


def test_few_metrics_are_all_shown_and_many_only_at_the_cutoff():
    assert headline_labels(["a@1", "a@5"], "a@5") == ["a@5", "a@1"]
    many = [f"{name}@{k}" for k in (1, 5, 10) for name in "abcd"]
    assert headline_labels(many, "c@5") == ["c@5", "a@5", "b@5", "d@5"]
    assert len(headline_labels(many, None)) == 8


def test_the_set_of_the_best_is_marked_unless_it_holds_all_runs():
    assert best_marks(compared(best=("b",))) == {("b", "m")}
    assert best_marks(compared(best=("b", "a"))) == set()
    assert best_marks(compared()) == set()
