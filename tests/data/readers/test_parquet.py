"""Read parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import read_table
from harness.errors import DataError


@pytest.mark.parametrize(
    "column",
    [
        pa.array([3, 1], pa.int16()),
        pa.array([3, 1], pa.uint64()),
        pa.array([3.0, 1.0]),
        pa.array([3, 1]).dictionary_encode(),
    ],
)
def test_parquet_integers_of_any_width(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"user": column, "item": [1, 2]}), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").user_ids.ids.tolist() == [1, 3]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["7", "1"]),
        pa.array(["7", "1"], pa.large_string()),
        pa.array([b"7", b"1"]),
        pa.array(["7", "1"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([2, 0]), pa.array(["1", "unused", "7"])),
    ],
)
def test_parquet_text_stays_text(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"user": column, "item": [1, 2]}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.frame()["user"].tolist() == ["7", "1"]
    assert rows.user_ids.ids.tolist() == ["1", "7"]


def test_a_parquet_column_with_a_dot(tmp_path: Path) -> None:
    pq.write_table(pa.table({"who.id": ["a"], "item": [1]}), tmp_path / "a.pq")
    assert read_table(tmp_path / "a.pq", user="who.id").frame().values.tolist() == [["a", 1]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": [1, None], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": [1.0, float("nan")], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": ["a", ""], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": [1.5, 2.0], "item": [1, 2]}, "column 'user': the id 1.5 is not a whole number"),
        ({"user": [True, False], "item": [1, 2]}, "column 'user' holds bool, where an id is needed"),
        ({"user": [[1], [2]], "item": [1, 2]}, "column 'user' holds list"),
        ({"user": [b"\xff", b"a"], "item": [1, 2]}, "bytes that are not UTF-8"),
        ({"user": pa.array([2**63, 1], pa.uint64()), "item": [1, 2]}, "does not fit into 64 bits"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [1.0, float("nan")]}, "row 2: the timestamp is missing"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [1.0, float("inf")]}, "row 2: the timestamp is inf"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [None, None]}, "row 1 .*the timestamp is missing"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [[1], [2]]}, "where a timestamp is needed"),
        ({"user": [1, 2], "item": [1, 2], "rating": ["1", "x"]}, "row 2: 'x' is not a rating"),
        ({"user": [1, 2], "item": [1, 2], "rating": [True, False]}, "holds bool, where a rating is needed"),
        ({"user": pa.array([], pa.int64()), "item": pa.array([], pa.int64())}, "no rows"),
        ({"user": [1, 2]}, "no column 'item'"),
    ],
)
def test_bad_parquet_files(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(DataError, match=message) as error:
        read_table(path)
    assert str(path) in str(error.value)
