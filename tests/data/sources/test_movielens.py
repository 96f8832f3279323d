"""MovieLens-100k, as it is in the wheel."""

from __future__ import annotations

import pandas as pd

from harness.data import SourceData


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
