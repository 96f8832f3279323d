"""One way to open tables: whatever names one, its parts, format, delimiter and columns are treated alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import history_of

from harness.artifacts import Interactions, RecommendationTask, Truth, Vocabulary
from harness.data import FixedSplit, lists_from, read_predictions, read_table
from harness.data.readers.parquet_parts import sha256_of
from harness.data.side_tables.side_table_join import join_side_tables
from harness.errors import DataError
from harness.experiment import ItemsSettings, UsersSettings
from harness.storage.table_formats import TableFormat

ROWS = [("a", 1, 0.5), ("a", 2, 0.25), ("b", 1, 0.125)]
NAMES = ("user", "item", "score")


def known() -> Interactions:
    return Interactions(
        users=np.array([0, 0, 1]),
        items=np.array([0, 1, 0]),
        user_ids=Vocabulary.of(["a", "b"]),
        item_ids=Vocabulary.of([1, 2]),
    )


def as_interactions(path: Path) -> Any:
    return read_table(path).frame()[["user", "item"]].values.tolist()


def as_predictions(path: Path) -> Any:
    read = read_predictions(path)
    return [list(pair) for pair in zip(read.users.to_pylist(), map(int, read.items.to_pylist()), strict=True)]


def as_candidates(path: Path) -> Any:
    rows = known()
    truth = Truth(np.array([0, 0, 0]), np.empty(0, dtype=np.int32))
    history = history_of([[], []], 2)
    asked = RecommendationTask(np.arange(2), truth, history, rows.user_ids, rows.item_ids)
    lists = lists_from(path, asked).lists
    users = np.repeat(["a", "b"], np.diff(lists.indptr)).tolist()
    return [list(pair) for pair in zip(users, (lists.items + 1).tolist(), strict=True)]


def as_part(path: Path) -> Any:
    test = path.parent / "test.csv"
    test.write_text("user,item\nb,2\n")
    rows = known()
    more = Interactions(
        users=np.append(rows.users, 1), items=np.append(rows.items, 1), user_ids=rows.user_ids, item_ids=rows.item_ids
    )
    split = FixedSplit(train=str(path), test=str(test)).split(more)
    return sorted(split.part("train").frame()[["user", "item"]].values.tolist())


PLACES: dict[str, Callable[[Path], Any]] = {
    "interactions": as_interactions,
    "predictions": as_predictions,
    "candidates": as_candidates,
    "fixed part": as_part,
}


def parts(folder: Path, *tables: dict[str, Any]) -> Path:
    folder.mkdir()
    for place, columns in enumerate(tables):
        pq.write_table(pa.table(columns), folder / f"part-{place}.parquet")
    return folder


@pytest.mark.parametrize("place", list(PLACES))
def test_parts_with_other_types_are_refused(place: str, tmp_path: Path) -> None:
    """The second part's "007" is not user 7 of the first."""
    numbers = {"user": [8, 7], "item": [1, 1], "rank": [1, 1]}
    texts = {"user": ["007"], "item": [2], "rank": [1]}
    for name, tables in (("ints first", (numbers, texts)), ("texts first", (texts, numbers))):
        with pytest.raises(DataError, match=r"part-1\.parquet: column 'user' holds (string|int64), where part-0"):
            PLACES[place](parts(tmp_path / name, *tables))


def test_a_column_that_only_a_later_part_has(tmp_path: Path) -> None:
    """A rank decides over the score, and must not be dropped since the first part has none."""
    first = {"user": ["a"], "item": [1], "score": [0.5]}
    later = {"user": ["b"], "item": [1], "score": [0.5], "rank": [1]}
    for name, tables in (("later", (first, later)), ("earlier", (later, first))):
        with pytest.raises(DataError, match=r"no column 'rank'.*All parts of a folder need the same columns"):
            read_predictions(parts(tmp_path / name, *tables))
    # A column that nothing asks for may differ.
    odd = parts(tmp_path / "odd", {**first, "note": [1]}, {"user": ["b"], "item": [2], "score": [1.0], "note": ["x"]})
    assert as_predictions(odd) == [["a", 1], ["b", 2]]


