"""Splits through the whole way of a run: parts read back, users held out, data without times."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import harness
from harness.errors import ExperimentError
from harness.pipeline import describe_dataset, write_split

POPULARITY = ["model.kind=popularity", "model.params={}"]


def run(path, folder, *overrides):
    """Run in a folder of its own, so that no run reads another's checkpoint or results."""
    own = [f"model.checkpoint={folder}/model.safetensors", f"report.directory={folder}/reports"]
    return harness.run(harness.load_experiment(path, [*overrides, *own]), quiet=True)


def with_split(path, text):
    """Return a copy of an experiment with another split."""
    copy = path.with_name(f"split-{abs(hash(text))}.yaml")
    copy.write_text(path.read_text().replace("{kind: leave_last_out, validation: true}", text))
    return copy


@pytest.mark.parametrize("model", [[], POPULARITY], ids=["ease", "popularity"])
@pytest.mark.parametrize(
    "split", ["{kind: leave_last_out, n: 2}", "{kind: user_holdout, test: 0.3, fold_in: 0.5}"], ids=["last", "users"]
)
def test_parts_that_were_written_give_the_same_numbers(small, tmp_path, model, split):
    first = with_split(small, split)
    parts = write_split(harness.load_experiment(first), tmp_path / "parts")
    named = ", ".join(f"{path.stem}: {path}" for path in parts)
    second = with_split(small, f"{{kind: fixed, {named}}}")
    one, other = run(first, tmp_path / "one", *model), run(second, tmp_path / "other", *model)
    assert json.dumps(other.results["metrics"]) == json.dumps(one.results["metrics"])
    assert other.results["fingerprints"]["split"] == one.results["fingerprints"]["split"]
    for name in ("per_user.parquet", "predictions.parquet"):
        assert (other.folder / name).read_bytes() == (one.folder / name).read_bytes()


def test_fold_in_is_history_and_is_not_fitted_on(small, tmp_path):
    result = run(with_split(small, "{kind: user_holdout, test: 0.3, fold_in: 0.5}"), tmp_path / "one", *POPULARITY)
    assert result.results["protocol"]["history"] == ["train", "validation", "fold_in"]
    split = result.results["dataset"]["split"]
    assert split["facts"]["test"]["users"] == result.results["protocol"]["users"] == 18
    counts = {finding["name"]: finding["count"] for finding in result.results["audits"]}
    assert counts["users_without_history"] == 0
    # Popularity scores by what it was fitted on: the users of train alone.
    data = pd.read_csv(tmp_path / "data.csv")
    held_out = set(pd.read_parquet(result.folder / "per_user.parquet")["user"])
    users = data[~data["user"].isin(held_out)].drop_duplicates(["user", "item"]).groupby("item").size()
    predictions = pd.read_parquet(result.folder / "predictions.parquet")
    assert (predictions["score"] == predictions["item"].map(users).fillna(0)).all()
    # Their history is excluded from what is recommended.
    pairs = pd.read_parquet(write_fold_in(small, tmp_path)).merge(predictions, on=["user", "item"])
    assert pairs.empty


def write_fold_in(small, tmp_path):
    experiment = harness.load_experiment(with_split(small, "{kind: user_holdout, test: 0.3, fold_in: 0.5}"))
    return next(path for path in write_split(experiment, tmp_path / "parts") if path.stem == "fold_in")


@pytest.mark.parametrize(
    "split", ["{kind: random}", "{kind: k_fold, folds: 4, fold: 1}", "{kind: user_holdout, test: 0.2}"]
)
def test_data_without_timestamps(small, tmp_path, split):
    data = pd.read_csv(tmp_path / "data.csv").drop(columns=["timestamp", "rating"])
    data.to_csv(tmp_path / "data.csv", index=False)
    path = with_split(small, split)
    first = run(path, tmp_path / "one")
    data.sample(frac=1, random_state=1).to_csv(tmp_path / "data.csv", index=False)
    again = run(path, tmp_path / "again")
    assert again.results["fingerprints"]["split"] == first.results["fingerprints"]["split"]
    assert json.dumps(again.results["metrics"]) == json.dumps(first.results["metrics"])


def test_ties_are_not_audited_where_none_decides(small):
    named = {
        kind: {finding.name for finding in describe_dataset(harness.load_experiment(with_split(small, split))).audits}
        for kind, split in {"random": "{kind: random}", "user_time": "{kind: user_time}"}.items()
    }
    assert "tied_targets" not in named["random"]
    assert "tied_targets" in named["user_time"]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("{kind: user_time, test: 2}", r":5: .*test is 2\.0; use a share between 0 and 1"),
        ("{kind: k_fold, folds: 5, fold: 5}", ":5: .*fold is 5; use one from 0 to 4"),
        ("{kind: user_time, history: rolling}", r":5: unknown option 'history' of the split 'user_time'"),
        ("{kind: random, ties: error}", ":5: .*ties.* is needed"),
        ("{kind: fixed, train: a.csv}", ":5: .*missing key 'test'"),
        ("{kind: leave_last_out, ties: stable, seed: 1}", ":5: .*leave seed out"),
        ("{kind: user_holdout, fold_in: 1.5}", r":5: .*fold_in is 1\.5; use a share"),
        ("{kind: global_time, test_from: tomorrow}", ":5: .*test_from is 'tomorrow'; use a date"),
    ],
)
def test_faults_name_the_line(small, split, message):
    with pytest.raises(ExperimentError, match=message):
        harness.load_experiment(with_split(small, split))
