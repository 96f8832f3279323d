"""Slices of a run against the run's own files: values a user, lists, and exact ranks, grouped anew by pandas."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import harness
from harness import HarnessError

SLICES = "evaluation.slices=[activity,user_warmth,item_popularity,item_warmth,repeat]"
METRICS = "evaluation.metrics=[ndcg,recall,hit_rate,mean_rank,diversity]"


def run(small, *changes):
    return harness.run(harness.load_experiment(small, [METRICS, *changes]), quiet=True)


def parts(result, small):
    """The interactions, each with its part."""
    data = pd.read_csv(small.parent / "data.csv")
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    held = data.merge(ranks[["user", "item"]], on=["user", "item"])
    history = data.merge(ranks[["user", "item"]], on=["user", "item"], how="left", indicator=True)
    return held, history[history["_merge"] == "left_only"]


def named(result, name):
    return next(one for one in result.results["slices"] if one["name"] == name)


def test_activity_groups_users_by_their_history(small):
    result = run(small, SLICES)
    _, history = parts(result, small)
    lengths = history.groupby("user").size()
    per_user = result.table.per_user.set_index("user")
    groups = named(result, "activity")["groups"]
    assert sum(group["metrics"]["ndcg@10"]["n_users"] for group in groups) == len(per_user)
    assert len(groups) == 4
    for group in groups:
        bounds = [int(part) for part in group["group"].removesuffix(" interactions").split(" to ")]
        who = per_user.loc[lengths.between(bounds[0], bounds[-1]).reindex(per_user.index)]
        for label in ("ndcg@10", "recall@5", "mean_rank"):
            assert group["metrics"][label]["value"] == pytest.approx(who[label].mean(), abs=1e-12)
        assert "diversity@10" not in group["metrics"]


@pytest.mark.parametrize("change", ["seed=0", "evaluation.parallel.backend=loky", "runner.k=10"])
def test_item_popularity_measures_each_group_as_if_nothing_else_were_relevant(small, change):
    split = "dataset.split={kind: random, test: 0.3}"
    result = run(small, SLICES, split, change)
    held, history = parts(result, small)
    popularity = history.groupby("item").size().reindex(held["item"].unique(), fill_value=0)
    whole = history.groupby("item").size()
    above = popularity.map(lambda count: whole[whole > count].sum() / whole.sum())
    group_of = above.map(lambda share: "head" if share < 0.5 else "mid" if share < 0.8 else "tail")
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    ranks["group"] = ranks["item"].map(group_of)
    one = named(result, "item_popularity")
    assert one["of"] == "relevant items"
    assert [group["group"] for group in one["groups"]] == ["head", "mid", "tail"]
    for group in one["groups"]:
        of_group = ranks[ranks["group"] == group["group"]]
        place = of_group["above"] + 1  # without ties
        assert (of_group["tied"] <= 0).all()
        hits = ((place <= 10) & (of_group["above"] >= 0)).groupby(of_group["user"])
        assert group["metrics"]["recall@10"]["value"] == pytest.approx(hits.mean().mean(), abs=1e-12)
        assert group["metrics"]["hit_rate@10"]["value"] == pytest.approx(hits.max().mean(), abs=1e-12)
        assert group["metrics"]["recall@10"]["n_users"] == of_group["user"].nunique()
    values = {group["group"]: group["metrics"]["recall@10"]["value"] for group in one["groups"]}
    gap = one["gaps"]["recall@10"]
    assert gap["difference"] == pytest.approx(max(values.values()) - min(values.values()))
    assert values[gap["highest"]] == max(values.values())
    assert gap["ci_low"] < gap["difference"] < gap["ci_high"]


def test_cold_items_and_users_and_repeats(small):
    data = pd.read_csv(small.parent / "data.csv")
    data.loc[len(data)] = ["u000", "never before", 99, 5]  # the last of its user, and of nobody else
    data.loc[len(data)] = ["u001", data[data["user"] == "u001"]["item"].iloc[0], 99, 5]  # again
    data.to_csv(small.parent / "data.csv", index=False)
    result = run(small, SLICES, "candidates={items: all, exclude: none}")
    warmth = {
        group["group"]: group["metrics"]["ndcg@10"]["n_users"] for group in named(result, "item_warmth")["groups"]
    }
    assert warmth["cold"] == 1
    repeat = {group["group"]: group["metrics"]["ndcg@10"]["n_users"] for group in named(result, "repeat")["groups"]}
    assert repeat["repeat"] == 1
    assert repeat["new"] == result.table["ndcg@10"].n_users - 1
    assert [group["group"] for group in named(result, "user_warmth")["groups"]] == ["warm"]


def test_columns_of_the_tables_of_users_and_items(small):
    rng = np.random.default_rng(0)
    users = pd.DataFrame({"user": [f"u{user:03d}" for user in range(60)], "age": rng.integers(10, 90, 60)})
    users["town"] = rng.choice(["a", "b", None], 60)
    items = pd.DataFrame({"item": [f"i{item:02d}" for item in range(40)], "genre": rng.choice(["x", "x|y", ""], 40)})
    users.to_csv(small.parent / "users.csv", index=False)
    items.to_csv(small.parent / "items.csv", index=False)
    tables = [
        f"dataset.users={{path: {small.parent / 'users.csv'}, id: user, groups: [age, town]}}",
        f"dataset.items={{path: {small.parent / 'items.csv'}, categories: {{column: genre, delimiter: '|'}}}}",
    ]
    slices = (
        "evaluation.slices=[{by: user_column, column: town}, {by: user_column, column: age, quantiles: 3},"
        "{by: item_column, column: categories}]"
    )
    result = run(small, slices, *tables)
    per_user = result.table.per_user.merge(users, on="user")
    town = {group["group"]: group["metrics"]["ndcg@10"] for group in named(result, "user_column town")["groups"]}
    assert set(town) == {"a", "b", "unknown"}
    for name, value in town.items():
        who = per_user["town"].isna() if name == "unknown" else per_user["town"] == name
        assert value["value"] == pytest.approx(per_user[who]["ndcg@10"].mean())
        assert value["n_users"] == who.sum()
    ages = named(result, "user_column age")["groups"]
    assert len(ages) == 3
    assert sum(group["metrics"]["ndcg@10"]["n_users"] for group in ages) == len(per_user)
    held, _ = parts(result, small)
    genres = held.merge(items, on="item")["genre"].fillna("").str.split("|")
    found = {group["group"]: group["metrics"]["ndcg@10"] for group in named(result, "item_column categories")["groups"]}
    assert set(found) == {"x", "y", "unknown"}
    assert found["x"]["n_users"] == sum("x" in some for some in genres)  # leave one out: a user has one item
    report = (result.folder / "report.html").read_text()
    assert "Users by town" in report
    assert "Relevant items by categories" in report


def test_rolling_history(small):
    result = run(small, SLICES, "dataset.split={kind: global_time, test: 0.5, history: rolling}")
    per_user = result.table.per_user
    activity = named(result, "activity")["groups"]
    assert sum(group["metrics"]["ndcg@10"]["n_users"] for group in activity) == len(per_user)
    popularity = named(result, "item_popularity")["groups"]
    assert {group["group"] for group in popularity} <= {"head", "mid", "tail"}


def test_a_slice_is_part_of_what_a_run_is(small):
    first = run(small, "evaluation.slices=[]")
    assert first.results["slices"] == []
    again = run(small, SLICES)
    assert not again.was_finished
    assert run(small, SLICES).was_finished
    assert json.loads((again.folder / "results.json").read_text())["slices"] == again.results["slices"]


@pytest.mark.parametrize(
    ("slices", "message"),
    [
        ("[actvity]", "unknown slice 'actvity'. Did you mean 'activity'"),
        ("[{by: user_column}]", "a slice by user_column needs the key 'column'"),
        ("[{by: activity, column: x}]", "column applies only to slices by user_column and item_column"),
        ("[activity, activity]", "the slice 'activity' is repeated"),
        ("[{by: item_popularity, shares: [0.8, 0.5]}]", "shares are of the head, and of head and mid together"),
        ("[{by: activity, quantiles: 1}]", "2 or more"),
        ("[3]", "a slice is 3; a name or a map"),
        ("[{by: activity, n: 3}]", "unknown key 'n'"),
    ],
)
def test_wrong_slices_are_reported(small, slices, message):
    with pytest.raises(HarnessError) as caught:
        harness.load_experiment(small, [f"evaluation.slices={slices}"])
    assert message in str(caught.value)


def test_a_column_that_is_not_there(small):
    slices = "evaluation.slices=[{by: user_column, column: age}]"
    with pytest.raises(HarnessError, match=r"needs a table of users. Name its file by dataset\.users\.path"):
        run(small, slices)


@pytest.mark.parametrize("kind", ["date32", "seconds", "int96"])
def test_dates_beyond_2262_are_days_too(small, kind):
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=day) for day in range(59)] + [
        datetime.date(9999, 12, 31)
    ]
    column = pa.array(days) if kind == "date32" else pa.array(days).cast(pa.timestamp("s"))
    users = pa.table({"user": [f"u{user:03d}" for user in range(60)], "day": column})
    pq.write_table(users, small.parent / "users.parquet", use_deprecated_int96_timestamps=kind == "int96")
    table = f"dataset.users={{path: {small.parent / 'users.parquet'}, id: user, groups: [day]}}"
    result = run(small, "evaluation.slices=[{by: user_column, column: day}]", table)
    groups = {group["group"] for group in named(result, "user_column day")["groups"]}
    assert {"2020-01-01 to 2020-01-15", "2020-02-15 to 9999-12-31"} <= groups


def test_numbers_that_are_close_dates_and_lists(small):
    users = pd.DataFrame({"user": [f"u{user:03d}" for user in range(60)]})
    users["signup"] = 1_700_000_000 + np.arange(60)
    users["day"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(np.arange(60), unit="D")
    users["tags"] = [["x"], ["x", "y"], []] * 20
    users.loc[0, "day"] = pd.NaT
    users.to_parquet(small.parent / "users.parquet")
    table = f"dataset.users={{path: {small.parent / 'users.parquet'}, id: user, groups: [signup, day, tags]}}"
    slices = (
        "evaluation.slices=[{by: user_column, column: signup}, {by: user_column, column: day},"
        "{by: user_column, column: tags}]"
    )
    result = run(small, slices, table)
    n_users = len(result.table.users)
    groups = {
        name: {group["group"]: group["metrics"]["ndcg@10"]["n_users"] for group in named(result, name)["groups"]}
        for name in ("user_column signup", "user_column day", "user_column tags")
    }
    assert len(groups["user_column signup"]) == 4
    assert sum(groups["user_column signup"].values()) == n_users
    assert "1700000000 to 1700000014" in groups["user_column signup"]
    assert sum(groups["user_column day"].values()) == n_users
    assert "2020-01-02 to 2020-01-16" in groups["user_column day"]
    assert groups["user_column day"]["unknown"] == 1
    assert groups["user_column tags"] == {"x": 40, "y": 20, "unknown": 20}


def test_items_that_are_held_out_twice_count_once(small):
    data = pd.read_csv(small.parent / "data.csv")
    data.loc[len(data)] = ["u000", "i01", 99, 5]
    data.loc[len(data)] = ["u000", "i01", 100, 5]
    data.to_csv(small.parent / "data.csv", index=False)
    changes = ("dataset.split={kind: leave_last_out, n: 2}", "candidates={items: all, exclude: none}")
    result = run(small, SLICES, *changes)
    assert result.table.counts["repeated_relevant"] >= 1
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    mine = ranks[(ranks["user"] == "u000") & (ranks["item"] == "i01")]
    assert len(mine) == 2
    per_user = result.table.per_user.set_index("user")
    assert per_user.loc["u000", "mean_rank"] == mine["above"].iloc[0] + mine["tied"].iloc[0] / 2 + 1


def test_relevant_items_have_metrics_of_accuracy_alone(small):
    result = run(small, SLICES)
    labels = {label for group in named(result, "item_popularity")["groups"] for label in group["metrics"]}
    assert labels == {f"{name}@{k}" for name in ("ndcg", "recall", "hit_rate") for k in (1, 5, 10)} | {"mean_rank"}
