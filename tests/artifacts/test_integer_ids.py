"""Which ids are integers: one rule for data, filters, candidates, predictions and files of ids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import Interactions, RecommendationTask, Truth, Vocabulary, integer_of
from harness.data import (
    FixedSplit,
    ItemFilter,
    UserFilter,
    allow_list,
    lists_from,
    read_predictions,
    read_table,
)
from harness.data.predictions.prediction_lists import indices_of
from harness.data.side_tables.item_vectors import read_vectors
from harness.experiment import VectorsSettings
from harness.models.external.id_map import IdMap, IdOptions

LOWEST, HIGHEST = -(2**63), 2**63 - 1
SEVENTEEN, EIGHTEEN, NINETEEN = 76561198000000001, 765611980000000012, 7656119800000000123
NUMBERS = [LOWEST, LOWEST + 1, -NINETEEN, -7, 0, 7, SEVENTEEN, 10**17, EIGHTEEN, 10**18, NINETEEN, HIGHEST - 1, HIGHEST]
# What looks like one of them and is none.
OTHERS = ["007", "+7", "-0", "7.0", " 7", "7 ", "\u0667", "1_0", "", str(HIGHEST + 1), str(LOWEST - 1), "9" * 25]


def by_hand(text: str) -> int | None:
    """The rule in other words: the text is what Python writes for an integer of 64 bits."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if str(number) == text and LOWEST <= number <= HIGHEST else None


@given(st.one_of(st.integers(-(10**21), 10**21).map(str), st.text(max_size=22), st.sampled_from(OTHERS)))
def test_the_rule(text: str) -> None:
    assert integer_of(text) == by_hand(text)


@given(st.integers(-(2**70), 2**70))
def test_integers_are_themselves(number: int) -> None:
    assert integer_of(number) == (number if LOWEST <= number <= HIGHEST else None)


def of(numbers: list[int]) -> Interactions:
    ids = Vocabulary.of(numbers)
    places = np.arange(len(ids))
    return Interactions(users=places, items=places, user_ids=ids, item_ids=ids)


def listed(folder: Path, texts: list[str]) -> Path:
    path = folder / "ids.txt"
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("text_in_data", [False, True])
def test_each_place_finds_it(number: int, text_in_data: bool, tmp_path: Path) -> None:
    known = [number, 1, 2]
    ids = Vocabulary.of(list(map(str, known)) if text_in_data else known)
    place = int(ids.indices([str(number) if text_in_data else number])[0])
    rows = Interactions(users=np.arange(3), items=np.arange(3), user_ids=ids, item_ids=ids)
    path = listed(tmp_path, [str(number)])
    for filter_ in (ItemFilter, UserFilter):
        for option in ({"allow": (str(number),)}, {"allow": (number,)}, {"allow_file": str(path)}):
            assert filter_(**option).counted(rows) == {"ids_listed": 1, "ids_unknown": 0}
            assert filter_(**option).apply(rows).item_ids.ids.tolist() == [ids.ids[place]]
    assert np.flatnonzero(allow_list(path, ids).items).tolist() == [place]
    assert IdMap.of(IdOptions(str(path)), ids, size=1, what="item").catalogue_index.tolist() == [place]
    (tmp_path / "ids.json").write_text(json.dumps([number, "nobody"]))
    assert IdMap.of(IdOptions(str(tmp_path / "ids.json")), ids, size=2, what="item").catalogue_index.tolist() == [
        place,
        -1,
    ]
    for suffix, column in (("parquet", [number]), ("text.parquet", [str(number)]), ("csv", [str(number)])):
        table = tmp_path / f"lists.{suffix}"
        frame = pd.DataFrame({"user": column, "item": column, "rank": [1]})
        frame.to_csv(table, index=False) if suffix == "csv" else frame.to_parquet(table)
        read = read_predictions(table)
        assert indices_of(read.users, ids).tolist() == indices_of(read.items, ids).tolist() == [place]
        truth = Truth(np.arange(4), np.arange(3, dtype=np.int32))
        asked = RecommendationTask(np.arange(3), truth, history_of([[]] * 3, 3), ids, ids)
        assert lists_from(table, asked).lists.items.tolist() == [place]


