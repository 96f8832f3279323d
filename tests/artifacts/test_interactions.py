"""Interactions, histories and splits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import PARTS, History, Interactions, Split, Vocabulary
from harness.errors import DataError


def interactions(**options):
    """Return four interactions of two of three users with three of four items."""
    return Interactions(
        users=np.array([0, 0, 2, 2], dtype=np.int32),
        items=np.array([3, 0, 0, 1], dtype=np.int32),
        user_ids=Vocabulary.of(["ann", "bob", "cy"]),
        item_ids=Vocabulary.of([5, 6, 7, 8]),
        **options,
    )


def test_the_frame_holds_external_ids():
    rows = interactions(timestamps=np.array([1, 2, 1, 3]), values=np.array([4, 5, 3, 1], dtype=np.float32))
    assert rows.frame().to_dict("list") == {
        "user": ["ann", "ann", "cy", "cy"],
        "item": [8, 5, 5, 6],
        "timestamp": [1, 2, 1, 3],
        "rating": [4.0, 5.0, 3.0, 1.0],
    }
    assert len(rows) == 4


def test_times_finer_than_seconds_are_dates():
    fine = interactions(timestamps=np.array([1_500, 2_000, 0, 1]), time_unit="ms")
    assert fine.has_fine_times
    assert fine.frame()["timestamp"][0] == pd.Timestamp("1970-01-01 00:00:01.500", tz="UTC")
    assert not interactions(timestamps=np.array([1, 2, 0, 1]), time_unit="s").has_fine_times
    assert not interactions().has_fine_times


def test_compact_keeps_the_users_and_items_that_occur():
    table = pd.DataFrame({"title": list("abcd")})
    compact = interactions(item_table=table, item_vectors=np.eye(4, dtype=np.float32)).compact()
    assert compact.user_ids.ids.tolist() == ["ann", "cy"]
    assert compact.item_ids.ids.tolist() == [5, 6, 8]
    assert compact.item_table["title"].tolist() == ["a", "b", "d"]
    assert compact.item_vectors.argmax(axis=1).tolist() == [0, 1, 3]
    assert compact.frame().equals(interactions().frame())


@given(rows=st.lists(st.lists(st.integers(0, 4), max_size=5), min_size=1, max_size=4))
def test_the_matrix_of_a_history_counts_repeats_once(rows):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    history = History(indptr, np.array([item for row in rows for item in row], dtype=np.int32), 5)
    assert history.matrix.toarray().tolist() == [[float(item in row) for item in range(5)] for row in rows]
    assert history.lengths.tolist() == [len(row) for row in rows]
    assert history.n_users == len(rows)


def test_a_split_by_hand():
    split = Split(interactions(), np.array([0, 2, 3, -1], dtype=np.int8))
    assert [split.part(name).frame()["item"].tolist() for name in PARTS] == [[8], [], [5], [5]]
    assert split.history(["train", "fold_in"]).indptr.tolist() == [0, 1, 1, 2]
    known = split.with_fold_in_known()
    assert known.labels.tolist() == [0, 2, 0, -1]
    assert known.with_fold_in_known() is known


def test_the_digest_depends_on_parts_times_and_history():
    labels = np.array([0, 2, 0, 2], dtype=np.int8)
    times = np.array([1, 2, 1, 3])
    splits = [
        Split(interactions(), labels),
        Split(interactions(), labels[::-1].copy()),
        Split(interactions(), labels, rolling=True),
        Split(interactions(timestamps=times), labels),
        Split(interactions(timestamps=times, time_unit="ms"), labels),
    ]
    assert len({split.digest for split in splits}) == len(splits)
    assert Split(interactions(timestamps=times, time_unit="s"), labels).digest == splits[3].digest


@pytest.mark.parametrize(
    ("times", "labels"), [([2, 1, 1, 3], [0, 0, 0, 0]), ([1, 2, 1, 3], [0, 0, 0])], ids=["order", "labels"]
)
def test_a_split_has_to_be_in_canonical_order_with_a_label_per_row(times, labels):
    with pytest.raises(DataError, match="not sorted by user, then time, with one label per row"):
        Split(interactions(timestamps=np.array(times)), np.array(labels, dtype=np.int8))
