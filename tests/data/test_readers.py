from __future__ import annotations

import datetime
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import read_table
from harness.errors import DataError

UTC = datetime.UTC


def written(folder: Path, content: str | bytes, name: str = "plays.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


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


def test_a_column_with_a_name_is_not_taken_twice(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "user,timestamp\n1,2\n"), item="timestamp")
    assert rows.item_ids.ids.tolist() == [2]
    assert rows.timestamps is None


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        (["7", "10", "-3", "0"], [-3, 0, 7, 10]),
        (["007", "7"], ["007", "7"]),
        (["1", "2.0"], ["1", "2.0"]),
        (["1", "a"], ["1", "a"]),
        (["+1", "2"], ["+1", "2"]),
        (["-0", "2"], ["-0", "2"]),
        ([" 1", "2"], [" 1", "2"]),
        (["true", "false"], ["false", "true"]),
        (["NA", "nan"], ["NA", "nan"]),
        (["2024-01-01", "x"], ["2024-01-01", "x"]),
        (["9223372036854775807"], [9223372036854775807]),
        (["9223372036854775808", "1"], ["1", "9223372036854775808"]),
        (["é", "z"], ["z", "é"]),
    ],
)
def test_text_ids_are_integers_or_exactly_as_written(tmp_path: Path, texts: list[str], ids: list[Any]) -> None:
    path = written(tmp_path, "user,item\n" + "".join(f"{text},1\n" for text in texts))
    vocabulary = read_table(path).user_ids
    assert vocabulary.ids.tolist() == ids
    assert vocabulary.is_text == isinstance(ids[0], str)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=5),
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-(2**62), 2**62),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_format_gives_what_was_written(tmp_path: Path, rows: list[tuple[str, int, int]]) -> None:
    # "#" keeps the texts from being integers, and from being empty for pandas.
    frame = pd.DataFrame(
        {
            "user": [f"#{user}" for user, _, _ in rows],
            "item": [item for _, item, _ in rows],
            "timestamp": [time for _, _, time in rows],
        }
    )
    frame.to_csv(tmp_path / "a.csv", index=False, lineterminator="\n")
    frame.to_csv(tmp_path / "a.tsv.gz", index=False, sep="\t", lineterminator="\n")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.tsv.gz", "a.parquet"):
        assert read_table(tmp_path / name).frame().values.tolist() == frame.values.tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([3, 1], pa.int16()),
        pa.array([3, 1], pa.uint64()),
        pa.array([3.0, 1.0]),
        pa.array([3, 1]).dictionary_encode(),
    ],
)
def test_parquet_integers_of_any_width(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"user": column, "item": [1, 2]}), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").user_ids.ids.tolist() == [1, 3]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["7", "1"]),
        pa.array(["7", "1"], pa.large_string()),
        pa.array([b"7", b"1"]),
        pa.array(["7", "1"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([2, 0]), pa.array(["1", "unused", "7"])),
    ],
)
def test_parquet_text_stays_text(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"user": column, "item": [1, 2]}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.frame()["user"].tolist() == ["7", "1"]
    assert rows.user_ids.ids.tolist() == ["1", "7"]


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (["1970-01-02", "1970-01-03"], [86_400, 172_800]),
        (["1970-01-01 00:00:05", "1970-01-01T00:01"], [5, 60]),
        (["1970-01-01T01:00:00+01:00", "1970-01-01T00:00:07Z"], [0, 7]),
        (["1970-01-01T00:00:01", "1970-01-02"], [1, 86_400]),
        (["1969-12-31T23:59:59Z", "1970-01-01T00:00:01+00:00"], [-1, 1]),
        (["1970-01-01 00:00:00.25", "1970-01-01 00:00:01"], [250, 1000]),
        (["12", "7"], [12, 7]),
        (["12.5", "7"], [12.5, 7.0]),
        (["1e9", "7"], [1e9, 7.0]),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_times_in_text(tmp_path: Path, texts: list[str], seconds: list[float], suffix: str) -> None:
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "timestamp": texts})
    path = tmp_path / f"a.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    times = read_table(path).timestamps
    assert times is not None
    assert times.tolist() == seconds
    whole = all(isinstance(second, int) for second in seconds)
    assert times.dtype == (np.int64 if whole else np.float64)


