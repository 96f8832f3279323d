"""Runs on small data: determinism, finished work, interruptions, checkpoints, expectations."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from limited_process import run_at_once

import harness
from harness.artifacts import Interactions, Vocabulary
from harness.data import LeaveLastOut
from harness.errors import CheckpointError, DataError, HarnessError


def load(path, *overrides):
    return harness.load_experiment(path, overrides)


def metrics(result):
    return json.dumps(result.results["metrics"])


def test_the_same_numbers_for_any_jobs_batch_and_the_order_of_rows(small, tmp_path):
    first = harness.run(load(small), quiet=True)
    data = pd.read_csv(tmp_path / "data.csv")
    data.sample(frac=1, random_state=1).to_csv(tmp_path / "shuffled.csv", index=False)
    for overrides in (
        ["evaluation.parallel.n_jobs=1"],
        ["evaluation.parallel.n_jobs=4"],
        ["runner.batch_size=1"],
        ["runner.batch_size=7"],
        [f"dataset.path={tmp_path / 'shuffled.csv'}"],
    ):
        other = harness.run(load(small, *overrides), force=True, quiet=True)
        assert metrics(other) == metrics(first), overrides
        assert other.results["fingerprints"]["split"] == first.results["fingerprints"]["split"]
        assert (other.folder / "predictions.parquet").read_bytes() == (
            first.folder / "predictions.parquet"
        ).read_bytes()


def test_a_finished_run_is_read_back(small):
    first = harness.run(load(small), quiet=True)
    written = (first.folder / "results.json").stat().st_mtime_ns
    again = harness.run(load(small), quiet=True)
    assert (first.was_finished, again.was_finished) == (False, True)
    assert (again.folder / "results.json").stat().st_mtime_ns == written
    pd.testing.assert_frame_equal(again.table.summary(), first.table.summary())
    pd.testing.assert_frame_equal(again.table.per_user, first.table.per_user)
    assert not harness.run(load(small), force=True, quiet=True).was_finished


@pytest.mark.parametrize(
    "override",
    [
        "runner.k=9",
        "runner.seed=1",
        "evaluation.metrics=[ndcg]",
        "statistics.confidence=0.9",
        "candidates.exclude=none",
    ],
)
def test_what_decides_a_number_is_computed_again(small, override):
    harness.run(load(small, "evaluation.cutoffs=[5]"), quiet=True)
    assert not harness.run(load(small, "evaluation.cutoffs=[5]", override), quiet=True).was_finished


@pytest.mark.parametrize(
    "override", ["evaluation.primary=recall@5", "statistics.margin=0.01", "tracking.experiment=other"]
)
def test_what_decides_no_number_is_brought_up_to_date(small, override):
    first = harness.run(load(small), quiet=True)
    predictions = (first.folder / "predictions.parquet").stat().st_mtime_ns
    again = harness.run(load(small, override), quiet=True)
    assert again.was_finished
    assert (again.folder / "predictions.parquet").stat().st_mtime_ns == predictions
    assert json.loads((again.folder / "results.json").read_text())["experiment"] == load(small, override).to_dict()
    assert load(again.folder / "experiment.yaml") == load(small, override)


@pytest.mark.parametrize("missing", ["report.html", "per_user.parquet", "predictions.parquet", "experiment.yaml"])
def test_a_run_that_lacks_a_file_is_not_finished(small, missing):
    first = harness.run(load(small), quiet=True)
    (first.folder / missing).unlink()
    assert not harness.run(load(small), quiet=True).was_finished
    assert (first.folder / missing).exists()


def test_the_resolved_experiment_reproduces_the_run(small):
    first = harness.run(load(small), quiet=True)
    again = harness.run(load(first.folder / "experiment.yaml"), force=True, quiet=True)
    assert metrics(again) == metrics(first)
    assert again.results["fingerprints"] == first.results["fingerprints"]


def test_another_split_refuses_the_checkpoint_and_says_so(small):
    harness.run(load(small), quiet=True)
    with pytest.raises(CheckpointError, match="another split"):
        harness.run(load(small, "dataset.split.seed=1"), quiet=True)


@pytest.mark.parametrize(("override", "named"), [("model.params.l2=11.0", "l2"), ("model.fit.on=train", "train")])
def test_other_parameters_refuse_the_checkpoint(small, override, named):
    harness.run(load(small), quiet=True)
    with pytest.raises(CheckpointError, match=named):
        harness.run(load(small, override), quiet=True)


def test_a_checkpoint_of_another_model_is_refused(small, tmp_path):
    harness.run(load(small), quiet=True)
    other = tmp_path / "popularity.yaml"
    other.write_text(small.read_text().replace("kind: ease", "kind: popularity").replace("params: {l2: 10.0}", ""))
    with pytest.raises(CheckpointError, match="ease"):
        harness.run(load(other), quiet=True)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 100])
def test_a_damaged_checkpoint_is_refused_and_kept(small, tmp_path, content):
    path = tmp_path / "ease.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"ease\.safetensors"):
        harness.run(load(small), quiet=True)
    assert path.read_bytes() == content
    assert not (tmp_path / "reports" / "small" / "ease" / "results.json").exists()


def test_a_truncated_checkpoint_is_refused(small, tmp_path):
    harness.run(load(small), quiet=True)
    path = tmp_path / "ease.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=r"ease\.safetensors"):
        harness.run(load(small), quiet=True)


def test_fit_makes_the_checkpoint_and_leaves_it(small, tmp_path):
    first = harness.fit(load(small))
    again = harness.fit(load(small))
    forced = harness.fit(load(small), force=True)
    assert (first.was_there, again.was_there, forced.was_there) == (False, True, False)
    assert first.sha256 == again.sha256 == forced.sha256
    assert first.path == tmp_path / "ease.safetensors"


def test_the_validation_part_is_scored_on_train_alone(small):
    overrides = ["evaluation.part=validation", "model.fit.on=train"]
    result = harness.run(load(small, *overrides), quiet=True)
    assert result.results["protocol"]["history"] == ["train"]
    assert result.results["protocol"]["part"] == "validation"


def test_a_part_that_the_split_lacks_is_an_error(small):
    overrides = ["evaluation.part=validation", "model.fit.on=train", "dataset.split.validation=false"]
    with pytest.raises(DataError, match="validation: true"):
        harness.run(load(small, *overrides), quiet=True)


def test_a_partial_run_is_stamped_everywhere(small):
    result = harness.run(load(small, "runner.limit_users=7"), quiet=True)
    assert result.results["partial"]["limit_users"] == 7
    assert len(result.table.per_user) == 7
    assert "limit_users" in (result.folder / "report.html").read_text()
    assert harness.run(load(small, "runner.limit_users=60"), quiet=True).results["partial"] is None


def test_expectations_are_judged(small):
    met = harness.run(load(small, "expected={ndcg@10: {value: 0.5, tolerance: 0.5}}"), quiet=True)
    missed = harness.run(load(small, "expected={ndcg@10: {value: 2.0, tolerance: 0.1}}"), quiet=True)
    assert met.missed == []
    assert [row.label for row in missed.missed] == ["ndcg@10"]


def test_items_of_training_alone_are_candidates_on_request(small):
    result = harness.run(load(small, "candidates.items=train", "dataset.split.validation=false"), quiet=True)
    count = result.results["protocol"]["candidates"]["count"]
    assert 0 < count <= result.results["dataset"]["filtered"]["items"]


def test_seen_items_are_recommended_only_where_that_is_asked_for(small, tmp_path):
    from harness.pipeline import write_split

    write_split(load(small), tmp_path / "parts")
    parts = [pd.read_parquet(tmp_path / "parts" / f"{part}.parquet") for part in ("train", "validation")]
    seen = set(map(tuple, pd.concat(parts)[["user", "item"]].to_numpy().tolist()))

    def repeats(result):
        frame = pd.read_parquet(result.folder / "predictions.parquet")
        return sum(tuple(pair) in seen for pair in frame[["user", "item"]].to_numpy().tolist())

    assert repeats(harness.run(load(small), quiet=True)) == 0
    assert repeats(harness.run(load(small, "candidates.exclude=none"), quiet=True)) > 0


@pytest.mark.parametrize("order", ["score", "rank"])
def test_the_written_predictions_score_as_the_run_did(small, tmp_path, order):
    from harness.pipeline import write_split

    # Popularity has many ties, so that another order of them would show.
    text = small.read_text().replace("kind: ease", "kind: popularity").replace("  params: {l2: 10.0}\n", "")
    small.write_text(text)
    result = harness.run(load(small), quiet=True)
    write_split(load(small), tmp_path / "parts")
    predictions = pd.read_parquet(result.folder / "predictions.parquet")[["user", "item", order]]
    truth = pd.read_parquet(tmp_path / "parts" / "test.parquet")
    again = harness.evaluate(predictions, truth, cutoffs=[1, 5, 10], n_items=40)
    pd.testing.assert_frame_equal(again.summary(), result.table.summary())


def test_a_constant_scorer_earns_what_chance_gives_on_the_splits_own_holdout():
    # Ties of the split and ties of scores are broken by unrelated orders, though both seeds are 0.
    rng = np.random.default_rng(0)
    users, items = np.repeat(np.arange(1_000), 20), np.concatenate([rng.permutation(100)[:20] for _ in range(1_000)])
    interactions = Interactions(
        users=users.astype(np.int32),
        items=items.astype(np.int32),
        timestamps=np.zeros(len(users), dtype=np.int64),
        user_ids=Vocabulary.of(np.arange(1_000)),
        item_ids=Vocabulary.of(np.arange(100)),
    )
    split = LeaveLastOut(validation=False).split(interactions)
    every = pd.DataFrame(
        {"user": np.repeat(np.arange(1_000), 100), "item": np.tile(np.arange(100), 1_000), "score": 1.0}
    )
    seen = split.part("train").frame()[["user", "item"]].assign(seen=True)
    unseen = every.merge(seen, how="left")
    unseen = unseen[unseen["seen"].isna()].drop(columns="seen")
    table = harness.evaluate(unseen, split.part("test").frame(), metrics=["hit_rate"], cutoffs=[10, 40])
    for k in (10, 40):
        chance = k / 81  # 100 items, 19 of them seen
        assert table[f"hit_rate@{k}"].value == pytest.approx(chance, abs=4 * (chance * (1 - chance) / 1_000) ** 0.5)


def test_a_checkpoint_of_other_code_is_reported(small, caplog):
    from harness.models import load_checkpoint, save_checkpoint

    fitted = harness.fit(load(small))
    checkpoint = load_checkpoint(fitted.path)
    header = {**vars(checkpoint.header), "code": "another"}
    save_checkpoint(fitted.path, checkpoint.tensors, {key: header[key] for key in header if not key.startswith("_")})
    harness.run(load(small), quiet=True)
    assert "another version of the model's code" in caplog.text


@pytest.mark.slow
def test_a_run_that_was_killed_at_any_moment_is_right_the_next_time(small):
    expected = metrics(harness.run(load(small), quiet=True))
    folder = small.parent / "reports" / "small" / "ease"
    chance = random.Random(0)
    for attempt in range(8):
        process = subprocess.Popen([sys.executable, "-m", "harness", "eval", str(small), "--force", "--quiet"])
        time.sleep(chance.uniform(0.5, 4.0))
        process.send_signal(signal.SIGKILL if attempt % 2 else signal.SIGTERM)
        process.wait()
        assert [path for path in folder.rglob("*") if path.suffix == ".html" and not path.read_text().strip()] == []
    result = harness.run(load(small), quiet=True)
    assert metrics(result) == expected
    assert metrics(harness.run(load(small), force=True, quiet=True)) == expected


def test_two_processes_on_one_experiment_share_it_safely(small):
    assert [ended.code for ended in run_at_once([["eval", small, "--quiet"]] * 2)] == [0, 0]
    assert harness.run(load(small), quiet=True).was_finished


def test_a_folder_that_cannot_be_written_is_an_error(small, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(HarnessError, match="taken"):
        harness.run(load(small, f"report.directory={tmp_path / 'taken'}"), quiet=True)
