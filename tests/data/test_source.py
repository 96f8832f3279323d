from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from harness.data import MovieLens100K, SourceData, load_source
from harness.errors import DataError
from harness.storage import sha256_file


def section(**keys: object) -> SimpleNamespace:
    usual = {
        "catalog": None,
        "path": None,
        "columns": None,
        "delimiter": None,
        "format": None,
        "timestamp_unit": "auto",
        "duplicates": "keep",
        "items": None,
        "users": None,
    }
    return SimpleNamespace(**(usual | keys))


def test_by_path(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("who,what,timestamp\n1,2,3\n1,2,4\n")
    columns = SimpleNamespace(user="who", item="what", timestamp=None, rating=None)
    source = load_source(section(path=str(path), columns=columns))
    assert source.name == "plays.csv"
    assert source.sha256 == sha256_file(path)
    assert source.facts == {"origin": str(path), "duplicates": 1, "timestamp_unit": "raw"}
    assert len(source.interactions) == 2


def test_by_path_with_the_usual_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plays.csv").write_text("user,item\n1,2\n")
    assert len(load_source(section(path="plays.csv")).interactions) == 1


def test_by_name(ml_100k: SourceData) -> None:
    source = load_source(section(catalog=MovieLens100K()))
    assert source.sha256 == ml_100k.sha256
    assert len(source.interactions) == 100_000


def test_one_of_the_two() -> None:
    with pytest.raises(DataError, match="either catalog or path; got neither"):
        load_source(section())
    with pytest.raises(DataError, match="either catalog or path; got both"):
        load_source(section(catalog=MovieLens100K(), path="plays.csv"))


def test_ml_100k_attributes(ml_100k: SourceData) -> None:
    rows = ml_100k.interactions
    assert rows.item_table is not None
    assert rows.user_table is not None
    item = rows.item_table.iloc[rows.item_ids.indices([1])[0]]
    assert (item["title"], item["year"], item["genres"]) == ("Toy Story", 1995, "Animation|Children's|Comedy")
    user = rows.user_table.iloc[rows.user_ids.indices([8])[0]]
    assert (user["age"], user["gender"], user["occupation"], user["zip"]) == (36, "M", "administrator", "05201")
    years = rows.item_table["year"]
    assert (years.min(), years.max(), years.isna().sum()) == (1922, 1998, 2)
    assert rows.item_ids.ids[years.isna().to_numpy()].tolist() == [267, 1412]
    genres = {genre for text in rows.item_table["genres"] for genre in text.split("|")}
    assert len(genres) == 19
    assert {"Sci-Fi", "Film-Noir", "Children's"} <= genres


def test_ml_100k_first_rows_are_those_of_the_file(ml_100k: SourceData) -> None:
    assert ml_100k.interactions.frame().head(2).values.tolist() == [
        [196, 242, 881250949, 3.0],
        [186, 302, 891717742, 3.0],
    ]
    assert isinstance(ml_100k.interactions.item_table, pd.DataFrame)
