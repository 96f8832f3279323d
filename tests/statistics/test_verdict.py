"""Verdicts of intervals: a table of all cases, their mirror, and that they do not overlap."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.verdict import decimals, verdict_code, verdict_words

CASES = [  # low, high, with a margin of 1
    (1.1, 3.0, "better_by_margin"),
    (0.1, 1.5, "better"),
    (0.1, 0.9, "differs_within_margin"),
    (-0.9, -0.1, "differs_within_margin"),
    (-0.5, 0.5, "equivalent"),
    (-0.5, 1.5, "not_worse"),
    (-1.5, 1.5, "undecided"),
    (-1.5, 0.5, "not_better"),
    (-1.5, -0.1, "worse"),
    (-3.0, -1.1, "worse_by_margin"),
]
MIRROR = {
    "better_by_margin": "worse_by_margin",
    "better": "worse",
    "not_worse": "not_better",
    "differs_within_margin": "differs_within_margin",
    "equivalent": "equivalent",
    "undecided": "undecided",
}
MIRROR |= {other: one for one, other in MIRROR.items()}


@pytest.mark.parametrize(("low", "high", "code"), CASES)
def test_each_place_of_the_interval(low, high, code):
    assert verdict_code(low, high, margin=1) == code
    assert verdict_code(low, high, margin=1, higher_is_better=False) == MIRROR[code]


@given(st.floats(-3, 3), st.floats(0, 4), st.floats(0.01, 2))
def test_the_mirrored_interval_has_the_mirrored_verdict(low, width, margin):
    code = verdict_code(low, low + width, margin=margin)
    assert verdict_code(-low - width, -low, margin=margin) == MIRROR[code]


@pytest.mark.parametrize(
    ("low", "high", "code"), [(0.1, 1, "higher"), (-1, -0.1, "lower"), (-1, 1, "undecided"), (0, 1, "undecided")]
)
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_without_a_margin_values_are_higher_or_lower(low, high, code, higher_is_better):
    assert verdict_code(low, high, margin=None, higher_is_better=higher_is_better) == code


def test_what_is_not_known_is_undecided():
    assert verdict_code(math.nan, math.nan, margin=None) == "undecided"
    assert verdict_code(-math.inf, math.inf, margin=0.1) == "undecided"


def test_words_name_the_margin_and_the_interval():
    assert verdict_words("better", low=0.001, high=0.02, margin=0.005) == "better; may be by less than 0.005"
    assert verdict_words("undecided", low=-0.0123, high=0.0312, margin=0.005) == "undecided: between -0.012 and 0.031"


@pytest.mark.parametrize(("width", "digits"), [(3.0, 2), (0.2, 2), (0.025, 3), (0.0031, 4), (1e-12, 8), (0, 4)])
def test_decimals_show_two_digits_of_the_width(width, digits):
    assert decimals(0.0, width) == digits
