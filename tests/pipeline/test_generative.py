"""A generative model in a run: its checks, its lists, and what they may not hold."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import ExperimentError, HarnessError

PARAMS = (
    "codes: {dimension: 4, levels: 2, size: 3, hidden_dim: 8, latent_dim: 4, steps: 30}, embedding_dim: 16, "
    "num_heads: 2, attn_dim: 16, encoder_layers: 1, decoder_layers: 1, recipe: {epochs: 2, batch_size: 32}"
)


def model(folder, more=""):
    params = f"params: {{{PARAMS}{more}}}, fit: {{on: train_validation}}"
    return f"model={{kind: generative, checkpoint: {folder}/generative.safetensors, {params}}}"


def run(small, *changes, more="", force=False):
    experiment = harness.load_experiment(small, ["name=small/generative", model(small.parent, more), *changes])
    return harness.run(experiment, quiet=True, force=force)


def audits(result):
    return {audit["name"]: audit for audit in result.results["audits"]}


def lists(result):
    return pd.read_parquet(result.folder / "predictions.parquet")


def test_its_checks_are_reported_and_kept_with_the_lists(small):
    result = run(small)
    found = audits(result)
    assert {
        name: found[name]["count"] for name in ("invalid_ids", "repeated_items", "barred_items", "short_beams")
    } == {
        "invalid_ids": 0,
        "repeated_items": 0,
        "barred_items": 0,
        "short_beams": 0,
    }
    assert found["invalid_ids"]["of"] == 2 * 10 * 60  # twice the list, for each user
    # 40 items and 9 pairs of codes: by the pigeonhole most collide.
    assert found["semantic_id_collisions"]["count"] >= 31
    assert "distinguished by one more code" in found["semantic_id_collisions"]["sentence"]
    table = lists(result)
    assert (table.groupby("user").size() == 10).all()
    assert not table.duplicated(["user", "item"]).any()
    data = pd.read_csv(small.parent / "data.csv")
    relevant = pd.read_parquet(result.folder / "target_ranks.parquet")
    assert relevant["above"].isna().all()
    held_out = set(zip(relevant["user"], relevant["item"], strict=True))
    seen = set(zip(data["user"], data["item"], strict=True)) - held_out
    assert not seen & set(zip(table["user"], table["item"], strict=True))
    # From the cache: the same lists, and the same checks.
    (result.folder / "results.json").unlink()
    again = run(small)
    assert again.results["timings"]["users_from_cache"] == 60
    assert audits(again) == found
    assert again.results["fingerprints"] == result.results["fingerprints"]
    report = (result.folder / "report.html").read_text()
    assert "share their 2 codes" in report


def test_lists_keep_to_the_candidates(small, tmp_path):
    allowed = [f"i{item:02d}" for item in range(0, 40, 3)]
    (tmp_path / "allow.txt").write_text("item\n" + "\n".join(allowed) + "\n")
    (tmp_path / "allow.txt").rename(tmp_path / "allow.csv")
    result = run(small, f"candidates.allow={tmp_path}/allow.csv", "candidates.exclude=none")
    assert set(lists(result)["item"]) <= set(allowed)
    assert (lists(result).groupby("user").size() == 10).all()
    sampled = run(small, "candidates.sampled={negatives: 5, seed: 1}", "name=small/sampled")
    own = pd.read_parquet(sampled.folder / "candidates.parquet")
    pairs = set(zip(own["user"], own["item"], strict=True))
    table = lists(sampled)
    assert set(zip(table["user"], table["item"], strict=True)) <= pairs
    assert audits(sampled)["short_beams"]["count"] == 0  # six candidates for lists of ten, and all are there
    assert len(table) == len(pairs)


def test_two_processes_make_the_same_lists(small):
    alone = lists(run(small))
    together = lists(run(small, "runner.parallel={backend: loky, n_jobs: 2}", force=True))
    pd.testing.assert_frame_equal(alone, together)


def test_codes_of_the_data_sets_own_vectors(small, tmp_path):
    with pytest.raises(HarnessError, match=r"codes\.vectors is 'dataset', and the data set has no vectors"):
        run(small, "model.params.codes.vectors=dataset")
    items = sorted(pd.read_csv(small.parent / "data.csv")["item"].unique())
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"item": items, "vector": list(rng.normal(size=(len(items), 5)).astype(np.float32))})
    frame.to_parquet(tmp_path / "vectors.parquet")
    result = run(small, "model.params.codes.vectors=dataset", f"dataset.items={{vectors: {tmp_path}/vectors.parquet}}")
    assert len(lists(result)) == 600


def test_that_validation_also_stopped_the_training_is_reported(small):
    part = ["evaluation.part=validation", "model.fit.on=train"]
    found = audits(run(small, *part))["stopped_on_validation"]
    assert (found["severity"], found["count"], found["of"]) == ("warning", 60, 60)
    recipe = "model.params.recipe={epochs: 2, patience: null, batch_size: 32}"
    unstopped = ["name=small/unstopped", recipe, f"model.checkpoint={small.parent}/unstopped.safetensors"]
    assert "stopped_on_validation" not in audits(run(small, *part, *unstopped))
    assert "stopped_on_validation" not in audits(run(small, "name=small/test", "model.fit.on=train"))


def test_what_cannot_be_is_refused(small):
    with pytest.raises(HarnessError, match=r"beam is 5, and lists of 10 items are asked for \(runner\.k\)"):
        run(small, more=", beam: 5")
    with pytest.raises(ExperimentError, match=r"looks at 20 ranks of a list, and runner\.k is 10"):
        run(small, "evaluation.cutoffs=[20]", "evaluation.primary=ndcg@20")
    with pytest.raises(ExperimentError, match=r"embedding_dim is 16, which 3 heads do not divide"):
        run(small, "model.params.num_heads=3")


def test_a_rolling_history_gives_a_list_a_moment(small):
    result = run(small, "dataset.split={kind: global_time, test: 0.5, history: rolling}", "model.fit.on=train")
    assert lists(result).duplicated(["user", "rank"]).any()
    assert json.loads((result.folder / "results.json").read_text())["protocol"]["rolling"]
