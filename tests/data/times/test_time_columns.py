"""Convert columns of times to numbers."""

from __future__ import annotations

import datetime
import itertools
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.artifacts import Interactions
from harness.data import LeaveLastOut, describe, read_table
from harness.data.readers.columns import ColumnLocation
from harness.data.readers.interaction_files import read_interactions
from harness.data.times.time_columns import epoch_unit, times_of
from harness.errors import DataError

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


SECONDS = st.integers(
    int(datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC).timestamp()),
    int(datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC).timestamp()) - 1,
)


def read(folder: Path, values: list[object] | pa.Array, unit: str = "auto", *, suffix: str = "csv") -> Interactions:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    table = pa.table({"user": np.ones(len(column), dtype=int), "item": np.arange(len(column)), "timestamp": column})
    path = folder / f"a.{suffix}"
    if suffix == "csv":
        # Digits as Python writes them; pandas would write floats for decimals.
        rows = [f"{user},{item},{when}\n" for user, item, when in zip(*table.to_pydict().values(), strict=True)]
        path.write_text("user,item,timestamp\n" + "".join(rows))
    else:
        pq.write_table(table, path)
    return read_table(path, timestamp_unit=unit)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("values", "unit", "wanted", "of"),
    [
        ([1717113600, 1717113601], "auto", [1717113600, 1717113601], "s"),
        ([1717113600000, 1717113601000], "auto", [1717113600, 1717113601], "s"),
        ([1717113600250, 1717113601000], "auto", [1717113600250, 1717113601000], "ms"),
        ([1717113600000000, 0, 1717113601000000], "auto", [1717113600, 0, 1717113601], "s"),
        ([1717113600000500, 0], "auto", [1717113600000500, 0], "us"),
        ([1717113600000000000, 1717113601000000000], "auto", [1717113600, 1717113601], "s"),
        ([1717113600000000040, 1717113600000000080], "auto", [1717113600000000040, 1717113600000000080], "ns"),
        ([1717113600.5, 1717113601.0], "auto", [1717113600500, 1717113601000], "ms"),
        ([1717113600.125e3, 1717113601e3], "auto", [1717113600125, 1717113601000], "ms"),
        ([1717113600500.0, 1717113601000.0], "auto", [1717113600500, 1717113601000], "ms"),
        ([1717113600.000001, 1717113601.0], "auto", [1717113600000001, 1717113601000000], "us"),
        ([1717113600000, 1717113601000], "raw", [1717113600000, 1717113601000], None),
        ([1, 2, 3], "auto", [1, 2, 3], None),
        ([0, 0], "auto", [0, 0], None),
        ([-5, 0], "auto", [-5, 0], None),
        ([20240531, 20240601], "auto", [20240531, 20240601], None),
        ([202405311200, 202406011200], "auto", [202405311200, 202406011200], None),
        ([20240531120000, 20240601120000], "auto", [20240531120000, 20240601120000], None),
        ([5000, 7000], "ms", [5, 7], "s"),
        ([5000, 7001], "ms", [5000, 7001], "ms"),
        ([-1, 7], "us", [-1, 7], "us"),
        ([5_000_000], "us", [5], "s"),
        ([5, 7], "s", [5, 7], "s"),
        (["1970-01-02", "1970-01-01"], "auto", [86400, 0], "s"),
        (["1970-01-02", "1970-01-01"], "raw", [86400, 0], "s"),
        # Text keeps every digit, whatever the range.
        (["1700000000.000000040", "1700000000"], "auto", [1700000000000000040, 1700000000000000000], "ns"),
        (["1700000000000.00004", "1700000000000"], "auto", [1700000000000000040, 1700000000000000000], "ns"),
        (["1700000000.5", "253402300799.25"], "s", [1700000000500, 253402300799250], "ms"),
        (["2024-05-31T12:00:00.000000040Z", "2024-05-31"], "auto", [1717156800000000040, 1717113600000000000], "ns"),
        (["2024-05-31T14:00:00.123456789+02:00", "1970-01-01"], "auto", [1717156800123456789, 0], "ns"),
        (["9999-12-31T23:59:59.999Z", "2024-05-31T12:00:00Z"], "auto", [253402300799999, 1717156800000], "ms"),
        (["9999-12-31", "0001-01-01"], "auto", [253402214400, -62135596800], "s"),
        (["9999-12-31T00:00:00.000000000", "2024-05-31T00:00:00.000001000"], "auto", None, "us"),
    ],
)
def test_by_hand(
    tmp_path: Path, values: list[object], unit: str, wanted: list[int] | None, of: str | None, suffix: str
) -> None:
    found = read(tmp_path, values, unit, suffix=suffix)
    assert found.timestamps is not None
    assert found.timestamps.tolist() == (wanted or [253402214400000000, 1717113600000001])
    assert found.time_unit == of
    whole = of not in (None, "s") or all(isinstance(value, int) for value in found.timestamps.tolist())
    assert found.timestamps.dtype == (np.int64 if whole else np.float64)


