"""Whatever stands in a file, it is read or refused with one message."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.artifacts import Vocabulary
from harness.data import read_table
from harness.data.side_tables.item_vectors import read_vectors
from harness.errors import DataError
from harness.experiment import VectorsSettings

WORDS = rb"user item timestamp rating user_id:token item_id:token , :: { } [ ] : 1 7 - 2024-05-31 nan 1e400 null \ud800"
ODD = (b"\t", b"\n", b"\r", b'"', b" ", b"\xe9", b"\0", b"\x1f", b"\xef\xbb\xbf", "\U0001f600".encode())
LINES = (
    b'{"user": 1, "item": 2}\n',
    b'{"user": "a", "item": "b", "rating": 4.5}\n',
    b"user,item\n",
    b"1,2\n",
    b"user_id:token\titem_id:token\n",
    b"1\t2\n",
    b"1::2::3::4\n",
)
PIECES = st.sampled_from([*WORDS.split(b" "), *ODD, *LINES])
SUFFIXES = st.sampled_from(["csv", "tsv", "jsonl", "inter", "dat", "parquet", "csv.gz", "jsonl.gz"])
CONTENT = st.one_of(st.lists(PIECES, max_size=25).map(b"".join), st.binary(max_size=60))
ONE_MESSAGE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_or_refused(path: Path, **options: str) -> None:
    try:
        rows = read_table(path, timestamp_unit="auto", **options)  # type: ignore[arg-type]
    except DataError as error:
        rows, told = None, str(error)
    if rows is None:
        assert str(path) in told
    else:
        assert len(rows.frame()) == len(rows.users) == len(rows.items) > 0


@ONE_MESSAGE
@given(CONTENT, SUFFIXES, st.booleans())
def test_any_bytes(tmp_path: Path, content: bytes, suffix: str, packed: bool) -> None:
    path = tmp_path / f"plays.{suffix}"
    path.write_bytes(gzip.compress(content) if packed and suffix.endswith("gz") else content)
    read_or_refused(path)


@ONE_MESSAGE
@given(CONTENT, st.sampled_from([";", "::", "é", "|", " "]))
def test_any_bytes_with_a_delimiter(tmp_path: Path, content: bytes, delimiter: str) -> None:
    path = tmp_path / "plays.txt"
    path.write_bytes(content.replace(b",", delimiter.encode()))
    read_or_refused(path, delimiter=delimiter)


@ONE_MESSAGE
@given(st.data())
def test_damaged_parquet(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "plays.parquet"
    pq.write_table(pa.table({"user": ["a", "b"] * 20, "item": list(range(40)), "rating": [0.5] * 40}), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))] if data.draw(st.booleans()) else content)
    read_or_refused(path)


@ONE_MESSAGE
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_as_vectors(tmp_path: Path, content: bytes, magic: bool) -> None:
    path = tmp_path / "v.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" * magic + content)
    with pytest.raises(DataError, match=r"v\.npy"):
        read_vectors(VectorsSettings(str(path)), Vocabulary.of([1]), table_ids=None)
