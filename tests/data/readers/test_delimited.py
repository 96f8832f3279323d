"""Read text files with delimiters."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import written

from harness.data import read_table
from harness.errors import DataError


def test_csv_by_hand(tmp_path: Path) -> None:
    path = written(tmp_path, "rating,item,user,timestamp,note\n4.5,b,2,10,x\n3,a,1,20,y\n4.5,b,2,10,z\n")
    rows = read_table(path)
    assert rows.frame().values.tolist() == [[2, "b", 10, 4.5], [1, "a", 20, 3.0], [2, "b", 10, 4.5]]
    assert rows.users.dtype == rows.items.dtype == np.int32
    assert rows.timestamps is not None
    assert rows.timestamps.dtype == np.int64
    assert rows.values is not None
    assert rows.values.dtype == np.float32


def test_columns_have_the_names_that_are_given(tmp_path: Path) -> None:
    path = written(tmp_path, "who\twhat\twhen\tstars\ttimestamp\n1\t2\t3\t4\t9\n", "plays.tsv")
    rows = read_table(path, user="who", item="what", timestamp="when", rating="stars")
    assert rows.frame().values.tolist() == [[1, 2, 3, 4]]


def test_times_and_ratings_are_optional(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "user,item\n1,2\n"))
    assert rows.timestamps is None
    assert rows.values is None


def test_odd_but_fine_text_files(tmp_path: Path) -> None:
    bom = written(tmp_path, b"\xef\xbb\xbfuser,item\r\n1,2\r\n", "bom.csv")
    assert read_table(bom).frame().values.tolist() == [[1, 2]]
    blank = written(tmp_path, "\n\nuser,item\n1,2\n\n3,4\n", "blank.csv")
    assert read_table(blank).frame().values.tolist() == [[1, 2], [3, 4]]
    quoted = written(tmp_path, '"user","item",note\n"a,b","2","two\nlines"\n', "quoted.csv")
    assert read_table(quoted).frame().values.tolist() == [["a,b", 2]]
    upper = written(tmp_path, gzip.compress(b"user,item\n1,2\n"), "PLAYS.CSV.GZ")
    assert read_table(str(upper)).frame().values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("user,item\n", "a header and no rows"),
        ("user,itme\n1,2\n", r"no column 'item' for the item\. Did you mean 'itme'\?.*dataset\.columns\.item"),
        ("a,b\n1,2\n", r"no column 'user' for the user\. The columns are: 'a', 'b'"),
        ("user;item\n1;2\n", "look separated by ';'"),
        ("x" * 200_000, "no column 'user' for the user"),
        ("x" * (1 << 21), "the first line is longer than 1 MiB"),
        ("user,item,item\n1,2,3\n", "two columns are called 'item'"),
        ("user,item\n1,2\n3,4,5\n", r"line 3: 3 columns where the first line has 2"),
        ('user,item\n"a\nb",2\n\n3\n4\n', r"line 5 \(and 1 more\): 1 column where the first line has 2"),
        ('user,item\n1,2\n1,"3\n2,4\n3,5\n', "line 3: a double quote opens a value and does not close it"),
        ('user,item\n"a,1\nb,2\nc",3\n"d,4\ne"f,5\n', "line 5: a double quote opens a value"),
        ('user,item,note\n1,2,x\n2,3,"y\n3,4,z\n', "line 3: a double quote opens a value"),
        ("user,item\n1,2\n,4\n,5\n", r"column 'user', row 2 \(and 1 more\): the id is missing"),
        ("user,item\n1,2\nnan,4\n", "row 2: the id is 'nan' where the others are integers"),
        ("user,item,timestamp\n1,2,\n", "column 'timestamp', row 1: the timestamp is missing"),
        ("user,item,timestamp\n1,2,5\n1,2,nan\n", "row 2: the timestamp is missing"),
        ("user,item,timestamp\n1,2,5\n1,2,-inf\n", "row 2: the timestamp is -inf"),
        ("user,item,timestamp\n1,2,5\n1,2,6\n1,2,soon\n", "row 3: 'soon' is not a timestamp"),
        ("user,item,timestamp\n1,2,2024-01-01\n1,2,NaT\n", "row 2: 'NaT' is not a timestamp"),
        ("user,item,timestamp\n1,2,2024-01-01\n1,2,2024-13-01\n", "row 2: '2024-13-01' is not a timestamp"),
        ("user,item,timestamp\n1,2,2024-01-01\n1,2,2024-01-02\n1,2,99\n", "row 3: '99' is not a timestamp"),
        ("user,item,timestamp\n1,2,12:30\n", "holds time32.* where a timestamp is needed"),
        ("user,item,timestamp\n1,2,true\n", "holds bool, where a timestamp is needed"),
        ("user,item,rating\n1,2,4\n1,2,good\n", "row 2: 'good' is not a rating"),
        ("user,item,rating\n1,2,4\n1,2,\n", "row 2: the rating is missing"),
        ("user,item,rating\n1,2,inf\n", "the rating is inf"),
        ("user,item,rating\n1,2,1e39\n", "the rating is 1e.39 too large|is too large"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "the file is binary"),
        ("user,item\n1,2\n".encode("utf-16"), "binary, or not UTF-8"),
        (b"us\xe9r,item\n1,2\n", "the header is not UTF-8"),
        (b"user,item\nJos\xe9,2\n", r"line 2: the text is not UTF-8 \(byte 0xe9\).*iconv"),
    ],
)
def test_bad_text_files(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError, match=message) as error:
        read_table(path)
    assert str(path) in str(error.value)


def rows_of(path: Path, **options: Any) -> list[list[Any]]:
    return read_table(path, **options).frame()[["user", "item", "rating", "timestamp"]].values.tolist()


def test_recbole_by_hand(tmp_path: Path) -> None:
    text = 'user_id:token\titem_id:token\trating:float\ttimestamp:float\n7\t"a\t3.5\t9\n8\tb\t4\t10\n'
    path = written(tmp_path, text, "shop.inter")
    assert rows_of(path) == [[7, '"a', 3.5, 9], [8, "b", 4.0, 10]]
    named = read_table(path, user="item_id", item="user_id", timestamp="rating", rating="timestamp")
    assert named.frame().values.tolist() == [['"a', 7, 3.5, 9.0], ["b", 8, 4.0, 10.0]]


def test_movielens_by_hand(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, "1::1193::5::978300760\n1::661::3::978302109\n", "ratings.dat")) == [
        [1, 1193, 5.0, 978300760],
        [1, 661, 3.0, 978302109],
    ]
    assert read_table(written(tmp_path, "1::9\n", "pairs.dat")).frame().values.tolist() == [[1, 9]]
    with pytest.raises(DataError, match=r"no column 'uid' for the user\. The columns are: 'user', 'item', 'rating'"):
        read_table(written(tmp_path, "1::9::5\n", "ratings.dat"), user="uid")
    with pytest.raises(DataError, match=r"ratings\.dat, line 2 \(and 1 more\): 3 columns where the first line has 2"):
        read_table(written(tmp_path, "1::9\n1::9::3\n1::2\n2\n", "ratings.dat"))
    with pytest.raises(DataError, match="look separated by ','"):
        read_table(written(tmp_path, "1,9,3\n", "ratings.dat"))


def test_a_delimiter_across_blocks(tmp_path: Path) -> None:
    lines = [f"{n}::{n % 7}::{n % 5 + 1}::{n}" for n in range(200_000)]
    rows = read_table(written(tmp_path, "\n".join(lines), "ratings.dat"))
    assert rows.frame()["user"].tolist() == list(range(200_000))
    assert rows.frame()["timestamp"].tolist() == list(range(200_000))


def test_a_type_that_changes_late_in_the_file(tmp_path: Path) -> None:
    text = "user,item,rating\n" + "1,2,4\n" * 400_000 + "1,2,4.5\n"
    values = read_table(written(tmp_path, text, "a.csv")).values
    assert values is not None
    assert values.tolist() == [4.0] * 400_000 + [4.5]
    lines = '{"user": 1, "item": 2, "rating": 4}\n' * 2_000 + '{"user": 1, "item": 2, "rating": 4.5}\n'
    values = read_table(written(tmp_path, lines, "a.jsonl")).values
    assert values is not None
    assert values.tolist() == [4.0] * 2_000 + [4.5]


def part(path: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), path)


def test_delimiters_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"look separated by ';': set dataset\.delimiter to that"):
        read_table(written(tmp_path, "user;item\n1;2\n", "a.csv"))
    with pytest.raises(DataError, match=r"set the delimiter of a \.txt file in dataset\.delimiter"):
        read_table(written(tmp_path, "user;item\n1;2\n", "a.txt"))
    part(tmp_path / "a.parquet", user=["a"], item=[1])
    with pytest.raises(DataError, match=r"which only a text file such as \.csv has"):
        read_table(tmp_path / "a.parquet", delimiter=";")
    with pytest.raises(DataError, match="control character 0x1f"):
        read_table(written(tmp_path, "a\x1f::b\n", "a.dat"))


def test_a_file_without_a_header(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The first line looks like data: put a header above it"):
        read_table(written(tmp_path, "196\t242\t3\t881250949\n", "u.tsv"))


def test_bytes_that_are_not_utf8_late_in_the_file(tmp_path: Path) -> None:
    content = b"user,item\n" + b"a,2\n" * 5_000 + b"Jos\xe9,2\n"
    path = written(tmp_path, gzip.compress(content), "a.csv.gz")
    with pytest.raises(DataError, match=r"line 5002: the text is not UTF-8 \(byte 0xe9\).*iconv -f LATIN1 -t UTF-8"):
        read_table(path)
