"""Read dates in text and in parquet."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import read_table
from harness.errors import DataError

UTC = datetime.UTC


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (["1970-01-02", "1970-01-03"], [86_400, 172_800]),
        (["1970-01-01 00:00:05", "1970-01-01T00:01"], [5, 60]),
        (["1970-01-01T01:00:00+01:00", "1970-01-01T00:00:07Z"], [0, 7]),
        (["1970-01-01T00:00:01", "1970-01-02"], [1, 86_400]),
        (["1969-12-31T23:59:59Z", "1970-01-01T00:00:01+00:00"], [-1, 1]),
        (["1970-01-01 00:00:00.25", "1970-01-01 00:00:01"], [250, 1000]),
        (["12", "7"], [12, 7]),
        (["12.5", "7"], [12.5, 7.0]),
        (["1e9", "7"], [1e9, 7.0]),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_times_in_text(tmp_path: Path, texts: list[str], seconds: list[float], suffix: str) -> None:
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "timestamp": texts})
    path = tmp_path / f"a.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    times = read_table(path).timestamps
    assert times is not None
    assert times.tolist() == seconds
    whole = all(isinstance(second, int) for second in seconds)
    assert times.dtype == (np.int64 if whole else np.float64)


@pytest.mark.parametrize(
    ("column", "seconds"),
    [
        (pa.array([datetime.date(1970, 1, 2)]), 86_400),
        (pa.array([datetime.date(1970, 1, 2)], pa.date64()), 86_400),
        (pa.array([datetime.datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)]), 9),
        (pa.array([9_000], pa.timestamp("ms")), 9),
        (pa.array([9_250], pa.timestamp("ms", "Europe/Berlin")), 9_250),
        (pa.array([32_503_680_000], pa.timestamp("s")), 32_503_680_000),
        (pa.array([7], pa.uint64()), 7),
        (pa.array([7.5], pa.float32()), 7.5),
    ],
)
def test_times_in_parquet(tmp_path: Path, column: pa.Array, seconds: float) -> None:
    pq.write_table(pa.table({"user": [1], "item": [1], "timestamp": column}), tmp_path / "a.parquet")
    times = read_table(tmp_path / "a.parquet").timestamps
    assert times is not None
    assert times.tolist() == [seconds]


def test_missing_times_of_parquet_dates(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "timestamp": pd.to_datetime(["2024-01-01", None])})
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2: the timestamp is missing"):
        read_table(tmp_path / "a.parquet")
