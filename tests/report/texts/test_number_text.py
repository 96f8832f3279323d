"""Numbers, facts and names as text."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import DataWarning
from harness.report.texts import number_text

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)


@given(ANYTHING)
@settings(max_examples=60, deadline=None)
def test_clean_text_is_utf8_and_xml(value):
    cleaned = number_text.clean(value)
    cleaned.encode("utf-8")
    assert len(cleaned) == len(value)
    assert all(character in "\t\n" or ord(character) >= 32 for character in cleaned)
    assert number_text.clean(cleaned) == cleaned


def test_clean_reaches_keys_and_values_of_every_depth():
    assert number_text.clean({"a\x00": [{"b": ("\x1b", np.float64(2.0), None)}]}) == {
        "a\ufffd": [{"b": ("\ufffd", 2.0, None)}]
    }
    assert number_text.clean(DataWarning("a\x00", 1, "b")) == DataWarning("a\ufffd", 1, "b")


@pytest.mark.parametrize("nothing", [None, math.nan, np.nan, pd.NA, "text"])
def test_what_is_not_a_number_is_a_dash_everywhere(nothing):
    writers = (
        number_text.metric_text,
        number_text.signed,
        number_text.signed_percent,
        number_text.p_text,
        number_text.count_text,
    )
    assert {write(nothing) for write in writers} == {number_text.NOTHING}
    assert number_text.interval_text(nothing, 1.0) == number_text.NOTHING
    assert number_text.confidence_text(nothing) == "confidence"


@given(st.floats(allow_nan=False))
@settings(max_examples=60, deadline=None)
def test_a_difference_shows_its_direction(value):
    written = number_text.signed(value)
    assert written.startswith({1: "+", -1: number_text.MINUS}.get((value > 0) - (value < 0), "0"))
    assert "-" not in written.replace("e-", "")


@given(st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_p_value_is_never_shown_as_zero(value):
    assert number_text.p_text(value) == "< 0.0001" or float(number_text.p_text(value)) > 0


@given(ANYTHING)
@settings(max_examples=60, deadline=None)
def test_a_slug_is_a_plain_file_name(value):
    assert set(number_text.slug(value)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 0 < len(number_text.slug(value)) <= 60


def test_facts_of_lists_of_maps():
    nested = {"filters": [{"kind": "k_core", "options": {}}, {"kind": "x"}], "k": [1, 5], "none": None}
    assert number_text.facts(nested, apart=("k",)) == [
        ("filters · 1 · kind", "k_core"),
        ("filters · 1 · options", number_text.NOTHING),
        ("filters · 2 · kind", "x"),
        ("none", number_text.NOTHING),
    ]


def test_an_infinite_interval_is_a_dash():
    for low in (-math.inf, 0.0):
        assert number_text.interval_text(low, math.inf) == number_text.NOTHING
