"""Sentences of verdicts: which numbers they carry."""

from __future__ import annotations

import dataclasses
import math

from harness.artifacts import PairedDifference
from harness.statistics.statement import Family, statement

ROW = PairedDifference(
    "ndcg@10",
    "ease",
    "popularity",
    0.121,
    0.1,
    0.021,
    ci_low=0.012,
    ci_high=0.030,
    ci_simultaneous_low=0.0091,
    ci_simultaneous_high=0.0338,
    p_adjusted=0.001,
    n_users=938,
    n_nonzero=161,
    mde=0.02,
    verdict="higher",
)
FOUR = Family(4, all_pairs=False)


def test_a_verdict_carries_its_simultaneous_interval_users_and_family():
    words = "higher (+0.021 [0.009, 0.034]; 938 users, 161 differ; 1 of 4 candidates; these checkpoints only)"
    assert statement(ROW, margin=None, family=FOUR) == words
    assert "1 of 6 pairs" in statement(ROW, margin=None, family=Family(6, all_pairs=True))
    assert "1 of 1 candidate;" in statement(ROW, margin=None, family=Family(1, all_pairs=False))


def test_what_is_exploratory_carries_its_single_interval():
    row = dataclasses.replace(ROW, verdict="exploratory", ci_simultaneous_low=math.nan, ci_simultaneous_high=math.nan)
    assert statement(row, margin=None, family=None).startswith("exploratory (+0.021 [0.012, 0.030]; 938 users")


def test_an_undecided_verdict_says_how_many_users_would_decide():
    row = dataclasses.replace(ROW, verdict="undecided", ci_simultaneous_low=-0.01, ci_simultaneous_high=0.05)
    words = statement(row, margin=0.01, family=FOUR)
    assert words.startswith("undecided: between -0.010 and 0.050; about 3,752 users would decide (")  # 938 * 2^2
    assert "would decide" not in statement(row, margin=None, family=FOUR)


def test_an_adjusted_p_value_that_says_otherwise_is_named():
    row = dataclasses.replace(ROW, verdict="undecided", ci_simultaneous_low=-0.001, p_adjusted=0.04)
    words = statement(row, margin=None, family=FOUR)
    assert "the adjusted p-value of 0.04 says otherwise; the interval decides" in words
    strict = Family(4, all_pairs=False, level=0.01)
    assert "says otherwise" not in statement(row, margin=None, family=strict)


def test_no_difference_at_all_is_not_tested():
    row = dataclasses.replace(ROW, difference=0.0, n_nonzero=0, verdict="undecided", ci_simultaneous_low=-0.004)
    assert "no user's value differs, so nothing was tested" in statement(row, margin=None, family=FOUR)


def test_an_interval_that_is_not_known_is_not_printed():
    row = dataclasses.replace(ROW, verdict="undecided", ci_simultaneous_low=-math.inf, ci_simultaneous_high=math.inf)
    assert "(+0.0210, no interval;" in statement(row, margin=None, family=FOUR)


def test_a_value_over_all_lists_is_not_tested():
    row = PairedDifference("coverage@10", "ease", "popularity", 0.5, 0.2, 0.3)
    assert statement(row, margin=None, family=None) == "not tested (+0.3000; a value over all lists)"
