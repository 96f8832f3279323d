"""What metrics beyond accuracy know of items and users."""

import numpy as np
import pytest
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import Categories, SideInformation, share_above
from harness.errors import DataError


def test_categories_are_sorted_and_each_counts_once():
    categories = Categories.of([("drama", "action", "drama"), (), ("comedy",)])
    assert categories.names == ("action", "comedy", "drama")
    assert (categories.indptr.tolist(), categories.codes.tolist()) == ([0, 2, 2, 3], [0, 2, 1])


@given(popularity=st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_the_share_above_is_that_of_all_more_popular_items(popularity):
    total = sum(popularity)
    expected = [sum(other for other in popularity if other > own) / total if total else 0.0 for own in popularity]
    assert share_above(np.array(popularity)).tolist() == pytest.approx(expected)


def test_the_tail_lies_outside_the_head():
    side = SideInformation(popularity=np.array([6, 2, 2, 0]), n_users=7)
    assert side.tail(0.6).tolist() == [False, True, True, True]
    assert (side.known, side.n_items) == (frozenset({"popularity"}), 4)


def test_rows_are_those_of_the_history():
    side = SideInformation(history=history_of([[0], [1, 2]], 3), vectors=np.ones((3, 2)))
    assert side.rows(np.array([1])).history.items.tolist() == [1, 2]
    without = SideInformation(vectors=np.ones((3, 2)))
    assert without.rows(np.array([1])) is without
    assert (without.vectors.dtype, SideInformation().n_items) == (np.float32, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"popularity": np.array([0.5]), "n_users": 1}, r"popularity holds 0\.5; it counts users"),
        ({"popularity": np.array([3]), "n_users": 2}, "0 to 3 here, and n_users is 2"),
        ({"popularity": np.array([3])}, "n_users is None"),
        ({"vectors": np.array([[1.0], [np.inf]])}, "the vector of the item 1 holds a number that is infinite"),
        ({"vectors": np.ones((2, 1)), "history": history_of([[0]], 3)}, "different catalogues"),
    ],
)
def test_what_does_not_fit_is_an_error(options, words):
    with pytest.raises(DataError, match=words):
        SideInformation(**options)


def test_an_unknown_popularity_has_no_shares():
    with pytest.raises(DataError, match="the popularity of items is not known"):
        SideInformation().tail(0.2)
