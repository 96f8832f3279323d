"""Contributions of items in the folder of a run: what is stored is what was computed, and damage is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from run_records import results_in, write_results

import harness
from harness.errors import HarnessError
from harness.pipeline.run_folder.contribution_tables import with_contributions
from harness.pipeline.run_folder.run_files import read_run


@pytest.fixture
def run(small):
    return harness.run(harness.load_experiment(small), quiet=True)


def test_they_are_read_back_as_they_were_computed(run):
    stored = with_contributions(read_run(run.folder)).table.contributions
    for field in dataclasses.fields(stored):
        ours, theirs = getattr(stored, field.name), getattr(run.table.contributions, field.name)
        if field.name == "values":
            assert {label: parts.tolist() for label, parts in ours.items()} == {
                label: parts.tolist() for label, parts in theirs.items()
            }
        else:
            assert ours.tolist() == theirs.tolist()


def test_they_are_of_the_lists_and_the_truth_of_the_run(run):
    pairs = pd.read_parquet(run.folder / "item_contributions.parquet")
    lists = pd.read_parquet(run.folder / "predictions.parquet").set_index(["user", "item"])["rank"]
    held = pd.read_parquet(run.folder / "target_ranks.parquet")[["user", "item"]]
    hits = {
        (user, item): lists[user, item]
        for user, item in held.itertuples(index=False)
        if lists.get((user, item), 99) <= 10
    }
    label = "ndcg@10"
    found = {(row["user"], row["item"]): row[label] for _, row in pairs.iterrows() if row[label]}
    # One relevant item per user: the gain of its rank.
    assert found == pytest.approx({pair: 1 / np.log2(rank + 1) for pair, rank in hits.items()})
    items = pd.read_parquet(run.folder / "relevant_items.parquet").set_index("item")
    assert items["users"].to_dict() == held.groupby("item").size().to_dict()
    assert items["share"].tolist() == items["users"].tolist() == items["square_share"].tolist()


def test_a_run_of_an_earlier_version_has_none(run):
    for name in ("item_contributions.parquet", "relevant_items.parquet"):
        (run.folder / name).unlink()
    assert with_contributions(read_run(run.folder)).table.contributions is None


def changed(run, name, change):
    """Change a table and its digest, as a program that means it would."""
    from harness import storage

    change(pd.read_parquet(run.folder / name)).to_parquet(run.folder / name)
    results = results_in(run.folder)
    results["files"] |= storage.file_digests(run.folder, [name])
    write_results(run.folder, results)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("item_contributions.parquet", lambda frame: frame.assign(user="stranger"), "a user or an item that the run"),
        ("item_contributions.parquet", lambda frame: frame.drop(columns="share"), "has the columns user, item"),
        ("item_contributions.parquet", lambda frame: frame.rename(columns={"ndcg@10": "other"}), "has the columns"),
        ("item_contributions.parquet", lambda frame: frame.assign(share=np.nan), "'share' has a value that is missing"),
        ("item_contributions.parquet", lambda frame: frame.assign(share="x"), "'share' holds .*, where numbers"),
        ("relevant_items.parquet", lambda frame: frame.assign(item=frame["item"].iloc[0]), "holds an item twice"),
        ("relevant_items.parquet", lambda frame: frame.drop(columns="users"), "has the columns item, share"),
        ("relevant_items.parquet", lambda frame: frame.iloc[:0], "a user or an item that the run"),
    ],
)
def test_what_does_not_fit_is_refused(run, name, change, message):
    changed(run, name, change)
    with pytest.raises(HarnessError, match=rf"item_contributions\.parquet is missing or damaged: .*{message}"):
        with_contributions(read_run(run.folder))