def test_a_rank_that_occurs_late_in_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    lines = [json.dumps({"user": f"u{row}", "item": row, "score": 1.0}) for row in range(2_000)]
    path.write_text("\n".join([*lines, json.dumps({"user": "z", "item": 1, "score": 1.0, "rank": 1})]))
    with pytest.raises(DataError, match=r"column 'rank', row 1 .*the rank is missing"):
        read_predictions(path)


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("form", [*get_args(TableFormat), "folder", "csv.gz"])
def test_every_format_in_every_place(form: str, place: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    path = tmp_path / ("lists" if form == "folder" else f"lists.{form}")
    if form == "folder":
        parts(path, {name: frame[name].tolist() for name in NAMES})
    elif form == "parquet":
        frame.to_parquet(path)
    elif form == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif form == "inter":
        frame.columns = ["user_id:token", "item_id:token", "score:float"]
        frame.to_csv(path, index=False, sep="\t")
    elif form == "dat":
        path.write_text("".join("::".join(map(str, row)) + "\n" for row in ROWS))
    else:
        frame.to_csv(path, index=False, sep="\t" if form == "tsv" else ",")
    assert PLACES[place](path) == [["a", 1], ["a", 2], ["b", 1]]


@pytest.mark.parametrize("name", ["plays.tab", "plays.data", "plays", "plays.data.gz"])
def test_a_format_that_the_name_does_not_say(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    frame = pd.DataFrame({"user": ["a", "b"], "item": [1, 2], "score": [0.5, 1.0]})
    frame.to_csv(path, index=False, sep="\t", compression="gzip" if name.endswith("gz") else None)
    told = "does not say the format.*, or set the format in {} to one of csv, tsv, jsonl, inter, dat"
    with pytest.raises(DataError, match=told.format("dataset.format")):
        read_table(path)
    with pytest.raises(DataError, match=told.format("model.params.format")):
        read_predictions(path)
    for section, key in ((ItemsSettings(str(path)), "items"), (UsersSettings(str(path), groups=("score",)), "users")):
        with pytest.raises(DataError, match=told.format(f"dataset.{key}.format")):
            join_side_tables(known(), **{"items": None, "users": None, key: section})
    with pytest.raises(DataError, match=r"does not say the format\. Use \.csv.*\.parquet files\.$"):
        as_candidates(path)
    assert read_table(path, form="tsv").frame()["user"].tolist() == ["a", "b"]
    assert read_predictions(path, form="tsv").users.to_pylist() == ["a", "b"]
    # As written in YAML between double quotes, and as typed in a shell.
    for delimiter in ("\t", r"\t"):
        assert read_predictions(path, form="csv", delimiter=delimiter).users.to_pylist() == ["a", "b"]
    joined = join_side_tables(
        known(),
        items=ItemsSettings(str(path), attributes=("score",), format="tsv"),
        users=UsersSettings(str(path), groups=("score",), format="tsv"),
    ).interactions
    for table in (joined.item_table, joined.user_table):
        assert table is not None
        assert table["score"].tolist() == [0.5, 1.0]


def test_a_format_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    pd.DataFrame({"user": ["a"], "item": [1]}).to_parquet(path)
    with pytest.raises(DataError, match="binary"):
        read_table(path)
    assert read_table(path, form="parquet").frame().values.tolist() == [["a", 1]]
    path.write_text("user;item\na;1\n")
    assert read_table(path, form="csv", delimiter=";").frame().values.tolist() == [["a", 1]]
    with pytest.raises(DataError, match="the file cannot be read"):
        read_table(path, form="parquet")
    with pytest.raises(DataError, match=r"dataset\.delimiter is ';', which only a text file such as \.csv has"):
        read_table(path, form="jsonl", delimiter=";")
    with pytest.raises(DataError, match=r"is a folder, which must hold parquet, but dataset\.format is csv"):
        read_table(tmp_path, form="csv")
    with pytest.raises(DataError, match=r"model\.params\.delimiter is ';', and a TREC run has none"):
        read_predictions(path, form="trec", delimiter=";")


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        (as_interactions, "set dataset.delimiter to that"),
        (as_predictions, "set model.params.delimiter to that"),
        (as_candidates, "write the file as .csv with commas, or as .parquet"),
        (as_part, "write the file as .csv with commas, or as .parquet"),
    ],
)
@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_another_delimiter(place: Callable[[Path], Any], remedy: str, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text(f"user{mark}item{mark}score\na{mark}1{mark}0.5\n")
    with pytest.raises(DataError) as told:
        place(path)
    assert f"The columns look separated by {mark!r}: {remedy}" in str(told.value)


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("first", ["a,1,0.5", "17,42", "ann,tea,1"])
def test_a_file_without_a_header(place: str, first: str, tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text(f"{first}\n{first}\n")
    with pytest.raises(DataError, match="The first line looks like data: put a header above it"):
        PLACES[place](path)


def test_predictions_with_a_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "lists.txt"
    path.write_text("user;item;score\na;1;0.5\n")
    assert read_predictions(path, delimiter=";").users.to_pylist() == ["a"]
    with pytest.raises(DataError, match=r"set the delimiter of a \.txt file in model\.params\.delimiter"):
        read_predictions(path)


def test_a_column_that_means_something_else_is_not_taken_twice(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("user,item,rank\na,1,0.5\n")
    read = read_predictions(path, columns={"score": "rank"})
    assert (read.ranks, read.scores is None) == (None, False)
    with pytest.raises(DataError, match="column 'user' is named twice"):
        read_predictions(path, columns={"item": "user"})


def test_what_lies_beside_parts_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, place in PLACES.items():
        folder = parts(tmp_path / name, {"user": ["a"], "item": [1], "score": [1.0]})
        (folder / "more.csv").write_text("user,item,score\nb,1,1\n")
        assert place(folder) == [["a", 1]]
        told = f"{folder}: 1 files of the folder are not parquet and were not read"
        assert name == "interactions" or told in caplog.text  # those of interactions are with the results
        (folder / "day=1").mkdir()
        with pytest.raises(DataError, match="holds a folder, 'day=1', whose rows would be left out"):
            place(folder)


def test_parts_of_every_suffix_are_in_the_digest(tmp_path: Path) -> None:
    folder = parts(tmp_path / "lists", {"user": ["a"], "item": [1], "score": [1.0]})
    before = sha256_of(folder)
    pq.write_table(pa.table({"user": ["b"], "item": [1], "score": [1.0]}), folder / "part-9.pq")
    assert sha256_of(folder) != before
    assert as_predictions(folder) == [["a", 1], ["b", 1]]