@pytest.mark.parametrize("number", NUMBERS)
def test_text_files_make_integers_of_it(number: int, tmp_path: Path) -> None:
    plays = tmp_path / "plays.csv"
    plays.write_text(f"user,item\n{number},1\n2,{number}\n")
    rows = read_table(plays)
    assert rows.user_ids.ids.tolist() == sorted([number, 2])
    assert rows.item_ids.ids.tolist() == sorted([number, 1])
    split = FixedSplit(train=str(plays), test=str(tmp_path / "test.csv"))
    (tmp_path / "test.csv").write_text(f"user,item\n{number},{number}\n")
    both = Interactions(
        users=np.concatenate([rows.users, rows.user_ids.indices([number])]),
        items=np.concatenate([rows.items, rows.item_ids.indices([number])]),
        user_ids=rows.user_ids,
        item_ids=rows.item_ids,
    )
    assert split.split(both).part("test").frame().values.tolist() == [[number, number]]
    np.save(tmp_path / "v.npy", np.arange(2.0).reshape(2, 1))
    vectors = VectorsSettings(str(tmp_path / "v.npy"), ids=str(listed(tmp_path, ["1", str(number)])))
    wanted = [0.0, 1.0] if number > 1 else [1.0, 0.0]
    assert read_vectors(vectors, rows.item_ids, table_ids=None).matrix[:, 0].tolist() == wanted


@pytest.mark.parametrize("text", [other for other in OTHERS if other])
def test_each_place_leaves_it_out(text: str, tmp_path: Path) -> None:
    """Integers of the data are not what is written otherwise; text of the data is."""
    rows, path = of([7, 10]), listed(tmp_path, [text, "10"])
    assert ItemFilter(deny_file=str(path)).counted(rows) == {"ids_listed": 2, "ids_unknown": 1}
    assert ItemFilter(deny=(text, 10, "10")).counted(rows) == {"ids_listed": 2, "ids_unknown": 1}
    assert ItemFilter(deny_file=str(path)).apply(rows).item_ids.ids.tolist() == [7]
    assert np.flatnonzero(allow_list(path, rows.item_ids).items).tolist() == [1]
    assert IdMap.of(IdOptions(str(path)), rows.item_ids, size=2, what="item").catalogue_index.tolist() == [-1, 1]
    column = pa.chunked_array([[text, "10"]])
    assert indices_of(column, rows.item_ids).tolist() == [-1, 1]
    assert (
        indices_of(column, Vocabulary.of([text, "10"])).tolist()
        == Vocabulary.of([text, "10"]).indices([text, "10"]).tolist()
    )


@pytest.mark.parametrize("number", [HIGHEST + 1, LOWEST - 1, 10**30])
def test_integers_beyond_64_bits_in_an_experiment(number: int) -> None:
    assert ItemFilter(deny=(number,)).counted(of([7, 10])) == {"ids_listed": 1, "ids_unknown": 1}


def test_floats_of_predictions_are_integers_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"user": [7.0, 10.0], "item": [7.0, 10.0], "rank": [1, 1]}), path)
    for ids in (Vocabulary.of([7, 10]), Vocabulary.of(["10", "7"])):
        assert sorted(indices_of(read_predictions(path).users, ids).tolist()) == [0, 1]
    pq.write_table(pa.table({"user": [7.5, 1.0], "item": [7, 8], "rank": [1, 1]}), path)
    with pytest.raises(Exception, match=r"column 'user': the id 7\.5 is not a whole number"):
        read_predictions(path)


def test_ids_are_lines_and_nothing_else_ends_them(tmp_path: Path) -> None:
    """U+2028, U+0085 and form feeds are characters of an id, in each file of ids."""
    names = ["a\u2028b", "c\x85d", "e\x0cf", "g"]
    ids, path = Vocabulary.of(names), tmp_path / "ids.txt"
    path.write_bytes("\r\n".join(names).encode() + b"\r\n")
    rows = Interactions(users=np.arange(4), items=np.arange(4), user_ids=ids, item_ids=ids)
    assert ItemFilter(allow_file=str(path)).counted(rows) == {"ids_listed": 4, "ids_unknown": 0}
    assert allow_list(path, ids).items.all()
    assert (IdMap.of(IdOptions(str(path)), ids, size=4, what="item").catalogue_index >= 0).all()
    np.save(tmp_path / "v.npy", np.arange(4.0).reshape(4, 1))
    section = VectorsSettings(str(tmp_path / "v.npy"), ids=str(path))
    assert read_vectors(section, ids, table_ids=None).matrix[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
