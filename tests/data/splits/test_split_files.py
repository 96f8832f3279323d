"""Write a split as parquet files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from oracles.splitting import Row
from oracles.tables import interactions_from, rows_of
from strategies import INTERACTION_ROWS

from harness.artifacts import PARTS, Split, Vocabulary
from harness.data import LeaveLastOut, read_table, write_parts
from harness.errors import HarnessError


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INTERACTION_ROWS)
def test_parts_read_back_are_the_split(tmp_path: Path, rows: list[Row]) -> None:
    assume(max(sum(other.user == row.user for other in rows) for row in rows) > 1)
    split = LeaveLastOut().split(interactions_from(rows))
    written = write_parts(split, tmp_path / "parts")
    assert [path.name for path in written] == [f"{part}.parquet" for part in PARTS if len(split.part(part))]
    assert sorted((tmp_path / "parts").iterdir()) == sorted(written)
    for path in written:
        assert rows_of(read_table(path)) == rows_of(split.part(path.stem))
        assert pd.read_parquet(path).columns.tolist() == ["user", "item", "timestamp", "rating"]


def test_text_ids_without_times_and_ratings(tmp_path: Path) -> None:
    rows = interactions_from([Row(1, 10, 0, 1), Row(1, 11, 1, 1)])
    rows = replace(rows, timestamps=None, values=None, user_ids=Vocabulary.of(["007"]))
    write_parts(Split(rows, np.array([0, 2], dtype=np.int8)), tmp_path)
    table = pd.read_parquet(tmp_path / "test.parquet")
    assert table.to_dict("list") == {"user": ["007"], "item": [11]}


def test_a_part_of_an_earlier_split_does_not_stay(tmp_path: Path) -> None:
    rows = interactions_from([Row(1, 10 + n, n, 1) for n in range(4)])
    write_parts(LeaveLastOut().split(rows), tmp_path)
    assert (tmp_path / "validation.parquet").exists()
    write_parts(LeaveLastOut(validation=False).split(rows), tmp_path)
    assert not (tmp_path / "validation.parquet").exists()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    split = LeaveLastOut().split(interactions_from([Row(1, 10, 0, 1), Row(1, 11, 1, 1)]))
    with pytest.raises(HarnessError, match="Choose a folder"):
        write_parts(split, tmp_path / "file")
