"""Every format of interactions, against what Python's own csv, json and gzip wrote."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import read_table
from harness.data.readers.parquet_parts import sha256_of
from harness.errors import DataError

NAMES = ("user", "item", "rating", "timestamp")
Row = tuple[str, int, float, int]


def written(folder: Path, content: str | bytes, name: str) -> Path:
    path = folder / name
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def rows_of(path: Path, **options: Any) -> list[list[Any]]:
    return read_table(path, **options).frame()[["user", "item", "rating", "timestamp"]].values.tolist()


def in_json(rows: list[Row]) -> str:
    lines = [json.dumps(dict(zip(NAMES, row, strict=True)) | {"review": {"text": "…"}}) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def in_text(rows: list[Row], delimiter: str, header: str | None) -> str:
    lines = [] if header is None else [header]
    return "".join(f"{line}\n" for line in (*lines, *(delimiter.join(map(str, row)) for row in rows)))


def in_csv(path: Path, rows: list[Row], delimiter: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([NAMES, *rows])
    return path


def in_parts(folder: Path, rows: list[Row]) -> Path:
    folder.mkdir(exist_ok=True)
    half = len(rows) // 2
    for name, some in (("part-0", rows[:half]), ("part-1", rows[half:])):
        columns = {key: [row[place] for row in some] for place, key in enumerate(NAMES)}
        schema = pa.schema(zip(NAMES, (pa.string(), pa.int64(), pa.float64(), pa.int64()), strict=True))
        pq.write_table(pa.table(columns, schema=schema), folder / f"{name}.parquet")
    return folder


ROWS = st.lists(
    st.tuples(
        # "#" keeps the text from being an integer; what is no letter would need quotes.
        st.text(st.characters(categories=["L", "N"]), max_size=5).map(lambda text: f"#{text}"),
        st.integers(-(2**63), 2**63 - 1),
        st.integers(1, 20).map(lambda half: half / 2),
        st.integers(-(2**62), 2**62),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_every_format_gives_what_was_written(tmp_path: Path, rows: list[Row]) -> None:
    expected = [list(row) for row in rows]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    for content, name in (
        (in_json(rows), "a.jsonl"),
        (in_json(rows), "a.ndjson.gz"),
        (in_json(rows), "a.json"),
        (in_text(rows, "\t", header), "a.inter"),
        (in_text(rows, "::", None), "ratings.dat"),
        (in_text(rows, "::", None), "ratings.dat.gz"),
    ):
        assert rows_of(written(tmp_path, content, name)) == expected, name
    for delimiter in (";", "|", "\t"):
        assert rows_of(in_csv(tmp_path / "a.csv", rows, delimiter), delimiter=delimiter) == expected
    for delimiter in ("::", "§", "<>", "\x01"):
        path = written(tmp_path, in_text(rows, delimiter, delimiter.join(NAMES)), "a.txt")
        assert rows_of(path, delimiter=delimiter) == expected
    assert rows_of(in_parts(tmp_path / "parts", rows)) == expected


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


def test_amazon_reviews_by_hand(tmp_path: Path) -> None:
    review = (
        '{"reviewerID": "A2", "asin": "0000013714", "helpful": [2, 3], "overall": 5.0, "unixReviewTime": 1252800000}\n'
    )
    path = written(tmp_path, review + "\n" + review.replace("5.0", "4"), "reviews.json.gz")
    rows = read_table(path, user="reviewerID", item="asin", rating="overall", timestamp="unixReviewTime")
    assert rows.frame().values.tolist() == [
        ["A2", "0000013714", 1252800000, 5.0],
        ["A2", "0000013714", 1252800000, 4.0],
    ]


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


GOOD = '{"user": "ann", "item": 7}\n'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GOOD + '{"user": "bob", "item": 7\n', r"line 2: the line is not a JSON object: Expecting ',' delimiter at"),
        (GOOD * 3_000 + "{'user': 'bob'}\n", r"line 3001: the line is not a JSON object: Expecting property name"),
        (GOOD * 3_000 + '{"user": 5, "item": 7}\n', "line 3001: 'user' is a number where it was text before"),
        (GOOD + '{"user": true, "item": 7}\n', "line 2: 'user' is true or false where it was text before"),
        (GOOD + '{"item": 7}\n', "column 'user', row 2: the id is missing"),
        (GOOD + '{"user": null, "item": 7}\n', "column 'user', row 2: the id is missing"),
        (GOOD + '{"user": "bob", "item": 1.5}\n', "the id 1.5 is not a whole number"),
        (GOOD.replace("7", "9" * 20), r"line 1: 'item' is 9{20}, which does not fit into 64 bits"),
        (GOOD.replace("ann", "\\ud800"), "half a character"),
        ('{"user": {"id": 1}, "item": 7}\n', "column 'user' holds struct"),
        (GOOD + '"bob"\n', "line 2: text where a JSON object is needed"),
        (GOOD + "[1, 2]\n", "the file is one JSON array"),
        ("[" + GOOD.strip() + "]", r"the file is one JSON array, where one object per line is needed.*jq -c '\.\[\]'"),
        ("[\n" + GOOD.strip() + "\n]", "the file is one JSON array"),
        ('{\n"user": "ann"\n}', "line 1: the line is not a JSON object"),
        ("{}\n", "the file is empty"),
        ("\n \n", "the file is empty"),
        ('{"users": "ann", "item": 7}\n', "no column 'user' for the user. Did you mean 'users'"),
        (GOOD.encode() + b'{"user": "Jos\xe9", "item": 7}\n', r"line 2: the text is not UTF-8 \(byte 0xe9\)"),
    ],
)
def test_bad_json_lines(tmp_path: Path, content: str | bytes, told: str) -> None:
    path = written(tmp_path, content, "a.jsonl")
    with pytest.raises(DataError, match=told) as error:
        read_table(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["timestamp", "rating"])
def test_a_column_that_occurs_late_in_json_lines_is_not_dropped(tmp_path: Path, name: str) -> None:
    lines = [f'{{"user": "u{row}", "item": {row}, "note": "\\"{name}\\":"}}\n' for row in range(1_200)]
    plain = read_table(written(tmp_path, "".join(lines), "a.jsonl"))
    # The word alone, inside a text, is no key.
    assert plain.timestamps is None
    assert plain.values is None
    late = [*lines, f'{{"user": "ann", "item": 7, "{name}": 5}}\n']
    with pytest.raises(DataError, match=f"row 1.*{name}"):
        read_table(written(tmp_path, "".join(late), "b.jsonl"))


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
    ("second", "told"),
    [
        ({"user": ["b"], "item": ["x"]}, r"b\.parquet: column 'item' holds string, where a\.parquet holds int64"),
        ({"user": ["b"]}, r"b\.parquet: no column 'item', where a\.parquet has one"),
        (
            {"user": ["b"], "item": [1], "timestamp": [5]},
            r"a\.parquet: no column 'timestamp', where another part has one",
        ),
    ],
)
def test_parts_of_several_schemas(tmp_path: Path, second: dict[str, Any], told: str) -> None:
    part(tmp_path / "a.parquet", user=["a"], item=[1])
    part(tmp_path / "b.parquet", **second)
    with pytest.raises(DataError, match=told):
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
    path = written(tmp_path, b"user,item\n" + b"a,2\n" * 5_000 + b"Jos\xe9,2\n", "a.csv.gz")
    with pytest.raises(DataError, match=r"line 5002: the text is not UTF-8 \(byte 0xe9\).*iconv -f LATIN1 -t UTF-8"):
        read_table(path)


def test_the_same_as_pandas(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"user": ["a", "b", "a"], "item": [3, 1, 2], "rating": [1.0, 2.0, 5.0], "timestamp": [9, 8, 7]}
    )
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";", quoting=csv.QUOTE_ALL)
    assert rows_of(tmp_path / "a.jsonl") == frame.values.tolist()
    assert rows_of(tmp_path / "a.csv", delimiter=";") == frame.values.tolist()
