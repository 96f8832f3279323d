"""Whose the indices of a model from elsewhere are."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import Vocabulary
from harness.errors import CheckpointError
from harness.models.external.id_map import IdMap, IdOptions

NUMBERS = Vocabulary.of([7, 9, 30])
WORDS = Vocabulary.of(["apple", "fig", "pear"])


def map_of(section, vocabulary=NUMBERS, size=None):
    return IdMap.of(section, vocabulary, size=size, what="item")


def test_worked_by_hand(tmp_path):
    path = tmp_path / "items.txt"
    path.write_text("\n30\n[MASK]\n7\n\n\n")
    found = map_of(IdOptions(ids=str(path)))
    assert found.catalogue_index.tolist() == [-1, 2, -1, 0, -1, -1]
    assert found.model_index.tolist() == [3, -1, 1]
    assert (found.missing, found.strange) == (1, 4)
    assert map_of(IdOptions(), size=3).model_index.tolist() == [0, 1, 2]
    own = map_of(IdOptions(ids="own"), size=10)
    assert own.model_index.tolist() == [7, 9, -1]
    assert own.catalogue_index.tolist() == [-1] * 7 + [0, -1, 1]
    assert len(map_of(IdOptions(ids="own")).catalogue_index) == 31


@pytest.mark.parametrize("suffix", ["txt", "csv", "tsv", "npy", "parquet", "json", "map.json"])
@pytest.mark.parametrize("vocabulary", [NUMBERS, WORDS], ids=["integers", "text"])
def test_each_format_says_the_same(suffix, vocabulary, tmp_path):
    ids, path = vocabulary.ids[[2, 0]].tolist(), tmp_path / f"items.{suffix}"
    table, column = pd.DataFrame({"item": ids, "title": ["a", "b"]}), "item"
    if suffix == "txt":
        path.write_text("\n".join(map(str, ids)))
    elif suffix in ("csv", "tsv"):
        table.to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    elif suffix == "npy":
        np.save(path, np.array(ids))
    elif suffix == "parquet":
        table.to_parquet(path)
    else:
        path.write_text(json.dumps({str(own): row for row, own in enumerate(ids)} if "map" in suffix else ids))
    section = IdOptions(ids=str(path), column=column if suffix in ("csv", "tsv", "parquet") else None)
    found = map_of(section, vocabulary, size=2)
    assert found.catalogue_index.tolist() == [2, 0]
    assert found.model_index.tolist() == [1, -1, 0]


@pytest.mark.parametrize("form", ["txt", "csv", "csv with a header", "two columns", "tsv", "json", "parquet"])
def test_an_empty_row_is_an_index_wherever_it_stands(form, tmp_path):
    path, ids = tmp_path / f"items.{form.split()[0]}", ["", "7", "", "9", "30", "", ""]
    lines, column = "".join(f"{own}\n" for own in ids), None
    if form == "two columns":
        path, column = tmp_path / "items.csv", "item"
        path.write_text("row,item\n" + "".join(f"{row},{own}\n" if own else "\n" for row, own in enumerate(ids)))
    elif form == "csv with a header":
        path.write_bytes(f"item\n{lines}".replace("\n", "\r\n").encode())
        column = "item"
    elif form == "json":
        path.write_text(json.dumps([own or None for own in ids]))
    elif form == "parquet":
        pd.DataFrame({"item": [int(own) if own else None for own in ids]}).to_parquet(path)
    else:
        path.write_text(lines)
    assert map_of(IdOptions(ids=str(path), column=column), size=7).catalogue_index.tolist() == [-1, 0, -1, 1, 2, -1, -1]
    with pytest.raises(CheckpointError, match=r"holds 7 ids, .* 5 .* last 2 rows are empty .* and an empty row counts"):
        map_of(IdOptions(ids=str(path), column=column), size=5)


def test_ids_in_text_are_taken_as_they_are_written(tmp_path):
    odd = ["007", "a\u2028b", "a\x0bb", "a, the", 'say "a"', " a", "7"]
    vocabulary = Vocabulary.of(odd)
    lines = "".join(f"{own}\n" for own in odd)
    quoted = [f'"{own}"'.replace('say "a"', 'say ""a""') for own in odd]
    for name, text, column in (
        ("items.txt", lines, None),
        ("items.csv", "".join(f"{own}\n" for own in quoted), None),
        ("table.csv", '"id, x", sku\n' + "".join(f"1,{own}\n" for own in quoted), " sku"),
        ("first.csv", '"id, x", sku\n' + "".join(f"{own},1\n" for own in quoted), "id, x"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = map_of(IdOptions(ids=str(tmp_path / name), column=column), vocabulary, size=len(odd))
        assert vocabulary.ids[found.catalogue_index].tolist() == odd, name
    # Of integers "007" is no usual writing, in whatever format.
    (tmp_path / "ids.csv").write_text("sku\n007\n9\n")
    assert map_of(IdOptions(ids=str(tmp_path / "ids.csv"), column="sku")).catalogue_index.tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,7\n9\n", r"row 3 has 1 columns, and the header 2"),
        ("b,b\n1,7\n", r"'b' occurs twice there"),
        ('a,b\n1,"7\n2,9\n', r"cannot be read: unexpected end of data"),
        ("", r"There is no 'b'"),
    ],
)
def test_tables_that_are_none(text, message, tmp_path):
    (tmp_path / "items.csv").write_text(text)
    with pytest.raises(CheckpointError, match=message):
        map_of(IdOptions(ids=str(tmp_path / "items.csv"), column="b"))


def test_indices_that_nobody_speaks_of_are_refused(tmp_path):
    path = tmp_path / "items.json"
    path.write_text('{"7": 0, "9": 1, "30": 2}')
    with pytest.raises(
        CheckpointError, match=r"indices end with 2, and the model has 4 .*one is mostly the row of pad"
    ):
        map_of(IdOptions(ids=str(path)), size=4)
    path.write_text('{"7": 1, "9": 2, "30": 3, "<padding>": 0}')
    assert map_of(IdOptions(ids=str(path)), size=4).catalogue_index.tolist() == [-1, 0, 1, 2]
    with pytest.raises(CheckpointError, match=r"go from 7 to 30, so that 'own' makes 31\..*numpy.arange\(33\)"):
        map_of(IdOptions(ids="own"), size=33)
    np.save(tmp_path / "items.npy", np.arange(33))
    assert map_of(IdOptions(ids=str(tmp_path / "items.npy")), size=33).model_index.tolist() == [7, 9, 30]
    assert map_of(IdOptions(ids="own"), size=31).model_index.tolist() == [7, 9, 30]


def test_integers_and_their_writing_are_the_same_ids(tmp_path):
    np.save(tmp_path / "text.npy", np.array(["30", "007", "7"]))
    assert map_of(IdOptions(ids=str(tmp_path / "text.npy"))).catalogue_index.tolist() == [2, -1, 0]
    np.save(tmp_path / "numbers.npy", np.array([30, 8, 7]))
    text = Vocabulary.of(["7", "30", "x"])
    found = map_of(IdOptions(ids=str(tmp_path / "numbers.npy")), text)
    assert text.ids[found.catalogue_index[[0, 2]]].tolist() == ["30", "7"]


@given(
    st.lists(
        st.one_of(st.none(), st.integers(0, 40)),
        min_size=1,
        max_size=30,
        unique_by=lambda x: object() if x is None else x,
    )
)
@settings(max_examples=60, deadline=None)
def test_the_two_ways_are_each_others_inverse(rows):
    ids = [None if row is None else row for row in rows]
    vocabulary = Vocabulary.of(range(0, 41, 2))
    ids.append(2 if 2 not in ids else None)
    found = IdMap.by_ids(ids, vocabulary, where="here", what="item")
    for index, own in enumerate(ids):
        assert (found.catalogue_index[index] >= 0) == (own is not None and own % 2 == 0)
        if found.catalogue_index[index] >= 0:
            assert vocabulary.ids[found.catalogue_index[index]] == own
            assert found.model_index[found.catalogue_index[index]] == index
    assert (found.model_index >= 0).sum() == (found.catalogue_index >= 0).sum()


def test_what_does_not_fit_is_reported_with_numbers(tmp_path):
    def refused(message, section, vocabulary=NUMBERS, size=None):
        with pytest.raises(CheckpointError, match=message):
            map_of(section, vocabulary, size)

    refused(
        r"model has 4 item indices, and the data set has 3 items.*one is mostly the row of padding", IdOptions(), size=4
    )
    refused(r"item ids of the data set are text, such as 'apple', 'fig', 'pear'", IdOptions(ids="own"), WORDS)
    refused(r"no item id .* such as 7, 9, 30, and the model's go from 0 to 4", IdOptions(ids="own"), size=5)
    refused(r"go up to 1,000,000,000,000, too many", IdOptions(ids="own"), Vocabulary.of([10**12]))
    path = tmp_path / "items.txt"
    section = IdOptions(ids=str(path))
    refused("does not exist", section)
    path.write_text("7\n9\n30\n")
    refused(r"holds 3 ids, and the model has 4 item indices.*padding", section, size=4)
    refused(
        r"holds 3 ids, and the model has 9 item indices: each index needs its row, in the same order\.$",
        section,
        size=9,
    )
    path.write_text("7\n9\n7\n")
    refused(r"1 item ids occur twice, such as '7' in rows 1 and 3", section)
    path.write_text("a\nb\nc\nd\n")
    refused(r"none of its 4 item ids .* such as 'a', 'b', 'c' here and 7, 9, 30 there", section)
    path = tmp_path / "items.json"
    section = IdOptions(ids=str(path))
    for text, message in (
        ('{"7": 0, "9": 0}', r"1 indices occur twice, such as 0 of '7', '9'"),
        ('{"7": 3}', r"id '7' has the index 3; an integer from 0 to 2"),
        ('{"7": true}', r"index True; an integer"),
        ("7", r"holds int; a list of ids"),
        ("[[7], 9]", r"'\[7\]' is not an id"),
        ("[7, 1.5]", r"'1.5' is not an id"),
        ("[7,", r"cannot be read"),
    ):
        path.write_text(text)
        refused(message, section, size=3)
    np.save(tmp_path / "items.npy", np.array([7, "x", None], dtype=object), allow_pickle=True)
    refused("holds Python objects, which are never unpickled", IdOptions(ids=str(tmp_path / "items.npy")))
    (tmp_path / "items.json").write_text('{"7": 1000000000000}')
    refused(r"id '7' has the index 1000000000000; an integer from 0 to 268,435,456", section)
    (tmp_path / "items.json").write_text('{"7": 0, "9": 1, "7": 2}')
    refused(r"cannot be read: the key '7' occurs twice", section)
    (tmp_path / "items.txt").write_text("")
    refused(
        r"items.txt holds no ids; each of the model's item indices needs its row",
        IdOptions(ids=f"{tmp_path}/items.txt"),
    )
    np.save(tmp_path / "square.npy", np.zeros((2, 2)))
    refused(r"float64 with the shape \(2, 2\); .* numpy.save", IdOptions(ids=str(tmp_path / "square.npy")))
    (tmp_path / "items.csv").write_text("a,b\n7,1\n")
    refused("several columns", IdOptions(ids=str(tmp_path / "items.csv")))
    refused(r"has the columns a, b. There is no 'c'", IdOptions(ids=str(tmp_path / "items.csv"), column="c"))


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_header_is_not_taken_for_an_id(suffix, tmp_path):
    path = tmp_path / f"items.{suffix}"
    path.write_text("sku\n30\n7\n9\n")
    with pytest.raises(
        CheckpointError, match=r"its first row, 'sku', is not an id of the data set's items. .* name the column"
    ):
        map_of(IdOptions(ids=str(path)), NUMBERS)
    assert map_of(IdOptions(ids=str(path), column="sku"), NUMBERS).model_index.tolist() == [1, 2, 0]
    for first in ("", "7"):  # a row of padding; or no header
        path.write_text(f"{first}\n30\n9\n")
        assert map_of(IdOptions(ids=str(path)), NUMBERS).model_index.tolist() == [0 if first else -1, 2, 1]


@given(st.integers(-4, 4), st.permutations(list(range(6))))
def test_a_map_is_moved(by, places):
    found = IdMap(np.array(places[:3]), np.array([places.index(place) for place in range(6)]))
    found = IdMap(found.model_index, np.where(found.catalogue_index < 3, found.catalogue_index, -1))
    moved = found.shifted(by)
    for own, index in enumerate(found.model_index + by):
        assert moved.model_index[own] == (index if 0 <= index < 6 else -1)
        assert not 0 <= index < 6 or moved.catalogue_index[index] == own
    assert (moved.catalogue_index >= 0).sum() == (moved.model_index >= 0).sum()


def test_the_section_is_valid_by_construction():
    with pytest.raises(ValueError, match=r"ids is 'sortd'; use 'sorted', 'own', or a file"):
        IdOptions(ids="sortd")
    with pytest.raises(ValueError, match=r"column 'item' is of a .csv"):
        IdOptions(column="item")
