"""Findings: how much they matter by default, and how they are written."""

import pytest

from harness.artifacts import Finding


@pytest.mark.parametrize(("count", "severity"), [(0, "info"), (1, "warning"), (None, "warning")])
def test_the_default_severity_follows_from_the_count(count, severity):
    assert Finding("repeats", count, 4, "…").severity == severity


def test_a_stated_severity_stays_as_it_is():
    assert Finding("score_ties", 0, 4, "…", "warning").severity == "warning"
    assert Finding("repeats", 1, 4, "…", "info").severity == "info"


def test_a_counted_finding_that_counted_nothing_is_information():
    assert Finding.counted("repeats", 0, 4, "rows", "they repeat.", severity="error").severity == "info"
    found = Finding.counted("repeats", 1, 4, "rows", "they repeat.", severity="error")
    assert (found.severity, found.share) == ("error", 0.25)
    assert found.sentence == "1 of 4 rows (25.0%): they repeat."
    assert Finding.counted("repeats", 0, 0, "rows", "they repeat.").share == 0.0


def test_what_was_not_counted_is_written_without_numbers():
    assert Finding("score_ties", None, None, "None.", "info").as_dict() == {
        "name": "score_ties",
        "severity": "info",
        "sentence": "None.",
        "cases": [],
    }


def test_the_trial_is_written_only_where_it_reports():
    found = Finding("ignores_history", 2, 2, "2 of 2.", cases=("user a",), trial=True)
    assert found.as_dict() == {
        "name": "ignores_history",
        "severity": "warning",
        "count": 2,
        "of": 2,
        "share": 1.0,
        "sentence": "2 of 2.",
        "cases": ["user a"],
        "trial": True,
    }
    assert "trial" not in Finding("repeats", 2, 2, "2 of 2.").as_dict()
