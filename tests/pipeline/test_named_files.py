"""Files that a user names: special files are refused and never opened, and messages name the flags of the command."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.artifacts import Vocabulary
from harness.errors import HarnessError
from harness.models.external.id_map import IdMap, IdOptions

KINDS = ("a named pipe", "a device", "a folder")


@pytest.fixture
def odd(tmp_path):
    """Return a function that puts what is no regular file at a name."""

    def make(kind: str, name: str) -> Path:
        path = tmp_path / name
        if kind == "a named pipe":
            os.mkfifo(path)
        elif kind == "a device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        return path

    return make


# A reader that opens a pipe waits for ever; one that reads /dev/zero fills the memory.
pytestmark = pytest.mark.timeout(120)

TABLES = {
    "dataset.path": "plays.csv",
    "dataset.items": "items.csv",
    "dataset.users": "users.csv",
    "vectors": "vectors.npy",
    "ids of vectors": "ids.txt",
    "candidates.allow": "allow.txt",
    "candidates.lists": "lists.parquet",
    "filter": "deny.txt",
    "fixed": "train.csv",
    "predictions": "lists.csv",
}


def overrides(key, path, folder):
    np.save(folder / "some.npy", np.ones((1, 2)))
    return {
        "dataset.path": [f"dataset.path={path}"],
        "dataset.items": [f"dataset.items={{path: {path}}}"],
        "dataset.users": [f"dataset.users={{path: {path}, groups: [age]}}"],
        "vectors": [f"dataset.items={{vectors: {{path: {path}, ids: {folder}/data.csv}}}}"],
        "ids of vectors": [f"dataset.items={{vectors: {{path: {folder}/some.npy, ids: {path}}}}}"],
        "candidates.allow": [f"candidates.allow={path}"],
        "candidates.lists": [f"candidates.lists={path}"],
        "filter": [f"dataset.filters=[{{kind: items, deny_file: {path}}}]"],
        "fixed": [f"dataset.split={{kind: fixed, train: {path}, test: {folder}/data.csv}}"],
        "predictions": [f"model={{kind: predictions, checkpoint: {path}}}"],
    }[key]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", list(TABLES))
def test_files_of_an_experiment(kind, key, cli, small, odd, tmp_path):
    path = odd(kind, TABLES[key])
    sets = [part for override in overrides(key, path, tmp_path) for part in ("--set", override)]
    code, _, err = cli("eval", small, *sets)
    assert code == 2
    assert str(path) in err
    assert kind in err or (kind == "a folder" and "folder" in err.replace(str(path), ""))
    code, _, err = cli("validate", small, *sets)
    # A folder may be a table of parts, which validate does not read.
    assert code == (0 if kind == "a folder" and key not in ("ids of vectors", "candidates.allow", "filter") else 2)


@pytest.mark.parametrize("kind", ["a named pipe", "a device"])
def test_experiments_and_predictions(kind, cli, small, odd, tmp_path):
    path = odd(kind, "odd.yaml")
    for command in (
        ("eval", path),
        ("validate", path),
        ("compare", path, path),
        ("score", "x.csv", "--experiment", path),
    ):
        code, _, err = cli(*command)
        assert (code, f"{path} is {kind}; a regular file is needed" in err) == (2, True)
    (tmp_path / "child.yaml").write_text("extends: odd.yaml\nname: small/child\n")
    code, _, err = cli("eval", tmp_path / "child.yaml")
    assert (code, f"child.yaml:1: {path} is {kind}" in err) == (2, True)
    benchmark = tmp_path / "benchmark.yaml"
    benchmark.write_text("name: b\nexperiments: [ease.yaml, odd.yaml]\nbaseline: ease.yaml\n")
    code, _, err = cli("compare", benchmark)
    assert (code, f"benchmark.yaml:2: {path} is {kind}" in err) == (2, True)
    lists = odd(kind, "lists.csv")
    code, _, err = cli("score", lists, "--experiment", small)
    assert (code, f"{lists} is {kind}, not a regular file" in err) == (2, True)
    run = odd(kind, "lists.run")
    assert f"{run} is {kind}, not a regular file" in cli("score", run, "--experiment", small)[2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["ids.txt", "ids.csv", "ids.parquet", "ids.json", "ids.npy"])
def test_files_of_ids(kind, name, odd):
    path = odd(kind, name)
    with pytest.raises(HarnessError, match=kind):
        IdMap.of(IdOptions(str(path)), Vocabulary.of([1]), size=1, what="item")


def test_a_part_of_a_folder(odd, cli, small, tmp_path):
    (tmp_path / "parts").mkdir()
    odd("a named pipe", "parts/a.parquet")
    code, _, err = cli("score", tmp_path / "parts", "--experiment", small)
    assert (code, "a.parquet is a named pipe, not a regular file. Remove it" in err) == (2, True)


@pytest.fixture
def lists(tmp_path, small):
    """Two predictions for each user of the small data."""
    users = sorted(set(pd.read_csv(tmp_path / "data.csv")["user"]))
    rows = [(user, f"i{item:02d}", score) for user in users for item, score in ((1, 0.5), (2, 0.25))]
    return pd.DataFrame(rows, columns=["user", "item", "score"])


def test_score_names_flags(cli, small, lists, tmp_path):
    path = tmp_path / "lists.csv"
    lists.to_csv(path, index=False, sep=";")
    code, _, err = cli("score", path, "--experiment", small)
    assert (code, "The columns look separated by ';': set --delimiter to that" in err) == (2, True)
    assert "model.params" not in err
    assert cli("score", path, "--experiment", small, "--delimiter", ";", "--name", "small/semicolons")[0] == 0
    lists.rename(columns={"user": "uid"}).to_csv(path, index=False)
    code, _, err = cli("score", path, "--experiment", small)
    assert (code, "Name the right one with --column user=NAME" in err) == (2, True)
    assert cli("score", path, "--experiment", small, "--column", "user=uid", "--name", "small/named")[0] == 0
    lists.to_csv(path, index=False, header=False)
    code, _, err = cli("score", path, "--experiment", small)
    assert (code, "The first line looks like data: put a header above it" in err) == (2, True)
    lists[["user", "item"]].to_csv(path, index=False)
    code, _, err = cli("score", path, "--experiment", small)
    assert "no column 'score' for the score, nor one called 'rank'" in err
    assert "--column score=NAME" in err
    path = tmp_path / "lists.tab"
    lists.to_csv(path, index=False, sep="\t")
    code, _, err = cli("score", path, "--experiment", small)
    assert (code, "or set the format in --file-format to one of csv, tsv, jsonl, inter, dat, parquet, trec" in err) == (
        2,
        True,
    )
    assert cli("score", path, "--experiment", small, "--file-format", "tsv", "--name", "small/tab")[0] == 0
    tables = [
        pq.read_table(tmp_path / f"reports/small/{name}/per_user.parquet") for name in ("semicolons", "named", "tab")
    ]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


def test_an_experiment_names_keys(cli, small, lists, tmp_path):
    path = tmp_path / "lists.csv"
    lists.to_csv(path, index=False, sep=";")
    model = f"model={{kind: predictions, checkpoint: {path}}}"
    code, _, err = cli("eval", small, "--set", model)
    assert (code, "set model.params.delimiter to that" in err) == (2, True)
    assert cli("eval", small, "--set", model.replace("}", ", params: {delimiter: ';'}}"))[0] == 0


def test_a_format_of_the_data(cli, small, tmp_path):
    shutil.copy(tmp_path / "data.csv", tmp_path / "data.rows")
    keys = ("--set", f"dataset.path={tmp_path / 'data.rows'}")
    assert cli("eval", small, *keys)[0] == 2
    assert cli("eval", small, *keys, "--set", "dataset.format=csv")[0] == 0
    results = json.loads((tmp_path / "reports/small/ease/results.json").read_text())
    assert results["experiment"]["dataset"]["format"] == "csv"


def test_a_part_that_is_added_is_seen(cli, small, lists, tmp_path):
    """The rows of .pq parts count, and so must their bytes: nothing may be shown again that was made without them."""
    folder = tmp_path / "lists"
    folder.mkdir()
    half = len(lists) // 2
    lists[:half].to_parquet(folder / "a.parquet")
    assert cli("score", folder, "--experiment", small, "--name", "small/parts")[0] == 0
    first = pq.read_table(tmp_path / "reports/small/parts/predictions.parquet").num_rows
    pq.write_table(pa.Table.from_pandas(lists[half:], preserve_index=False), folder / "b.pq")
    assert cli("score", folder, "--experiment", small, "--name", "small/parts")[0] == 0
    assert pq.read_table(tmp_path / "reports/small/parts/predictions.parquet").num_rows > first
