"""Every format gives the rows that Python, pandas and Arrow wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from data_files import written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import read_table

NAMES = ("user", "item", "rating", "timestamp")


Row = tuple[str, int, float, int]


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


def test_the_same_as_pandas(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"user": ["a", "b", "a"], "item": [3, 1, 2], "rating": [1.0, 2.0, 5.0], "timestamp": [9, 8, 7]}
    )
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";", quoting=csv.QUOTE_ALL)
    assert rows_of(tmp_path / "a.jsonl") == frame.values.tolist()
    assert rows_of(tmp_path / "a.csv", delimiter=";") == frame.values.tolist()
