"""Warnings of ties: which run they name, and when there is one."""

from __future__ import annotations

import numpy as np
import pytest

from harness.artifacts import MetricTable, MetricValue, TieRange
from harness.statistics import compare

COLUMN = np.array([0.0, 0.5, 1.0])


def table_of(value, worst=None, best=None):
    ties = None if worst is None else TieRange(worst, (worst + best) / 2, best)
    values = (MetricValue("ndcg@10", "ndcg", 10, {}, "accuracy", True, value, n_users=3, ties=ties),)
    return MetricTable(values, {"ndcg@10": COLUMN + value}, np.arange(3), 0.95, {})


def warnings_of(primary="ndcg@10", **tables):
    notes = compare(tables, primary=primary).notes
    return [note for note in notes if note.startswith("warning: ndcg@10 of") or "more run" in note]


@pytest.mark.parametrize(
    ("base", "candidate", "named"),
    [
        # Both are wider than the difference: the wider one is named.
        ((0.50, 0.40, 0.70), (0.55, 0.50, 0.60), "that of base from 0.4000 to 0.7000"),
        ((0.50, 0.45, 0.55), (0.55, 0.30, 0.80), "that of new from 0.3000 to 0.8000"),
        # One alone has ties.
        ((0.50, 0.40, 0.70), (0.55, None, None), "that of base from 0.4000 to 0.7000"),
        ((0.50, None, None), (0.55, 0.30, 0.80), "that of new from 0.3000 to 0.8000"),
        # Of equal width: the candidate's.
        ((0.50, 0.375, 0.625), (0.55, 0.50, 0.75), "that of new from 0.5000 to 0.7500"),
        # A metric where lower is better has its worst end above.
        ((0.50, None, None), (0.45, 0.90, 0.40), "that of new from 0.4000 to 0.9000"),
    ],
)
def test_the_warning_names_the_run_with_the_wider_range(base, candidate, named):
    (warning,) = warnings_of(base=table_of(*base), new=table_of(*candidate))
    assert named in warning
    assert "ndcg@10 of new and base differ by 0.0500" in warning


@pytest.mark.parametrize(("worst", "best"), [(None, None), (0.53, 0.57), (0.525, 0.575), (0.55, 0.55)])
def test_ties_that_cannot_move_a_value_by_the_difference_are_no_warning(worst, best):
    # The difference is exactly 1/16; .525 to .575 is narrower.
    assert warnings_of(base=table_of(0.5), new=table_of(0.5625, worst, best)) == []
    assert warnings_of(base=table_of(0.5, worst, best), new=table_of(0.5625)) == []
    assert warnings_of(base=table_of(0.5625, worst, best), new=table_of(0.5)) == []
    assert warnings_of(base=table_of(0.5625), new=table_of(0.5, worst, best)) == []


def test_a_range_of_just_the_difference_is_not_a_warning():
    assert warnings_of(base=table_of(0.5), new=table_of(0.5625, 0.5, 0.5625)) == []
    assert len(warnings_of(base=table_of(0.5), new=table_of(0.5625, 0.5, 0.5626))) == 1


def test_the_baseline_is_not_compared_with_itself():
    tables = {"new": table_of(0.5625, 0.0, 1.0), "base": table_of(0.5)}
    (warning,) = [note for note in compare(tables, baseline="base", primary="ndcg@10").notes if "warning: ndcg" in note]
    assert "ndcg@10 of new and base" in warning


@pytest.mark.parametrize("runs", [2, 3, 4, 6])
def test_warnings_beyond_three_are_counted(runs):
    tables = {f"run{i}": table_of(0.5 + i / 100, 0.0, 1.0) for i in range(runs)}
    warnings = warnings_of(base=table_of(0.4), **tables)
    assert [f"run{i}" in warning for i, warning in enumerate(warnings[:3])] == [True] * min(runs, 3)
    rest = {
        2: [],
        3: [],
        4: ["warning: the same holds for 1 more run."],
        6: ["warning: the same holds for 3 more runs."],
    }
    assert warnings[3:] == rest[runs]
