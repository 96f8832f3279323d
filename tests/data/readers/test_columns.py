"""Columns as numbers: which types are taken, and which row of which column is named."""

import decimal

import numpy as np
import pyarrow as pa
import pytest

from harness.data.readers.columns import ColumnLocation, numbers_of, ratings_of, require_values
from harness.errors import DataError

PLACE = ColumnLocation("plays.csv", "stars")


def numbers(values, kind=None):
    return numbers_of(pa.chunked_array([pa.array(values, kind)]), place=PLACE, what="rating", remedy="Use numbers.")


@pytest.mark.parametrize(
    ("values", "kind", "expected", "dtype"),
    [
        ([1, -2], pa.int8(), [1, -2], np.int64),
        ([2**63], pa.uint64(), [2.0**63], np.float64),
        ([0.5, 1.0], pa.float32(), [0.5, 1.0], np.float64),
        ([decimal.Decimal("1.25")], pa.decimal128(5, 2), [1.25], np.float64),
        (["1", "-2"], pa.string(), [1, -2], np.int64),
        (["1e3", "0.5"], pa.string(), [1000.0, 0.5], np.float64),
    ],
)
def test_numbers_of_each_type(values, kind, expected, dtype):
    found = numbers(values, kind)
    assert (found.tolist(), found.dtype) == (expected, dtype)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "x", "y"], r"plays.csv: column 'stars', row 2 \(and 1 more\): 'x' is not a rating. Use numbers"),
        ([1.0, float("inf")], "row 2: the rating is inf"),
        ([[1]], "column 'stars' holds list.*, where a rating is needed"),
    ],
)
def test_what_is_not_a_number_is_named_with_its_row(values, message):
    with pytest.raises(DataError, match=message):
        numbers(values)


def test_missing_values_are_named_with_their_row():
    for values in ([1.0, None], [1.0, float("nan")], ["1", ""]):
        with pytest.raises(DataError, match=r"row 2: the rating is missing\. Fill it in, or remove the row"):
            require_values(pa.chunked_array([values]), place=PLACE, what="rating")


def test_ratings_are_float32_and_not_too_large():
    assert ratings_of(pa.chunked_array([[1, 5]]), place=PLACE).dtype == np.float32
    with pytest.raises(DataError, match=r"row 2: the rating 1e\+39 is too large"):
        ratings_of(pa.chunked_array([[1.0, 1e39]]), place=PLACE)
