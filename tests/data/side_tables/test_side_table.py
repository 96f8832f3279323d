"""Read side tables of items and users, and join them by id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_sections import dataset_section

from harness.artifacts import DataWarning
from harness.data import MovieLens100K, SourceData, load_source
from harness.errors import DataError
from harness.experiment import CategoriesSettings as Categories
from harness.experiment import ItemsSettings, UsersSettings, VectorsSettings
from harness.storage import sha256_file

PLAYS = "user,item\nann,7\nbob,9\nann,8\n"


FILMS = "item,name,genres,year,note\n9,Nine,Drama|War,1999,x\n5,Five,War,1995,y\n7,Seven, War | War|,1997,z\n"


NAMED = ItemsSettings(path="items.csv", title="name", categories=Categories("genres", "|"), attributes=("year",))


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plays.csv").write_text(PLAYS)
    Path("items.csv").write_text(FILMS)


def loaded(**keys: Any) -> SourceData:
    return load_source(dataset_section(**({"path": "plays.csv"} | keys)))


def fails(message: str, **keys: Any) -> None:
    with pytest.raises(DataError, match=message):
        loaded(**keys)


def test_items_by_hand() -> None:
    source = loaded(items=NAMED)
    table = source.interactions.item_table
    assert table is not None
    assert list(table) == ["title", "year", "categories"]
    assert table["title"].tolist()[::2] == ["Seven", "Nine"]
    assert table["title"].isna().tolist() == [False, True, False]
    assert table["categories"].tolist() == [("War",), (), ("Drama", "War")]
    assert table["year"].dtype == pd.Int64Dtype()
    assert table["year"].tolist() == [1997, pd.NA, 1999]
    assert source.facts["items"] == {
        "path": "items.csv",
        "sha256": sha256_file(Path("items.csv")),
        "rows": 3,
        "unused": 1,
        "missing": 1,
    }
    sentence = (
        "items.csv: 1 of 3 items of the interactions have no row in it, such as 8. "
        "Metrics and models that use the file know nothing about them."
    )
    assert source.warnings == (DataWarning("items_without_row", 1, sentence),)


def test_users_by_hand() -> None:
    Path("users.tsv").write_text("id\tage\tcity\nbob\t30\tX\nann\t40\tY\n")
    source = loaded(users=UsersSettings(path="users.tsv", id="id", groups=("city", "age")))
    table = source.interactions.user_table
    assert table is not None
    assert table.to_dict("list") == {"city": ["Y", "X"], "age": [40, 30]}
    assert source.facts["users"]["missing"] == 0
    assert source.warnings == ()


def test_a_title_is_found_and_the_rest_left_out() -> None:
    Path("items.csv").write_text("item,title,year\n7,007,1\n8,8,2\n9,nan,3\n")
    table = loaded(items=ItemsSettings(path="items.csv")).interactions.item_table
    assert table is not None
    assert table.to_dict("list") == {"title": ["007", "8", "nan"]}


@pytest.mark.parametrize("name", ["items.parquet", "items.jsonl"])
def test_categories_in_lists(name: str) -> None:
    frame = pd.DataFrame({"item": [8, 7, 9], "genres": [["War", "War"], None, ["Drama", "War"]]})
    frame.to_parquet(name) if name.endswith("parquet") else frame.to_json(name, orient="records", lines=True)
    table = loaded(items=ItemsSettings(path=name, categories=Categories("genres"))).interactions.item_table
    assert table is not None
    assert table["categories"].tolist() == [(), ("War",), ("Drama", "War")]
    fails(
        "holds lists, and dataset.items.categories.delimiter",
        items=ItemsSettings(name, categories=Categories("genres", "|")),
    )


def test_atomic_files_and_dat() -> None:
    Path("shop.item").write_text("item_id:token\tclass:token_seq\n7\tWar Drama\n8\tWar\n9\t\n")
    table = loaded(items=ItemsSettings("shop.item", categories=Categories("class", " "))).interactions.item_table
    assert table is not None
    assert table["categories"].tolist() == [("War", "Drama"), ("War",), ()]
    Path("movies.dat").write_text('7::"Seven": a film (1997)::War|Drama\n8::Eight::War\n9::Nine::War\n')
    named = ItemsSettings("movies.dat", id="1", title="2", categories=Categories("3", "|"))
    table = loaded(items=named).interactions.item_table
    assert table is not None
    assert table["title"].tolist() == ['"Seven": a film (1997)', "Eight", "Nine"]


def test_ids_of_text_stay_text() -> None:
    Path("plays.csv").write_text("user,item\nann,7\nann,x\n")
    Path("items.csv").write_text("item,title\n7,Seven\n8,Eight\n")
    table = loaded(items=ItemsSettings("items.csv")).interactions.item_table
    assert table is not None
    assert table["title"][0] == "Seven"


def test_bad_tables() -> None:
    fails(
        r"items\.csv: there is no column 'sku' for the item ids\. .*dataset\.items\.id",
        items=ItemsSettings("items.csv", "sku"),
    )
    fails(
        r"no column 'nam' for the title\. Did you mean 'name'\?.*dataset\.items\.title",
        items=ItemsSettings("items.csv", title="nam"),
    )
    fails(r"no column 'yaer' .*dataset\.items\.attributes", items=ItemsSettings("items.csv", attributes=("yaer",)))
    fails(
        r"no column 'g' .*dataset\.items\.categories\.column",
        items=ItemsSettings("items.csv", categories=Categories("g")),
    )
    pq.write_table(pa.table({"item": [7], "year": [1999]}), "items.parquet")
    numbers = ItemsSettings("items.parquet", categories=Categories("year"))
    fails("column 'year' holds int64, where categories are needed", items=numbers)
    fails("there is no such file. Did you mean 'items.csv'", items=ItemsSettings("item.csv"))
    Path("items.csv").write_text("item,title\n7,a\n8,b\n7,c\n8,d\n")
    fails(
        r"items\.csv: column 'item', row 3 \(and 1 more\): the item 7 is in row 1 already",
        items=ItemsSettings("items.csv"),
    )
    Path("items.csv").write_text("item,title\n7,a\nx,b\n")
    fails(
        "column 'item' holds text, such as 'x', where the ids of the interactions are integers, such as 9",
        items=ItemsSettings("items.csv"),
    )
    Path("items.csv").write_text("item,title\n70,a\n")
    fails(
        "no id in column 'item' occurs in the interactions. An id in the file is 70; an id in the",
        items=ItemsSettings("items.csv"),
    )
    Path("items.csv").write_text("item,title,title\n7,a,b\n")
    fails("two columns are called 'title'", items=ItemsSettings("items.csv"))
    Path("items.csv").write_text("item;title\n7;a\n")
    fails(r"look separated by ';': set dataset\.items\.delimiter to that", items=ItemsSettings("items.csv"))
    pq.write_table(pa.table({"user": [1], "city": ["X"]}), "users.parquet")
    fails(
        "holds integers, such as 1, where the ids of the interactions are text",
        users=UsersSettings("users.parquet", ("city",)),
    )


def test_a_column_that_the_catalogue_has(ml_100k: SourceData) -> None:
    Path("items.csv").write_text("item,price\n1,3\n")
    table = loaded(
        catalog=MovieLens100K(), path=None, items=ItemsSettings("items.csv", attributes=("price",))
    ).interactions.item_table
    assert table is not None
    genres = ("Animation", "Children's", "Comedy")
    assert table.iloc[0].tolist() == ["Toy Story", 1995, "|".join(genres), genres, 3]
    Path("items.csv").write_text("item,title\n1,Toy Story\n")
    fails(
        "the data set has a column 'title' of its own",
        catalog=MovieLens100K(),
        path=None,
        items=ItemsSettings("items.csv"),
    )


def test_they_follow_their_items_through_a_filter() -> None:
    np.save("v.npy", np.arange(6).reshape(3, 2))
    rows = loaded(items=ItemsSettings("items.csv", title="name", vectors=VectorsSettings("v.npy"))).interactions
    kept = rows.rows(np.array([False, True, False])).compact()
    assert kept.item_ids.ids.tolist() == [9]
    assert kept.item_table is not None
    assert kept.item_table["title"].tolist() == ["Nine"]
    assert kept.item_vectors is not None
    assert kept.item_vectors.tolist() == [[0, 1]]


def test_the_digest_is_of_all_files() -> None:
    alone = loaded()
    assert alone.digest == alone.sha256
    before = loaded(items=NAMED)
    assert before.sha256 == alone.sha256
    assert before.digest != alone.digest
    Path("items.csv").write_text(FILMS.replace("Seven", "Sieben"))
    assert loaded(items=NAMED).digest != before.digest