@pytest.mark.parametrize(
    ("column", "seconds"),
    [
        (pa.array([datetime.date(1970, 1, 2)]), 86_400),
        (pa.array([datetime.date(1970, 1, 2)], pa.date64()), 86_400),
        (pa.array([datetime.datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)]), 9),
        (pa.array([9_000], pa.timestamp("ms")), 9),
        (pa.array([9_250], pa.timestamp("ms", "Europe/Berlin")), 9_250),
        (pa.array([32_503_680_000], pa.timestamp("s")), 32_503_680_000),
        (pa.array([7], pa.uint64()), 7),
        (pa.array([7.5], pa.float32()), 7.5),
    ],
)
def test_times_in_parquet(tmp_path: Path, column: pa.Array, seconds: float) -> None:
    pq.write_table(pa.table({"user": [1], "item": [1], "timestamp": column}), tmp_path / "a.parquet")
    times = read_table(tmp_path / "a.parquet").timestamps
    assert times is not None
    assert times.tolist() == [seconds]


def test_a_parquet_column_with_a_dot(tmp_path: Path) -> None:
    pq.write_table(pa.table({"who.id": ["a"], "item": [1]}), tmp_path / "a.pq")
    assert read_table(tmp_path / "a.pq", user="who.id").frame().values.tolist() == [["a", 1]]


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
    ("content", "told"),
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
def test_bad_text_files(tmp_path: Path, content: str | bytes, told: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError, match=told) as error:
        read_table(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"user": [1, None], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": [1.0, float("nan")], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": ["a", ""], "item": [1, 2]}, "column 'user', row 2: the id is missing"),
        ({"user": [1.5, 2.0], "item": [1, 2]}, "column 'user': the id 1.5 is not a whole number"),
        ({"user": [True, False], "item": [1, 2]}, "column 'user' holds bool, where an id is needed"),
        ({"user": [[1], [2]], "item": [1, 2]}, "column 'user' holds list"),
        ({"user": [b"\xff", b"a"], "item": [1, 2]}, "bytes that are not UTF-8"),
        ({"user": pa.array([2**63, 1], pa.uint64()), "item": [1, 2]}, "does not fit into 64 bits"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [1.0, float("nan")]}, "row 2: the timestamp is missing"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [1.0, float("inf")]}, "row 2: the timestamp is inf"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [None, None]}, "row 1 .*the timestamp is missing"),
        ({"user": [1, 2], "item": [1, 2], "timestamp": [[1], [2]]}, "where a timestamp is needed"),
        ({"user": [1, 2], "item": [1, 2], "rating": ["1", "x"]}, "row 2: 'x' is not a rating"),
        ({"user": [1, 2], "item": [1, 2], "rating": [True, False]}, "holds bool, where a rating is needed"),
        ({"user": pa.array([], pa.int64()), "item": pa.array([], pa.int64())}, "no rows"),
        ({"user": [1, 2]}, "no column 'item'"),
    ],
)
def test_bad_parquet_files(tmp_path: Path, columns: dict[str, Any], told: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(DataError, match=told) as error:
        read_table(path)
    assert str(path) in str(error.value)


def test_missing_times_of_parquet_dates(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "timestamp": pd.to_datetime(["2024-01-01", None])})
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2: the timestamp is missing"):
        read_table(tmp_path / "a.parquet")


def test_what_is_no_file(tmp_path: Path) -> None:
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


def test_one_column_cannot_mean_two_things(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'user' is named twice"):
        read_table(written(tmp_path, "user,item\n1,2\n"), item="user")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([1, 1_000, 10**12]),
    st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=30),
    st.integers(-(2**60), 2**60),
)
def test_integer_ids_near_and_far(tmp_path: Path, step: int, numbers: list[int], start: int) -> None:
    ids = [start + step * number for number in numbers]
    pq.write_table(pa.table({"user": ids, "item": numbers}), tmp_path / "a.parquet", row_group_size=7)
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == sorted(set(ids))
    assert rows.frame()["user"].tolist() == ids
    assert rows.users.dtype == np.int32


def test_text_ids_are_in_pythons_order(tmp_path: Path) -> None:
    ids = ["z", "Z", "é", "\U0001f600", "￮", "a b", "ab", "10", "9x"]
    pq.write_table(pa.table({"user": ids, "item": list(range(9))}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == sorted(ids)
    assert rows.frame()["user"].tolist() == ids


def test_zeros_of_both_signs_are_one_id(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user": [0.0, -0.0, 1.0], "item": [1, 2, 3]}), tmp_path / "a.parquet")
    rows = read_table(tmp_path / "a.parquet")
    assert rows.user_ids.ids.tolist() == [0, 1]
    assert rows.users.tolist() == [0, 0, 1]
