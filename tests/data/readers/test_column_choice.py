"""Find the columns of a table by their meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_files import written

from harness.data import read_table
from harness.errors import DataError


def test_a_column_with_a_name_is_not_taken_twice(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "user,timestamp\n1,2\n"), item="timestamp")
    assert rows.item_ids.ids.tolist() == [2]
    assert rows.timestamps is None


def test_one_column_cannot_mean_two_things(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'user' is named twice"):
        read_table(written(tmp_path, "user,item\n1,2\n"), item="user")
