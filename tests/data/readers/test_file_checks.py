"""Refuse files that are missing, damaged or not regular files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import written

from harness.data import read_table
from harness.errors import DataError


def test_what_is_not_a_file(tmp_path: Path) -> None:
    written(tmp_path, "user,item\n1,2\n")
    with pytest.raises(DataError, match=r"there is no such file\. Did you mean 'plays\.csv'\?"):
        read_table(tmp_path / "play.csv")
    with pytest.raises(DataError, match="there is no such file"):
        read_table(tmp_path / "nowhere" / "plays.csv")
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        read_table(tmp_path / f"{'x' * 300}.csv")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(DataError, match=r"does not say the format.*\.csv, \.tsv"):
        read_table(written(tmp_path, "x", "plays.xlsx"))
    with pytest.raises(DataError, match="does not say the format"):
        read_table(written(tmp_path, "x", "plays.parquet.gz"))
    with pytest.raises(DataError, match="does not say the format"):
        read_table(written(tmp_path, "x", "plays"))


def test_damaged_files(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user": list(range(1_000)), "item": list(range(1_000))}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    packed = gzip.compress(b"user,item\n" + b"1,2\n" * 10_000)
    # Damage past the first megabyte, which is all that the header needs.
    late = gzip.compress(b"user,item\n" + b"1,2\n" * 500_000)
    damaged = {
        "cut.parquet": whole[:-20],
        "text.parquet": b"user,item\n1,2\n",
        "bits.parquet": whole[:100] + bytes(len(whole) - 500) + whole[-400:],
        "cut.csv.gz": packed[:-30],
        "bits.csv.gz": packed[:40] + bytes(20) + packed[60:],
        "late.csv.gz": late[:-8] + bytes(8),
        "plain.csv.gz": b"user,item\n1,2\n",
    }
    for name, content in damaged.items():
        with pytest.raises(DataError, match=rf"{name}: the file cannot be read: .*Write it again"):
            read_table(written(tmp_path, content, name))
