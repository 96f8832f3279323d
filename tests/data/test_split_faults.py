"""What splits refuse, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles.splitting import Row
from oracles.tables import interactions_from

from harness import registry
from harness.data import FixedSplit, GlobalTime, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime
from harness.errors import DataError

TABLE = [Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(1, 12, 3, 1), Row(1, 13, 4, 1), Row(1, 14, 5, 1), Row(2, 10, 1, 1)]


def lines() -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "leave_last_out", {"n": 0}, "n is 0; use 1 or more"
    yield "leave_last_out", {"ties": "stable", "seed": 1}, "ties: stable does not use it; leave seed out"
    yield "user_time", {"test": 1.5}, r"test is 1\.5; use a share"
    yield "global_time", {"test": 0.2, "test_from": 5}, "both say where test begins"
    yield "global_time", {"validation": 0.2, "test_from": 5}, "give validation_from instead"
    yield "global_time", {"validation_from": 5}, "validation_from needs test_from"
    yield "global_time", {"test_from": "soon"}, "test_from is 'soon'; use a date such as"
    yield "global_time", {"ties": "error"}, "ties"
    yield "random", {"test": 0.0}, r"test is 0\.0"
    yield "random", {"ties": "error"}, "ties"
    yield "k_fold", {"folds": 1, "fold": 0}, "folds is 1; use 2 or more"
    yield "k_fold", {"folds": 2, "fold": 0, "validation": True}, "folds is 2; use 3 or more"
    yield "k_fold", {"folds": 5, "fold": 5}, "fold is 5; use one from 0 to 4"
    yield "k_fold", {}, "fold"
    yield "user_holdout", {"fold_in": 1.0}, r"fold_in is 1\.0; use a share between 0 and 1"
    yield "user_holdout", {"fold_in": 0}, "fold_in is 0"
    yield "user_holdout", {"test": 0.6, "validation": 0.4}, "leave nothing to train on"
    yield "fixed", {"train": "a.csv", "test": ""}, "test"
    yield "fixed", {"train": "a.csv", "test": "b.csv", "seed": -1}, "seed is -1"


@pytest.mark.parametrize(("kind", "options", "told"), list(lines()))
def test_bad_options(kind: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        registry.load("splits", kind)(**options)


@pytest.mark.parametrize(
    ("split", "told"),
    [
        (UserTime(test=0.1), "split user_time leaves no interaction in test, of 3 .*Choose larger shares"),
        (RandomSplit(test=0.1), "split random leaves no interaction in test"),
        (KFold(folds=5, fold=0), "split k_fold leaves no interaction in test.*Use fewer folds"),
        (UserHoldout(test=0.1), "split user_holdout leaves no interaction in train|in test"),
        (UserHoldout(test=0.9, fold_in=5), "needs 1 of 1 users, but only 0 have enough interactions"),
        (GlobalTime(test_from=100), "no interaction in test.*test begins at 100"),
        (GlobalTime(test_from=2, validation_from=1.5), "no interaction in validation"),
    ],
)
def test_nothing_left_is_told(split: Any, told: str) -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 10, 2, 1), Row(1, 10, 3, 1)]
    begins = [KFold(folds=5, fold=fold) for fold in range(5)]
    if split == begins[0]:  # three rows of one user leave two of five folds empty
        split = next(one for one in begins if not np.isin(2, _labels(one, rows)))
    with pytest.raises(DataError, match=told):
        split.split(interactions_from(rows))


def _labels(split: KFold, rows: list[Row]) -> list[int]:
    try:
        return list(split.split(interactions_from(rows)).labels)
    except DataError:
        return []


@pytest.mark.parametrize("split", [UserTime(), UserHoldout(ties="error"), LeaveLastOut(ties="stable")])
def test_timestamps_that_are_needed(split: Any) -> None:
    rows = replace(interactions_from(TABLE), timestamps=None)
    with pytest.raises(DataError, match=rf"split {split.kind} .*needs timestamps.*dataset\.columns\.timestamp"):
        split.split(rows)


@pytest.mark.parametrize(("unit", "factor"), [("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)])
def test_dates_where_times_are_finer_than_seconds(unit: str, factor: int) -> None:
    rows = interactions_from(TABLE)
    rows = replace(rows, timestamps=(rows.timestamps + 1_600_000_000) * factor)
    with pytest.raises(DataError, match=rf"look like {unit} .* Give the number {1_577_836_800 * factor}\."):
        GlobalTime(test_from="2020-01-01").split(rows)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("user,item\n1,14\n1,99\n", r"1 of 2 rows of .*test\.csv are not among .* row 2: user 1, item 99"),
        ("user,item\n1,14\n1,14\n", r"1 of 2 rows of .*test\.csv .* row 2: .*Give files that were split from this"),
        ("user,item\n1,10\n", r"1 of 1 rows of .*test\.csv"),
        ("user,item\n", "header and no rows"),
        (None, r"test\.csv, which test names, does not exist"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, test: str | None, told: str) -> None:
    (tmp_path / "train.csv").write_text("user,item\n1,10\n")
    if test is not None:
        (tmp_path / "test.csv").write_text(test)
    split = FixedSplit(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"))
    with pytest.raises(DataError, match=told):
        split.split(interactions_from(TABLE))


def test_one_file_for_two_parts(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("user,item\n1,10\n")
    path = str(tmp_path / "train.csv")
    with pytest.raises(DataError, match=r"is both train and test\. Name one file for each"):
        FixedSplit(train=path, test=path).split(interactions_from(TABLE))


def test_parts_on_another_clock(tmp_path: Path) -> None:
    second = 1_717_113_600
    rows = [Row(1, 10, second, 5.0), Row(1, 11, second + 1, 5.0)]
    (tmp_path / "train.csv").write_text(f"user,item,timestamp\n1,10,{second * 1000}\n")
    (tmp_path / "test.csv").write_text(f"user,item,timestamp\n1,11,{(second + 1) * 1_000_000}\n")
    fixed = FixedSplit(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"))
    assert fixed.split(interactions_from(rows)).part("test").items.tolist() == [1]
    in_milliseconds = [row._replace(time=1000 * row.time) for row in rows]
    with pytest.raises(DataError, match=r"test\.csv look like us since 1970, but the data set.s like ms"):
        fixed.split(interactions_from(in_milliseconds))
