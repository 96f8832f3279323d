"""The rows of a comparison, and which of its metrics and values stand out."""

import pandas as pd

from harness.artifacts import PAIR_COLUMNS, Comparison
from harness.report.comparison_rows import ValueRow, best_runs, headline_labels, pair_rows, value_rows


def test_undefined_numbers_of_rows_are_none():
    values = pd.DataFrame({"run": ["a\x00", "b"], "m": [0.1, float("nan")]})
    pair = {"metric": "m", "candidate": "b", "baseline": "a", "difference": 0.1, "verdict": "not tested"}
    compared = Comparison(pd.DataFrame([pair], columns=list(PAIR_COLUMNS)), values, "a", "m", {})
    assert value_rows(compared) == [ValueRow("a\ufffd", {"m": 0.1}), ValueRow("b", {"m": None})]
    (row,) = pair_rows(compared)
    assert (row.candidate, row.difference, row.p_value, row.wins) == ("b", 0.1, None, None)


def test_few_metrics_are_all_shown_and_many_only_at_the_cutoff():
    assert headline_labels(["a@1", "a@5"], "a@5") == ["a@5", "a@1"]
    many = [f"{name}@{k}" for k in (1, 5, 10) for name in "abcd"]
    assert headline_labels(many, "c@5") == ["c@5", "a@5", "b@5", "d@5"]
    assert len(headline_labels(many, None)) == 8


def test_ties_for_the_best_are_all_marked():
    rows = [ValueRow(run, {"m": value}) for run, value in (("a", 1.0), ("b", 1.0), ("c", 0.5), ("d", None))]
    assert best_runs(rows, ["m"], {"m": True}) == {("a", "m"), ("b", "m")}
    assert best_runs(rows, ["m"], {"m": False}) == {("c", "m")}
    assert best_runs(rows, ["m"], {}) == set()
