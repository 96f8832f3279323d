"""Convert columns of ids to indices and a vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import read_table


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        (["7", "10", "-3", "0"], [-3, 0, 7, 10]),
        (["007", "7"], ["007", "7"]),
        (["1", "2.0"], ["1", "2.0"]),
        (["1", "a"], ["1", "a"]),
        (["+1", "2"], ["+1", "2"]),
        (["-0", "2"], ["-0", "2"]),
        ([" 1", "2"], [" 1", "2"]),
        (["true", "false"], ["false", "true"]),
        (["NA", "nan"], ["NA", "nan"]),
        (["2024-01-01", "x"], ["2024-01-01", "x"]),
        (["9223372036854775807"], [9223372036854775807]),
        (["9223372036854775808", "1"], ["1", "9223372036854775808"]),
        (["é", "z"], ["z", "é"]),
    ],
)
def test_text_ids_are_integers_or_exactly_as_written(tmp_path: Path, texts: list[str], ids: list[Any]) -> None:
    path = written(tmp_path, "user,item\n" + "".join(f"{text},1\n" for text in texts))
    vocabulary = read_table(path).user_ids
    assert vocabulary.ids.tolist() == ids
    assert vocabulary.is_text == isinstance(ids[0], str)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([1, 1_000, 10**12]),
    st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=30),
    st.integers(-(2**60), 2**60),
)
def test_integer_ids_near_and_far(tmp_path: Path, step: int, numbers: list[int], start: int) -> None:
    ids = [start + step * number for number in numbers]
    pq.write_table(pa.table({"user": ids, "item": numbers}), tmp_path / "a.parquet", row_group_size=7)
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == sorted(set(ids))
    assert rows.frame()["user"].tolist() == ids
    assert rows.users.dtype == np.int32


def test_text_ids_are_in_pythons_order(tmp_path: Path) -> None:
    ids = ["z", "Z", "é", "\U0001f600", "￮", "a b", "ab", "10", "9x"]
    pq.write_table(pa.table({"user": ids, "item": list(range(9))}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == sorted(ids)
    assert rows.frame()["user"].tolist() == ids


def test_zeros_of_both_signs_are_one_id(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user": [0.0, -0.0, 1.0], "item": [1, 2, 3]}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == [0, 1]
    assert rows.users.tolist() == [0, 0, 1]
