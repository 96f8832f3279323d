from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import read_table
from harness.data.times import epoch_unit
from harness.errors import DataError

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SECONDS = st.integers(
    int(datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC).timestamp()),
    int(datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC).timestamp()) - 1,
)


def times(folder: Path, values: list[object], unit: str, *, suffix: str = "csv") -> list[float]:
    frame = pd.DataFrame({"user": 1, "item": range(len(values)), "timestamp": values})
    path = folder / f"a.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    read = read_table(path, timestamp_unit=unit).timestamps  # type: ignore[arg-type]
    assert read is not None
    return read.tolist()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("values", "unit", "seconds"),
    [
        ([1717113600, 1717113601], "auto", [1717113600, 1717113601]),
        ([1717113600000, 1717113601000], "auto", [1717113600, 1717113601]),
        ([1717113600250, 1717113601000], "auto", [1717113600.25, 1717113601.0]),
        ([1717113600000000, 0, 1717113601000000], "auto", [1717113600, 0, 1717113601]),
        ([1717113600000000000, 1717113601000000000], "auto", [1717113600, 1717113601]),
        ([1717113600.5, 1717113601.0], "auto", [1717113600.5, 1717113601.0]),
        ([1717113600500.0, 1717113601000.0], "auto", [1717113600.5, 1717113601.0]),
        ([1717113600000, 1717113601000], "raw", [1717113600000, 1717113601000]),
        ([1, 2, 3], "auto", [1, 2, 3]),
        ([0, 0], "auto", [0, 0]),
        ([-5, 0], "auto", [-5, 0]),
        ([20240531, 20240601], "auto", [20240531, 20240601]),
        ([202405311200, 202406011200], "auto", [202405311200, 202406011200]),
        ([20240531120000, 20240601120000], "auto", [20240531120000, 20240601120000]),
        ([5000, 7000], "ms", [5, 7]),
        ([5_000_000], "us", [5]),
        ([5, 7], "s", [5, 7]),
        (["1970-01-02", "1970-01-01"], "auto", [86400, 0]),
        (["1970-01-02", "1970-01-01"], "raw", [86400, 0]),
    ],
)
def test_by_hand(tmp_path: Path, values: list[object], unit: str, seconds: list[float], suffix: str) -> None:
    assert times(tmp_path, values, unit, suffix=suffix) == seconds


def test_dates_have_no_unit(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        with pytest.raises(DataError, match=r"column 'timestamp' holds dates, and dataset\.timestamp_unit is ms"):
            times(tmp_path, ["2024-05-31T00:00:00"], "ms", suffix=suffix)


@settings(max_examples=60, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=9), st.sampled_from(["s", "ms", "us", "ns"]))
def test_an_epoch_is_told_by_its_magnitude(seconds: list[int], unit: str) -> None:
    assert epoch_unit(np.array(seconds) * PER_SECOND[unit]) == unit
