"""Item indices are whole numbers of int32; ids are as many as rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts.list_checks import as_item_indices, check_user_ids
from harness.errors import DataError


@given(values=st.lists(st.integers(-(2**31), 2**31 - 1)), dtype=st.sampled_from([np.int64, np.int32]))
def test_whole_numbers_keep_their_values(values, dtype):
    found = as_item_indices(np.array(values, dtype=dtype), what="items")
    assert found.dtype == np.int32
    assert found.flags.c_contiguous
    assert found.tolist() == values


def test_nothing_may_be_of_any_type():
    assert as_item_indices([], what="items").dtype == np.int32


@pytest.mark.parametrize(
    ("values", "words"), [([0.5], "whole numbers"), ([2**31], "beyond int32"), ([-(2**31) - 1], "beyond int32")]
)
def test_other_numbers_are_an_error(values, words):
    with pytest.raises(DataError, match=words):
        as_item_indices(values, what="items")


def test_ids_are_one_per_row():
    check_user_ids(None, 3, what="TopK")
    check_user_ids(np.arange(3), 3, what="TopK")
    with pytest.raises(DataError, match=r"TopK\.users has 2 ids for 3 rows"):
        check_user_ids(np.arange(2), 3, what="TopK")