@pytest.mark.parametrize("kind", ["integers", "timestamps", "zoned", "int96", "text", "decimals"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["ms", "us", "ns"]),
    st.integers(946_684_800, 4_000_000_000),
    st.lists(st.integers(-60, 60), min_size=4, max_size=12),
    st.integers(0, 3),
)
def test_order_and_ties_are_those_of_the_integers(
    tmp_path: Path, kind: str, unit: str, second: int, steps: list[int], power: int
) -> None:
    # Events some ticks apart, or powers of ten of them, of two users.
    size = PER_SECOND[unit]
    ticks = [second * size + step * 10 ** (2 * power) for step in steps]
    decimals = len(str(size)) - 1
    columns = {
        "integers": lambda: pa.array(ticks),
        "timestamps": lambda: pa.array(ticks, pa.timestamp(unit)),
        "zoned": lambda: pa.array(ticks, pa.timestamp(unit, "America/New_York")),
        "int96": lambda: pa.array(ticks, pa.timestamp(unit)),
        "text": lambda: pa.array(
            [f"{tick // PER_SECOND[unit]}.{tick % PER_SECOND[unit]:0{decimals}}" for tick in ticks]
        ),
        "decimals": lambda: pa.array([Decimal(tick).scaleb(-decimals) for tick in ticks], pa.decimal128(30, 9)),
    }
    users = [row % 2 for row in range(len(ticks))]
    table = pa.table({"user": users, "item": range(len(ticks)), "timestamp": columns[kind]()})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=kind == "int96")
    rows = read_table(path, timestamp_unit="auto")
    ordered = LeaveLastOut(ties="stable", validation=False).split(rows).interactions
    assert list(zip(ordered.users.tolist(), ordered.items.tolist(), strict=True)) == sorted(
        ((user, item) for item, user in enumerate(users)), key=lambda pair: (pair[0], ticks[pair[1]])
    )
    assert describe(rows)["timestamps"]["distinct"] == len(set(ticks))
    # The very moments: in the unit that was found they are the integers that were written.
    per_second = PER_SECOND[rows.time_unit or ""]
    assert rows.timestamps is not None
    if rows.timestamps.dtype == np.int64:
        assert [Fraction(time, per_second) for time in rows.timestamps.tolist()] == [
            Fraction(tick, size) for tick in ticks
        ]


def test_dates_have_no_unit(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        with pytest.raises(DataError, match=r"column 'timestamp' holds dates, and dataset\.timestamp_unit is ms"):
            read(tmp_path, ["2024-05-31T00:00:00"], "ms", suffix=suffix)


@settings(max_examples=60, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=9), st.sampled_from(["s", "ms", "us", "ns"]))
def test_an_epoch_unit_is_detected_by_its_magnitude(seconds: list[int], unit: str) -> None:
    assert epoch_unit(np.array(seconds) * PER_SECOND[unit]) == unit


def test_integers_are_refused_where_they_do_not_fit(tmp_path: Path) -> None:
    told = r"row 1: the timestamp .* does not fit into 64 bits in nanoseconds, which reach from 1677 to 2262"
    for suffix in ("csv", "parquet"):
        with pytest.raises(DataError, match=told):
            read(tmp_path, ["9999-12-31", "2024-05-31T00:00:00.000000001"], suffix=suffix)
        with pytest.raises(DataError, match=told):
            read(tmp_path, ["253402300799", "1717113600.000000001"], "s", suffix=suffix)
    with pytest.raises(DataError, match="does not fit into 64 bits in seconds"):
        read(tmp_path, pa.array([2**63 + 5, 5], pa.uint64()), "s", suffix="parquet")


@pytest.mark.parametrize(
    ("column", "count"),
    [
        (pa.array([1.7e18 + 256, 1.7e18]), 2),
        (pa.array([1.7e18, 1.7e18 + 1e9]), 0),  # whole seconds, which floats hold
        (pa.array([1.7e9, 1.7e9 + 0.1]), 0),
        (pa.array([1.7e9, 1.7e9 + 128], pa.float32()), 2),
        (pa.array(["1700000000.1234567891", "1700000000"]), 2),
        (pa.array(["2024-05-31T12:00:00.1234567891", "2024-05-31T12:00:00.000000001"]), 1),
    ],
)
def test_what_cannot_be_exact_is_reported(tmp_path: Path, column: pa.Array, count: int) -> None:
    pq.write_table(pa.table({"user": [1, 1], "item": [1, 2], "timestamp": column}), tmp_path / "a.parquet")
    names = {"user": "user", "item": "item", "timestamp": None, "rating": None}
    found = read_interactions(tmp_path / "a.parquet", names, delimiter=None, timestamp_unit="auto")
    assert {warning.name: warning.count for warning in found.warnings} == (
        {"timestamps_rounded": count} if count else {}
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(1e9, 4e9), min_size=2, max_size=8),
    st.sampled_from([0, 1, 3, 6, 9]),
    st.sampled_from(["s", "ms"]),
)
def test_floats_keep_their_order_and_ties(numbers: list[float], decimals: int, unit: str) -> None:
    floats = [round(number, decimals) * (1 if unit == "s" else 1000) for number in numbers]
    times = times_of(pa.chunked_array([floats]), place=ColumnLocation("a", "b"), unit=unit)  # type: ignore[arg-type]
    found = times.values.tolist()
    for first, other in itertools.pairwise(range(len(floats))):
        assert (found[first] < found[other], found[first] == found[other]) == (
            floats[first] < floats[other],
            floats[first] == floats[other],
        )
    ticks = PER_SECOND[times.time_unit or ""] / PER_SECOND[unit]
    assert found == pytest.approx([number * ticks for number in floats], rel=1e-15)
