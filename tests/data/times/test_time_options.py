"""Options of splits and filters that name a moment or a number, on times of every unit."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.splitting import Row
from oracles.tables import interactions_from

from harness import registry
from harness.artifacts import PER_SECOND, Interactions, TimeUnit, Vocabulary
from harness.data import FixedSplit, GlobalTime, LeaveLastOut, TimeWindow, audit, describe, read_table, write_parts
from harness.errors import DataError

# What each component needs beside the option that is tried.
NEEDED: dict[str, dict[str, Any]] = {
    "k_fold": {"fold": 0},
    "min_rating": {"value": 1.0},
    "k_core": {"users": 1, "items": 1},
    "time_window": {"since": 0},
    "counts": {"min_per_user": 1},
    "items": {"allow": (1,)},
    "users": {"allow": (1,)},
    "duplicates": {"keep": "first"},
    "fixed": {"train": "a", "test": "b"},
}
BESIDE = {"validation_from": {"test_from": 40}}
UNITS = tuple(PER_SECOND)
NOON = 1_717_156_800  # 2024-05-31T12:00:00Z


def _options() -> list[tuple[str, str, dataclasses.Field[Any]]]:
    return [
        (kind, name, field)
        for kind in ("splits", "filters")
        for name in registry.names(kind)
        for field in dataclasses.fields(registry.load(kind, name))
    ]


def named(option: str) -> str:
    """Return a pattern for messages whose subject is an option: ours, and those of a wrong type."""
    return rf"(?m)^( *Value error, )?{option}\b"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("kind", "name", "field"), _options(), ids=lambda part: getattr(part, "name", part))
def test_no_option_takes_a_number_that_is_none(
    kind: str, name: str, field: dataclasses.Field[Any], value: float
) -> None:
    with pytest.raises(ValueError, match=named(field.name)):
        registry.load(kind, name)(**{**NEEDED.get(name, {}), **BESIDE.get(field.name, {}), field.name: value})


@pytest.mark.parametrize("value", ["soon", "nan", "", "2024-13-01", "2024-05-31T25:00", True, 10**400, 1e308])
@pytest.mark.parametrize(
    ("component", "option", "more"),
    [
        (GlobalTime, "test_from", {}),
        (GlobalTime, "validation_from", {"test_from": "2024-05-31"}),
        (GlobalTime, "validation_from", {"test_from": 40}),
        (TimeWindow, "since", {}),
        (TimeWindow, "until", {}),
    ],
)
def test_no_moment_that_is_none(component: Any, option: str, more: dict[str, Any], value: Any) -> None:
    with pytest.raises(ValueError, match=named(option)):
        component(**more, **{option: value})


@pytest.mark.parametrize("large", [2**63, 10**400])
@pytest.mark.parametrize(("kind", "name", "field"), _options(), ids=lambda part: getattr(part, "name", part))
def test_large_numbers_end_in_a_message(kind: str, name: str, field: dataclasses.Field[Any], large: int) -> None:
    rows = interactions_from([Row(user, item, 8 * user + item, 3.0) for user in range(8) for item in range(8)])
    # Refused as an option or on the data, or put to use: nothing else is raised.
    with contextlib.suppress(ValueError, DataError):
        component = registry.load(kind, name)(
            **{**NEEDED.get(name, {}), **BESIDE.get(field.name, {}), field.name: large}
        )
        component.split(rows) if kind == "splits" else component.apply(rows)


def test_validation_begins_before_test() -> None:
    for validation, test in (("2024-06-01", "2024-05-31"), (7, 5), (5, 5), (5, 5.0)):
        with pytest.raises(ValueError, match=r"test_from is .*, not later than validation_from"):
            GlobalTime(test_from=test, validation_from=validation)


def rows_of(times: list[int], unit: TimeUnit | None) -> Interactions:
    n = len(times)
    return Interactions(
        users=np.zeros(n, dtype=np.int32),
        items=np.arange(n, dtype=np.int32),
        timestamps=np.array(times),
        user_ids=Vocabulary.of(["ann"]),
        item_ids=Vocabulary.of(np.arange(n)),
        time_unit=unit,
    )


@pytest.mark.parametrize("unit", UNITS)
def test_dates_and_seconds_are_moments_in_every_unit(unit: TimeUnit) -> None:
    size = PER_SECOND[unit]
    rows = rows_of([(NOON - 1) * size, NOON * size, NOON * size + 1, (NOON + 2) * size], unit)
    for moment in ("2024-05-31T12:00:00Z", "2024-05-31T14:00:00+02:00", NOON, float(NOON)):
        assert TimeWindow(since=moment).apply(rows).item_ids.ids.tolist() == [1, 2, 3]
        assert TimeWindow(until=moment).apply(rows).item_ids.ids.tolist() == [0]
        split = GlobalTime(test_from=moment).split(rows)
        assert split.labels.tolist() == [0, 2, 2, 2]
        assert split.facts["moments"] == {"test": NOON * size}
        assert split.facts["moments_date"] == {"test": "2024-05-31T12:00:00Z"}


def test_a_moment_may_have_nanoseconds() -> None:
    base = NOON * 10**9
    rows = rows_of([base, base + 40, base + 80], "ns")
    since = TimeWindow(since="2024-05-31T12:00:00.000000041Z")
    assert since.apply(rows).item_ids.ids.tolist() == [2]
    split = GlobalTime(test_from="20240531T120000.00000004").split(rows)
    assert (split.labels.tolist(), split.facts["moments"]) == ([0, 2, 2], {"test": base + 40})
    assert split.facts["moments_date"] == {"test": "2024-05-31T12:00:00.000000040Z"}
    with pytest.raises(ValueError, match=r"until is 2024-05-31T12:00:00\.0000000410, not later"):
        TimeWindow(since="2024-05-31T12:00:00.000000041", until="2024-05-31T12:00:00.0000000410")


def test_decimals_of_a_number_are_those_that_are_written() -> None:
    # The nearest float of .7 is above it, that of .3 below.
    rows = rows_of([NOON * 1000 + 300, NOON * 1000 + 700], "ms")
    assert TimeWindow(since=NOON + 0.7).apply(rows).item_ids.ids.tolist() == [1]
    assert TimeWindow(since=NOON + 0.3).apply(rows).item_ids.ids.tolist() == [0, 1]
    # Floats are compared as floats: both sides are rounded alike.
    floats = replace(rows_of([0, 1], "s"), timestamps=np.array([NOON + 0.3, NOON + 0.7]))
    assert TimeWindow(since=NOON + 0.7).apply(floats).item_ids.ids.tolist() == [1]
    assert TimeWindow(since="2024-05-31T12:00:00.3").apply(floats).item_ids.ids.tolist() == [0, 1]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-(2**62), 2**62), min_size=3, max_size=9),
    st.sampled_from(UNITS),
    st.integers(-(2**62), 2**62) | st.floats(-1e18, 1e18),
)
def test_a_window_equals_fractions(times: list[int], unit: TimeUnit, moment: float) -> None:
    seconds = Fraction(repr(moment)) if isinstance(moment, float) else Fraction(moment)
    kept = [place for place, time in enumerate(times) if Fraction(time, PER_SECOND[unit]) >= seconds]
    assert TimeWindow(since=moment).apply(rows_of(times, unit)).item_ids.ids.tolist() == kept
    bare = [place for place, time in enumerate(times) if time >= seconds]
    assert TimeWindow(since=moment).apply(rows_of(times, None)).item_ids.ids.tolist() == bare


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=6, max_size=14), st.sampled_from(UNITS), st.sampled_from([0.2, 0.5]))
def test_a_global_split_equals_integers(steps: list[int], unit: TimeUnit, share: float) -> None:
    times = [NOON * PER_SECOND[unit] + step for step in steps]
    held_out = round(share * len(times))
    moment = sorted(times)[len(times) - held_out]
    if moment == min(times):
        with pytest.raises(DataError, match=r"no interaction in train.*\(test begins at 2024-05-31T12:0"):
            GlobalTime(test=share).split(rows_of(times, unit))
        return
    split = GlobalTime(test=share).split(rows_of(times, unit))
    assert split.labels.tolist() == [2 if time >= moment else 0 for time in sorted(times)]
    assert split.facts["moments"] == {"test": moment}


def test_the_digest_of_seconds_is_that_of_their_numbers() -> None:
    def digest(times: list[int], unit: TimeUnit | None) -> str:
        return LeaveLastOut(validation=False).split(rows_of(times, unit)).digest

    # Read before there were units, seconds had this digest.
    assert digest([NOON, NOON + 1], "s") == digest([NOON, NOON + 1], None)
    assert digest([NOON, NOON + 1], "s") == "e764ba7f72e5a0b7d386def481ba30c3973da235e6e7500a3bd4312415de5f68"
    assert len({digest([NOON, NOON + 1], unit) for unit in UNITS}) == len(UNITS)


def file_of(folder: Path, ticks: list[int], unit: str) -> Path:
    table = pa.table(
        {"user": [1] * len(ticks), "item": range(len(ticks)), "timestamp": pa.array(ticks, pa.timestamp(unit))}
    )
    pq.write_table(table, folder / "data.parquet")
    return folder / "data.parquet"


@pytest.mark.parametrize("unit", UNITS)
def test_parts_as_files_keep_every_tick(tmp_path: Path, unit: TimeUnit) -> None:
    # The pair of user and item is always the same: the time alone tells the rows apart.
    ticks = [NOON * PER_SECOND[unit] + step for step in (0, 40, 80, 120)]
    rows = replace(read_table(file_of(tmp_path, ticks, unit)), items=np.zeros(4, dtype=np.int32)).compact()
    split = LeaveLastOut().split(rows)
    written = {path.stem: path for path in write_parts(split, tmp_path)}
    stored = pd.read_parquet(written["test"])["timestamp"]
    if unit == "s":
        assert stored.tolist() == [NOON + 120]
    else:
        assert stored.dt.tz is not None
        assert stored.astype(f"datetime64[{unit}, UTC]").astype("int64").tolist() == [ticks[3]]
    again = FixedSplit(**{part: str(path) for part, path in written.items()}).split(rows)
    assert again.labels.tolist() == split.labels.tolist() == [0, 0, 1, 2]
    assert again.digest == split.digest
    assert (
        rows.frame()["timestamp"]
        .astype("int64" if unit == "s" else f"datetime64[{unit}, UTC]")
        .astype("int64")
        .tolist()
        == ticks
    )


def test_parts_in_another_unit_are_converted_exactly(tmp_path: Path) -> None:
    ticks = [NOON * 10**6 + step for step in (0, 1, 2)]
    rows = read_table(file_of(tmp_path, ticks, "us"))
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    fixed = FixedSplit(train=str(train), test=str(test))
    for first, second, last in (
        (f"{NOON}", f"{NOON}.000001", f"{NOON}.000002"),
        (f"{NOON}000", f"{NOON}000.001", f"{NOON}000.002"),
        ("2024-05-31T12:00:00Z", "2024-05-31T12:00:00.000001Z", "2024-05-31T12:00:00.000002000Z"),
    ):
        train.write_text(f"user,item,timestamp\n1,0,{first}\n1,1,{second}\n")
        test.write_text(f"user,item,timestamp\n1,2,{last}\n")
        assert fixed.split(rows).labels.tolist() == [0, 0, 2]
    # Earlier versions wrote float seconds.
    pd.DataFrame({"user": [1], "item": [2], "timestamp": [NOON + 2e-6]}).to_parquet(tmp_path / "test.parquet")
    assert replace(fixed, test=str(tmp_path / "test.parquet")).split(rows).labels.tolist() == [0, 0, 2]
    test.write_text("user,item,timestamp\n1,2,2024-05-31T12:00:00.000002001Z\n")
    with pytest.raises(DataError, match=r"1 of 1 rows of .*test\.csv .* item 2 at 2024-05-31T12:00:00\.000002001Z"):
        fixed.split(rows)
    test.write_text("user,item,timestamp\n1,2,9999-12-31T12:00:00Z\n")
    with pytest.raises(DataError, match="item 2 at 9999-12-31T12:00:00Z"):
        fixed.split(rows)


@pytest.mark.parametrize("unit", UNITS)
def test_times_are_shown_as_dates(unit: TimeUnit) -> None:
    size = PER_SECOND[unit]
    rows = rows_of([NOON * size, NOON * size + 18_492_669 * size, (NOON + 1) * size], unit)
    facts = describe(rows)["timestamps"]
    assert (facts["unit"], facts["first"], facts["last"]) == (unit, NOON * size, (NOON + 18_492_669) * size)
    assert (facts["first_date"], facts["last_date"]) == ("2024-05-31T12:00:00Z", "2024-12-31T12:51:09Z")
    split = replace(LeaveLastOut(validation=False).split(rows), labels=np.array([2, 0, 0], dtype=np.int8))
    [later] = [finding for finding in audit(split) if finding.name == "later_history"]
    assert later.cases == (
        "user ann, item 1 at 2024-12-31T12:51:09Z, 214 days after the earliest of test",
        "user ann, item 2 at 2024-05-31T12:00:01Z, 1 second after the earliest of test",
    )


def test_spans_of_nanoseconds_are_shown(tmp_path: Path) -> None:
    base = NOON * 10**9
    rows = rows_of([base, base + 40], "ns")
    split = replace(LeaveLastOut(validation=False).split(rows), labels=np.array([2, 0], dtype=np.int8))
    [later] = [finding for finding in audit(split) if finding.name == "later_history"]
    assert later.cases == (
        "user ann, item 1 at 2024-05-31T12:00:00.000000040Z, 40 nanoseconds after the earliest of test",
    )


def test_repeats_are_information_where_seen_items_stay() -> None:
    rows = interactions_from([Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(1, 10, 3, 1)])
    split = LeaveLastOut(validation=False).split(rows)
    found = {
        excludes: next(finding for finding in audit(split, excludes_seen=excludes) if finding.name == "repeats")
        for excludes in (True, False)
    }
    assert {key: (finding.severity, finding.count) for key, finding in found.items()} == {
        True: ("warning", 1),
        False: ("info", 1),
    }
    assert found[True].sentence.endswith("seen items are excluded, so they cannot be hit.")
    assert found[False].sentence.endswith("seen items stay, so they can be hit.")


def test_names_of_units_are_in_order() -> None:
    assert all(finer == 1000 * size for size, finer in itertools.pairwise(PER_SECOND.values()))
