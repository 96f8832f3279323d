"""What was read, what looked wrong in it, and side tables: in the results, the fingerprints and the terminal."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import harness
from harness.artifacts import to_json
from harness.pipeline import describe_dataset
from harness.report import facts_table


@pytest.fixture
def odd(small, tmp_path):
    """Put a user twice into the data, and write tables of items and users."""
    frame = pd.read_csv(tmp_path / "data.csv")
    frame.loc[frame["user"] == "u001", "user"] = "U000"
    frame.to_csv(tmp_path / "data.csv", index=False)
    items = sorted(set(frame["item"]))[1:]
    pd.DataFrame({"item": items, "title": items}).to_csv(tmp_path / "items.csv", index=False)
    np.save(tmp_path / "vectors.npy", np.ones((len(items), 3)))
    return small


def load(path, *overrides):
    return harness.load_experiment(path, overrides)


def tables(folder):
    return f"dataset.items={{path: {folder}/items.csv, vectors: {folder}/vectors.npy}}"


def test_warnings_and_facts_are_in_the_results(odd, tmp_path):
    dataset = harness.run(load(odd, tables(tmp_path)), quiet=True).results["dataset"]
    assert [(warning["name"], warning["count"]) for warning in dataset["warnings"]] == [
        ("user_ids_alike", 2),
        ("items_without_row", 1),
        ("items_without_vector", 1),
    ]
    assert dataset["source"]["timestamp_unit"] == "raw"
    assert dataset["source"]["items"]["missing"] == 1
    assert dataset["source"]["vectors"]["dimension"] == 3
    report = (tmp_path / "reports/small/ease/report.html").read_text()
    assert "2 user ids differ from another only by spaces or case" in report


def test_describe_prints_them(odd, tmp_path):
    from rich.console import Console

    facts = describe_dataset(load(odd, tables(tmp_path)))
    assert list(to_json(facts))[-1] == "audits"
    json.dumps(to_json(facts), allow_nan=False)
    console = Console(width=10_000)
    with console.capture() as capture:
        console.print(facts_table(facts))
    assert "warning: " in capture.get()
    assert "2 user ids differ from another only by spaces or case, such as 'U000' and 'u000'" in capture.get()


@pytest.mark.parametrize("override", ["dataset.duplicates=last", "dataset.timestamp_unit=ms", "tables", "vectors"])
def test_what_changes_the_interactions_is_in_the_fingerprint(odd, tmp_path, override):
    if override == "tables":
        override = tables(tmp_path)
    elif override == "vectors":
        override = tables(tmp_path)
        harness.run(load(odd, override), quiet=True)
        np.save(tmp_path / "vectors.npy", np.load(tmp_path / "vectors.npy") * 2)
        assert not harness.run(load(odd, override), quiet=True).was_finished
        return
    first = harness.run(load(odd), quiet=True)
    other = harness.run(load(odd, override, f"model.checkpoint={tmp_path}/other.safetensors"), quiet=True)
    assert not other.was_finished
    assert other.results["fingerprints"]["data"] != first.results["fingerprints"]["data"]


@pytest.mark.parametrize("name", ["data.jsonl", "data.parquet", "data.inter", "data.txt"])
def test_the_same_numbers_from_every_format(small, tmp_path, name):
    first = harness.run(load(small), quiet=True)
    frame = pd.read_csv(tmp_path / "data.csv")
    path, more = tmp_path / name, []
    if name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    elif name.endswith("parquet"):
        path.mkdir()
        frame[:100].to_parquet(path / "a.parquet")
        frame[100:].to_parquet(path / "b.parquet")
    elif name.endswith("inter"):
        frame.columns = ["user_id:token", "item_id:token", "timestamp:float", "rating:float"]
        frame.to_csv(path, index=False, sep="\t")
    else:
        frame.to_csv(path, index=False, sep="|")
        more = ["dataset.delimiter='|'"]
    other = harness.run(load(small, f"dataset.path={path}", *more), quiet=True)
    assert other.results["metrics"] == first.results["metrics"]
    assert other.results["fingerprints"]["split"] == first.results["fingerprints"]["split"]
