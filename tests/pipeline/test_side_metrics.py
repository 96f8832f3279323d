"""Metrics of what is known beside, in runs: against plain Python on the files that the run leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from metric_cases import oracle_of

import harness
from harness import HarnessError

NAMES = ["novelty", "epc", "unexpectedness", "serendipity", "aplt", "pop_rsp", "popularity_lift", "debiased_recall"]
METRICS = f"evaluation.metrics=[ndcg, {', '.join(NAMES)}, calibration, intra_list_diversity]"
ROLLING = "dataset.split={kind: global_time, test: 0.5, history: rolling}"


@pytest.fixture
def tables(small):
    """Write categories and vectors of the items, and return the changes that name them."""
    rng = np.random.default_rng(0)
    ids = [f"i{item:02d}" for item in range(40)]
    genres = [rng.choice(["x", "y", "z"], rng.integers(0, 3), replace=False).tolist() for _ in ids]
    pd.DataFrame({"item": ids, "genre": ["|".join(some) for some in genres]}).to_csv(
        small.parent / "items.csv", index=False
    )
    return f"dataset.items={{path: {small.parent / 'items.csv'}, categories: {{column: genre, delimiter: '|'}}}}"


def run(small, *changes):
    return harness.run(harness.load_experiment(small, [METRICS, "runner.k=20", *changes]), quiet=True)


@pytest.mark.parametrize(
    "change", ["seed=0", "evaluation.parallel.backend=loky", "dataset.split={kind: random, test: 0.3}"]
)
def test_equal_plain_python_on_the_files(small, tables, change):
    result = run(small, tables, change, "evaluation.slices=[]")
    data = pd.read_csv(small.parent / "data.csv")
    held = pd.read_parquet(result.folder / "target_ranks.parquet")[["user", "item"]]
    merged = data.merge(held, on=["user", "item"], how="left", indicator=True)
    history = merged[merged["_merge"] == "left_only"]
    ids = sorted(data["item"].unique())
    place = {item: number for number, item in enumerate(ids)}
    users = sorted(held["user"].unique())
    genres = pd.read_csv(small.parent / "items.csv").set_index("item")["genre"].fillna("")
    known = {
        "popularity": [int((history.drop_duplicates(["user", "item"])["item"] == item).sum()) for item in ids],
        "users": history["user"].nunique(),
        "history": [[place[item] for item in history[history["user"] == user]["item"]] for user in users],
        "categories": [set(filter(None, genres.get(item, "").split("|"))) for item in ids],
    }
    lists = pd.read_parquet(result.folder / "predictions.parquet").sort_values(["user", "rank"])
    rows = [
        (
            [place[item] for item in lists[lists["user"] == user]["item"]],
            [place[item] for item in held[held["user"] == user]["item"]],
            number,
        )
        for number, user in enumerate(users)
    ]
    for name in (*NAMES, "calibration", "intra_list_diversity"):
        definition = oracle_of(name)
        if name in ("pop_rsp", "popularity_lift"):
            expected = definition(rows, 10, known)
        else:
            expected = np.mean([definition(*row, 10, known) for row in rows])
        assert result.table[f"{name}@10"].value == pytest.approx(expected, abs=1e-9), name


def test_rolling_history_is_that_of_the_moment(small, tables):
    table = run(small, tables, ROLLING).table
    assert 0 < table["novelty@10"].value < 10
    assert table["calibration@10"].value > 0


def test_a_table_is_part_of_what_a_run_is(small, tables):
    run(small, tables)
    assert run(small, tables).was_finished
    items = pd.read_csv(small.parent / "items.csv")
    items["genre"] = items["genre"].iloc[::-1].to_numpy()
    items.to_csv(small.parent / "items.csv", index=False)
    assert not run(small, tables).was_finished


def test_what_a_data_set_lacks_is_reported(small):
    with pytest.raises(HarnessError, match=r"calibration@1 needs the categories of items\. Name their column"):
        run(small)
