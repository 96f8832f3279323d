"""Take the parts of a split from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.splitting import Row
from oracles.tables import FIVE_AND_ONE, interactions_from, items_of_parts

from harness.data import FixedSplit
from harness.errors import DataError


def test_fixed_by_hand(tmp_path: Path) -> None:
    for part, lines in {"train": "1,10\n1,11\n2,10\n", "test": "1,14\n"}.items():
        (tmp_path / f"{part}.csv").write_text(f"user,item\n{lines}")
    split = FixedSplit(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv")).split(
        interactions_from(FIVE_AND_ONE)
    )
    assert items_of_parts(split) == [[10, 11, 10], [], [14], []]
    assert split.facts["outside"] == {"interactions": 2, "share": 2 / 6}


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("user,item\n1,14\n1,99\n", r"1 of 2 rows of .*test\.csv are not among .* row 2: user 1, item 99"),
        ("user,item\n1,14\n1,14\n", r"1 of 2 rows of .*test\.csv .* row 2: .*Give files that were split from this"),
        ("user,item\n1,10\n", r"1 of 1 rows of .*test\.csv"),
        ("user,item\n", "header and no rows"),
        (None, r"test\.csv, which test names, does not exist"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, test: str | None, message: str) -> None:
    (tmp_path / "train.csv").write_text("user,item\n1,10\n")
    if test is not None:
        (tmp_path / "test.csv").write_text(test)
    split = FixedSplit(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"))
    with pytest.raises(DataError, match=message):
        split.split(interactions_from(FIVE_AND_ONE))


def test_one_file_for_two_parts(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("user,item\n1,10\n")
    path = str(tmp_path / "train.csv")
    with pytest.raises(DataError, match=r"is both train and test\. Name one file for each"):
        FixedSplit(train=path, test=path).split(interactions_from(FIVE_AND_ONE))


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
