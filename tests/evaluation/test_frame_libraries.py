"""Data frames of other libraries than pandas give the same values and the same errors."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import harness
from harness.errors import HarnessError

LISTS = {"user": ["ann", "ann", "bob", "bob"], "item": [7, 8, 8, 9], "score": [0.9, 0.5, 0.8, 0.1]}
TRUTH = {"user": ["ann", "bob", "bob"], "item": [8, 8, 7], "gain": [1.0, 2.0, 0.5]}
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def evaluated(lists, truth):
    return harness.evaluate(lists, truth, metrics=["recall", "ndcg"], cutoffs=[1, 2])


@pytest.mark.parametrize("listed", LIBRARIES)
@pytest.mark.parametrize("judged", LIBRARIES)
def test_the_values_of_pandas(listed, judged):
    expected = evaluated(pd.DataFrame(LISTS), pd.DataFrame(TRUTH))
    found = evaluated(LIBRARIES[listed](LISTS), LIBRARIES[judged](TRUTH))
    pd.testing.assert_frame_equal(found.per_user, expected.per_user)
    assert found.values == expected.values


def test_types_that_pandas_lacks_or_stores_otherwise():
    lists, truth = pl.DataFrame(LISTS), pl.DataFrame(TRUTH)
    expected = evaluated(lists, truth)
    typed = lists.with_columns(pl.col("user").cast(pl.Categorical), pl.col("item").cast(pl.UInt16))
    assert evaluated(typed, truth).values == expected.values
    assert evaluated(lists.with_columns(pl.col("score").cast(pl.Float32)), truth).values == expected.values


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_missing_values_are_refused_by_row(library):
    frame = LIBRARIES[library]
    for column, values in {
        "user": ["ann", None, "bob", "bob"],
        "item": [7, None, 8, 9],
        "score": [1, None, 2, 3],
    }.items():
        with pytest.raises(HarnessError, match=rf"the {column}.* in row 1 of the predictions is missing"):
            evaluated(frame({**LISTS, column: values}), frame(TRUTH))


def test_frames_that_cannot_be_read():
    with pytest.raises(HarnessError, match=r"a LazyFrame, which has no rows yet\. Call collect\(\) first"):
        evaluated(pl.DataFrame(LISTS).lazy(), pl.DataFrame(TRUTH))
    twice = pa.table([[1], [2], [3], [0.5]], names=["user", "item", "item", "score"])
    with pytest.raises(HarnessError, match="a data frame has a column twice"):
        evaluated(twice, pl.DataFrame(TRUTH))
    with pytest.raises(HarnessError, match=r"a Series and a DataFrame\. Pass .*pandas, polars or pyarrow"):
        evaluated(pl.Series([1]), pl.DataFrame(TRUTH))
    with pytest.raises(HarnessError, match="there is no column 'item' in the truth"):
        evaluated(pl.DataFrame(LISTS), pl.DataFrame(TRUTH).rename({"item": "thing"}))
