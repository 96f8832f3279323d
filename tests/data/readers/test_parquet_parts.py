"""Read folders of parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import read_table
from harness.data.readers.parquet_parts import sha256_of
from harness.errors import DataError


def part(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), path)


def test_parts_by_hand(tmp_path: Path) -> None:
    part(tmp_path / "part-1.parquet", user=["b"], item=[2], extra=[1])
    part(tmp_path / "part-0.parquet", item=[1, 3], user=pa.array(["a", "c"]).dictionary_encode())
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part-0.parquet.crc").touch()
    assert read_table(tmp_path).frame().values.tolist() == [["a", 1], ["c", 3], ["b", 2]]


def test_the_sha256_of_a_folder_is_of_its_parts_in_order(tmp_path: Path) -> None:
    for name, items in (("a", [1]), ("b", [2])):
        part(tmp_path / f"{name}.parquet", user=[1], item=items)
    before = sha256_of(tmp_path)
    (tmp_path / "_SUCCESS").touch()
    assert sha256_of(tmp_path) == before
    (tmp_path / "a.parquet").rename(tmp_path / "c.parquet")
    assert sha256_of(tmp_path) != before


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"user": ["b"], "item": ["x"]}, r"b\.parquet: column 'item' holds string, where a\.parquet holds int64"),
        ({"user": ["b"]}, r"b\.parquet: no column 'item', where a\.parquet has one"),
        (
            {"user": ["b"], "item": [1], "timestamp": [5]},
            r"a\.parquet: no column 'timestamp', where another part has one",
        ),
    ],
)
def test_parts_of_several_schemas(tmp_path: Path, second: dict[str, Any], message: str) -> None:
    part(tmp_path / "a.parquet", user=["a"], item=[1])
    part(tmp_path / "b.parquet", **second)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path)


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a folder without a \.parquet file"):
        read_table(tmp_path)
    part(tmp_path / "a.parquet", user=["a"], item=[1])
    (tmp_path / "b.parquet").touch()
    with pytest.raises(DataError, match=r"b\.parquet: the part is empty"):
        read_table(tmp_path)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(DataError, match=r"b\.parquet: the file cannot be read"):
        read_table(tmp_path)
    (tmp_path / "b.parquet").unlink()
    (tmp_path / "day=1").mkdir()
    with pytest.raises(DataError, match="holds a folder, 'day=1', whose rows would be left out"):
        read_table(tmp_path)
