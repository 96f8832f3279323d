"""The one rule for scores: rounded once to float32; what no list can hold is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import SideInformation, TopK, Truth
from harness.artifacts import rounding_ties
from harness.errors import DataError

ITEMS = np.array([[4, 2, 7], [1, 0, 3]])


def with_score(value, dtype=np.float64):
    scores = np.array([[3, 2, 1], [3, 2, 1]], dtype=dtype)
    scores[1, 2] = value
    return scores


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (with_score(np.nan), r"the score at rank 3 in row 1 of the TopK \(user 'bob'\) is NaN. Use finite numbers"),
        (with_score(np.nan, np.float32), "is NaN"),
        (with_score(np.nan, np.float16), "is NaN"),
        (with_score(np.inf), "is plus infinity"),
        (with_score(np.inf, np.float32), "is plus infinity"),
        (with_score(1e300), r"is 1e\+300, beyond the range of float32"),
        (with_score(-1e300), r"is -1e\+300, beyond the range of float32"),
        (with_score(1 + 2j, np.complex128), "TopK.scores holds complex128; it must hold integers or floats"),
        (with_score(True, np.bool_), "TopK.scores holds bool"),
        (with_score("2").astype(str), "TopK.scores holds <U"),
        (with_score(2).astype(object), "TopK.scores holds object"),
        (np.zeros((2, 3), dtype="datetime64[s]"), "TopK.scores holds datetime64"),
        (np.ma.masked_equal(with_score(2), 2), "TopK.scores is a masked array"),
        ([[3, 2, 1], [3, 2]], "TopK.scores is not an array: its rows differ in length"),
        (np.ones((2, 2)), r"TopK.scores has shape \(2, 2\), items \(2, 3\)"),
    ],
)
def test_scores_that_are_refused(scores, message):
    with pytest.raises(DataError, match=message):
        TopK(ITEMS, scores, users=np.array(["ann", "bob"], dtype=object))


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([[1, -2]], r"row 0 of the TopK holds the item index -2. Use indices from 0 on, and -1 for an empty slot"),
        ([[1, 2], [3]], "TopK.items is not an array: its rows differ in length"),
        (np.ma.masked_equal([[1, 2]], 2), "TopK.items is a masked array"),
    ],
)
def test_items_that_are_refused(items, message):
    with pytest.raises(DataError, match=message):
        TopK(items)


def test_minus_infinity_is_not_recommended():
    topk = TopK(np.array([[4, 2, 7, -1]]), np.array([[0.5, -np.inf, 0.1, -np.inf]]))
    assert topk.items.tolist() == [[4, -1, 7, -1]]  # nothing moves up
    assert (topk.masked, topk.highest) == (1, 7)
    given_items = np.array([[4, 2]], dtype=np.int32)
    TopK(given_items, np.array([[1.0, -np.inf]], dtype=np.float32))
    assert given_items.tolist() == [[4, 2]]  # what is given stays as it is


NUMBERS = st.one_of(
    st.floats(width=64), st.floats(width=32), st.sampled_from([3.4028235677973366e38, -3.4028235677973366e38, 1e-50])
)


def as_float32(value):
    """The number as float32, by its definition: infinite from half a step beyond the largest on."""
    if not math.isfinite(value):
        return value
    beyond = Fraction(2) ** 128 - Fraction(2) ** 103
    return math.copysign(math.inf, value) if abs(Fraction(value)) >= beyond else float(np.float32(value))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=4), st.sampled_from(["<f8", "<f4"]))
def test_a_score_is_used_or_refused_as_plain_python_says(rows, dtype):
    scores = np.array(rows)
    with np.errstate(over="ignore"):
        scores = scores.astype(dtype)
    wrong = any(
        math.isnan(value) or value == math.inf or (math.isfinite(value) and math.isinf(as_float32(value)))
        for row in scores.tolist()
        for value in row
    )
    items = np.arange(scores.size).reshape(scores.shape)
    if wrong:
        with pytest.raises(DataError, match="Use finite numbers, or minus infinity"):
            TopK(items, scores)
    else:
        topk = TopK(items, scores)
        assert topk.scores.tolist() == [[as_float32(value) for value in row] for row in scores.tolist()]
        assert ((topk.items == -1) == np.isneginf(scores)).all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 5).map(lambda step: 16777216 + step) | st.integers(0, 2)),
        max_size=14,
    ),
    st.booleans(),
)
def test_ties_by_rounding_as_plain_python_counts_them(rows, whole):
    lists = np.array([row for row, _ in rows], dtype=np.int64)
    scores = np.array([score for _, score in rows], dtype=np.int64 if whole else np.float64)
    expected = sum(
        any(row == mine and score != own and np.float32(score) == np.float32(own) for row, score in rows)
        for mine, own in rows
    )
    assert rounding_ties(lists, scores) == expected


@pytest.mark.parametrize("gain", [np.nan, np.inf, -np.inf, 1e39])
def test_gains_that_are_refused(gain):
    with pytest.raises(DataError, match=r"Truth.gains holds .* in row 1. Use finite numbers"):
        Truth(np.array([0, 2]), np.array([1, 2]), np.array([1.0, gain]))


@pytest.mark.parametrize("gains", [[1j, 2], ["1", "2"], [True, False], [None, 1]])
def test_gains_of_another_type_are_refused(gains):
    with pytest.raises(DataError, match=r"Truth.gains holds .*; it must hold integers or floats"):
        Truth(np.array([0, 2]), np.array([1, 2]), np.array(gains))


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ({"popularity": [1.5, 2.0], "n_users": 3}, "popularity holds 1.5; it counts users. Use whole numbers"),
        ({"popularity": [np.nan, 2.0], "n_users": 3}, "popularity holds nan"),
        ({"popularity": [1j, 2.0], "n_users": 3}, "popularity holds complex128; it must hold integers or floats"),
        ({"vectors": [[1.0], [np.inf]]}, "the vector of the item 1 holds a number that is infinite in float32"),
        ({"vectors": [[1.0], [1e300]]}, "the vector of the item 1 holds a number that is infinite in float32"),
        ({"vectors": [["a"], ["b"]]}, "vectors holds <U1; it must hold integers or floats"),
    ],
)
def test_side_information_that_is_refused(side, message):
    with pytest.raises(DataError, match=message):
        SideInformation(**{name: value if name == "n_users" else np.array(value) for name, value in side.items()})
