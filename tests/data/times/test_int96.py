"""Read INT96 timestamps of parquet files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import read_table
from harness.errors import DataError


def int96(path: Path, ticks: list[int | None], unit: str) -> None:
    table = pa.table(
        {"user": [1] * len(ticks), "item": range(len(ticks)), "timestamp": pa.array(ticks, pa.timestamp(unit))}
    )
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)


def test_int96_reaches_beyond_2262(tmp_path: Path) -> None:
    # Arrow itself reads the first as the year 1816.
    far = 253_402_214_400  # 9999-12-31
    int96(tmp_path / "a.parquet", [far * 10**6, 1_717_113_600_000_000, -62_135_596_800_000_000], "us")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.timestamps is not None
    assert (rows.timestamps.tolist(), rows.time_unit) == ([far, 1_717_113_600, -62_135_596_800], "s")
    int96(tmp_path / "a.parquet", [far * 10**6 + 1, 1_717_113_600_000_000], "us")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.timestamps is not None
    assert (rows.timestamps.tolist(), rows.time_unit) == ([far * 10**6 + 1, 1_717_113_600_000_000], "us")


def test_int96_in_parts_of_which_one_reaches_beyond_2262(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    int96(folder / "a.parquet", [1_717_113_600_000_000_040, 1_717_113_600_000_000_080], "ns")
    int96(folder / "b.parquet", [1_717_113_600_000_000], "us")
    rows = read_table(folder)
    assert rows.timestamps is not None
    assert rows.timestamps.tolist() == [1_717_113_600_000_000_040, 1_717_113_600_000_000_080, 1_717_113_600_000_000_000]
    int96(folder / "b.parquet", [253_402_214_400_000_000], "us")
    with pytest.raises(DataError, match="cannot be read"):
        read_table(folder)
    int96(folder / "a.parquet", [1_717_113_600_000_001], "us")
    rows = read_table(folder)
    assert rows.timestamps is not None
    assert rows.timestamps.tolist() == [1_717_113_600_000_001, 253_402_214_400_000_000]


def test_int96_beside_a_missing_time(tmp_path: Path) -> None:
    int96(tmp_path / "a.parquet", [253_402_214_400_000_000, None], "us")
    with pytest.raises(DataError, match="row 2: the timestamp is missing"):
        read_table(tmp_path / "a.parquet")
