"""Cached lists are made once, keyed by everything that decides them, and the same wherever they are made."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from killed_run import process_of
from limited_process import run_at_once

import harness
from harness import storage
from harness.pipeline.workers import prediction_cache as pipeline_shards
from harness.runner import shard_files as shards_module

FILES = ("predictions.parquet", "target_ranks.parquet", "per_user.parquet")
PURE_SVD = "model={{kind: pure_svd, checkpoint: {}, params: {{factors: 4}}, fit: {{on: train_validation}}}}"


def digests(folder: Path) -> list[str]:
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES]


@pytest.fixture
def cache():
    return storage.cache_folder() / "predictions"


@pytest.fixture
def counted(monkeypatch):
    """The number of users of each call to the model."""
    asked = []
    real = pipeline_shards.compute_topk

    def compute_topk(recommender, task, options, *rest):
        asked.append(task.n_users)
        return real(recommender, task, options, *rest)

    monkeypatch.setattr(pipeline_shards, "compute_topk", compute_topk)
    return asked


def test_other_metrics_need_no_model(small, cache, counted):
    first = harness.run(harness.load_experiment(small), quiet=True)
    assert len(counted) == 1
    assert first.results["timings"]["users_from_cache"] == 0
    more = harness.load_experiment(small, ["evaluation.metrics=[recall, ndcg]", "evaluation.cutoffs=[3, 10]"])
    second = harness.run(more, quiet=True)
    assert not second.was_finished
    assert len(counted) == 1
    assert second.results["timings"]["users_from_cache"] == first.table.users.size
    assert "users_per_second" not in second.results["timings"]
    assert second.table["ndcg@10"].value == first.table["ndcg@10"].value
    harness.run(more, force=True, quiet=True)
    assert len(counted) == 2


@pytest.mark.parametrize(
    "change",
    [
        ["runner.k=37"],
        ["runner.seed=3"],
        ["runner.limit_users=20"],
        ["candidates.exclude=none"],
        ["candidates.items=train"],
        ["dataset.split={kind: leave_last_out, seed: 5}", "model.checkpoint=TMP/other.safetensors"],
        ["evaluation.part=validation", "model.fit.on=train", "model.checkpoint=TMP/other.safetensors"],
        ["model.params.l2=7.0", "model.checkpoint=TMP/other.safetensors"],
        ["model.kind=pure_svd", "model.params={factors: 3}", "model.checkpoint=TMP/other.safetensors"],
    ],
)
def test_whatever_decides_the_lists_decides_their_key(small, cache, counted, tmp_path, change):
    harness.run(harness.load_experiment(small), quiet=True)
    harness.run(harness.load_experiment(small, [each.replace("TMP", str(tmp_path)) for each in change]), quiet=True)
    assert len(counted) == 2
    assert len([folder for folder in cache.iterdir() if folder.is_dir()]) == 2


def test_lower_precision_is_other_lists_and_is_reported(small, cache, tmp_path):
    model = PURE_SVD.format(tmp_path / "svd.safetensors")
    exact = harness.run(harness.load_experiment(small, [model]), quiet=True)
    low = harness.run(harness.load_experiment(small, [model, "runner.precision=bfloat16"]), quiet=True)
    assert exact.results["fingerprints"]["predictions"] != low.results["fingerprints"]["predictions"]
    audit = next(audit for audit in low.results["audits"] if audit["name"] == "precision")
    assert audit["of"] == low.table.users.size
    assert "in bfloat16 than in float32" in audit["sentence"]
    assert "precision" not in {audit["name"] for audit in exact.results["audits"]}


def test_a_run_goes_on_where_it_stopped(small, cache, counted, monkeypatch):
    monkeypatch.setattr(shards_module, "USER_BLOCK", 16)
    monkeypatch.setattr("harness.evaluation.user_blocks.USER_BLOCK", 16)
    experiment = harness.load_experiment(small)
    whole = harness.run(experiment, quiet=True)
    wanted = digests(whole.folder)
    entry = next(folder for folder in cache.iterdir() if folder.is_dir())
    shards = sorted(entry.glob("shard-*"))
    assert len(shards) == 4
    (whole.folder / "results.json").unlink()
    shards[1].unlink()
    shards[3].write_bytes(shards[3].read_bytes()[:-1])
    counted.clear()
    again = harness.run(experiment, quiet=True)
    assert counted == [16, len(whole.table.users) - 48]
    assert digests(again.folder) == wanted
    assert again.results["timings"]["users_from_cache"] == 32


def test_shards_do_not_change_a_bit(small, cache, monkeypatch, tmp_path):
    found = []
    for size in (16, 32, 8192):
        monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / f"cache-{size}"))
        monkeypatch.setattr(shards_module, "USER_BLOCK", size)
        # The sums are cut at 16 users throughout: shards are at multiples of that.
        monkeypatch.setattr("harness.evaluation.user_blocks.USER_BLOCK", 16)
        run = harness.run(harness.load_experiment(small), quiet=True, force=True)
        found.append((run.results["metrics"], [pd.read_parquet(run.folder / name) for name in FILES]))
    for metrics, frames in found[1:]:
        assert metrics == found[0][0]
        for frame, wanted in zip(frames, found[0][1], strict=True):
            pd.testing.assert_frame_equal(frame, wanted, check_exact=True)


@pytest.mark.parametrize("how", ["runner.devices=[cpu, cpu]", "runner.parallel={backend: loky, n_jobs: 2}"])
def test_processes_make_the_same_lists(small, cache, how, tmp_path):
    here = harness.run(harness.load_experiment(small, [f"report.directory={tmp_path}/here"]), quiet=True)
    storage.prune_cache()
    there = harness.run(harness.load_experiment(small, [f"report.directory={tmp_path}/there", how]), quiet=True)
    assert there.results["timings"]["users_from_cache"] == 0
    assert digests(here.folder) == digests(there.folder)
    assert here.results["fingerprints"] == there.results["fingerprints"]
    assert not list(cache.glob("*/job"))


def test_ids_of_integers_and_candidates_reach_other_processes(small, cache, tmp_path):
    data = small.parent / "data.csv"
    frame = pd.read_csv(data)
    frame.assign(user=frame["user"].str[1:].astype(int)).to_csv(data, index=False)
    options = ["candidates.sampled={negatives: 7}", "candidates.items=train"]
    here = harness.run(harness.load_experiment(small, [*options, f"report.directory={tmp_path}/here"]), quiet=True)
    storage.prune_cache()
    there = harness.run(
        harness.load_experiment(small, [*options, f"report.directory={tmp_path}/there", "runner.devices=[cpu]"]),
        quiet=True,
    )
    assert digests(here.folder) == digests(there.folder)


def test_lists_alone(cli, small, cache):
    code, out, _ = cli("predict", small)
    assert code == 0
    path = Path(out.strip())
    assert list(pd.read_parquet(path).columns) == ["user", "item", "rank", "score"]
    assert not (path.parent / "results.json").exists()
    assert cli("eval", small, "--no-track")[0] == 0
    results = json.loads((path.parent / "results.json").read_text())
    assert results["timings"]["users_from_cache"] == results["protocol"]["users"]
    assert cli("predict", small)[0] == 0  # nothing is taken from a finished run
    assert (path.parent / "results.json").exists()


def test_the_cache_on_the_command_line(cli, small, cache):
    cli("eval", small, "--no-track")
    code, out, _ = cli("cache", "list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert [entry["name"] for entry in listed["entries"]] == ["small/ease"]
    assert "small/ease" in cli("cache", "list")[1]
    assert "1 entry would be removed" in cli("cache", "prune", "--all", "--dry-run")[1]
    assert "0 entries removed" in cli("cache", "prune", "--older-than", "1d", "--keep", "1 GB")[1]
    assert "0 entries removed" in cli("cache", "prune", "--older-than", "99999999999d")[1]
    assert "1 entry removed" in cli("cache", "prune", "--keep", "0")[1]
    for wrong, told in (
        ([], "choose what to remove"),
        (["--all", "--keep", "1GB"], "choose what to remove"),
        (["--older-than", "soon"], "write days, hours or minutes"),
        (["--keep", "some"], "is not a size"),
        (["--older-than", "-3d"], "write days, hours or minutes"),
    ):
        code, _, err = cli("cache", "prune", *wrong)
        assert code == 2
        assert told in err


def test_a_full_disk_leaves_what_was_whole(small, tmp_path):
    """Files may not grow beyond 3,000 bytes: no shard fits, and the message names the folder."""
    script = (
        "import resource, signal, sys\n"
        "from harness.cli import main\n"
        "from harness import pipeline, runner\n"
        "import harness.pipeline.workers.prediction_cache\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "real = harness.pipeline.workers.prediction_cache.compute_topk\n"
        "def compute_topk(*arguments):\n"
        "    found = real(*arguments)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "    return found\n"
        "harness.pipeline.workers.prediction_cache.compute_topk = compute_topk\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "eval", str(small), "--no-track", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot write" in done.stderr
    assert str(storage.cache_folder() / "predictions") in done.stderr
    assert "Nothing half-written is left" in done.stderr
    assert list(storage.cache_folder().glob("predictions/*/*")) == []


def test_two_processes_share_the_work_of_one(small, tmp_path):
    harness.run(harness.load_experiment(small), quiet=True)  # so that the checkpoint is there
    storage.prune_cache()
    both = run_at_once([["predict", small, "--out", tmp_path / name] for name in "ab"])
    told = [ended.err for ended in both]
    assert [ended.code for ended in both] == [0, 0], told
    assert sum("users in" in text for text in told) == 1, told
    frames = [pd.read_parquet(tmp_path / name / "small" / "ease" / "predictions.parquet") for name in "ab"]
    pd.testing.assert_frame_equal(*frames)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_leave_the_same_bytes(tmp_path, request):
    """A run that is killed at any moment resumes and gives the same bytes."""
    kills = 20 if request.config.getoption("--thorough") else 6
    experiment = tmp_path / "killed.yaml"
    experiment.write_text(
        "name: killed\n"
        "dataset: {catalog: {kind: synthetic, users: 2000, items: 400}, split: {kind: leave_last_out}}\n"
        f"model: {{kind: pure_svd, checkpoint: {tmp_path}/svd, params: {{factors: 8}}, fit: {{on: train}}}}\n"
        "runner: {k: 20}\n"
        "evaluation: {metrics: [recall, ndcg, coverage], cutoffs: [10]}\n"
        f"tracking: {{experiment: killed, enabled: false}}\nreport: {{directory: {tmp_path}/reports}}\n"
    )
    reports = tmp_path / "reports" / "killed"

    def start():
        process = process_of(experiment, tmp_path / "cache")
        process.start()
        return process

    def exit_code():
        process = start()
        process.join()
        return process.exitcode

    def shards() -> int:
        return len(list((tmp_path / "cache").rglob("shard-*")))

    assert exit_code() == 0
    wanted, total = digests(reports), shards()
    assert total > 30
    draw = random.Random(0)
    stopped_at = []
    for kill in range(kills):
        for name in (*FILES, "results.json"):
            (reports / name).unlink()
        shutil.rmtree(tmp_path / "cache" / "predictions")
        process = start()
        # So many shards, or the moments after the last one: while files are written.
        until = draw.randrange(0, total + 5)
        deadline = time.monotonic() + 60
        while process.is_alive() and shards() < min(until, total) and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(draw.random() * 0.05 if until >= total else 0)
        if process.is_alive():
            os.kill(process.pid, [signal.SIGKILL, signal.SIGTERM, signal.SIGINT][kill % 3])
        process.join()
        stopped_at.append(shards())
        assert exit_code() == 0
        assert digests(reports) == wanted
        assert not list((tmp_path / "cache").rglob(".*.part*"))
    assert sum(0 < stopped < total for stopped in stopped_at) >= kills // 2


def test_lists_that_are_being_measured_are_not_taken_away(small, monkeypatch):
    from harness.pipeline.commands import eval as run

    real, left = run.measured_parts, []

    def measured_parts(*arguments, **options):
        left.append((storage.prune_cache(), [entry.in_use for entry in storage.cache_entries()]))
        return real(*arguments, **options)

    monkeypatch.setattr(run, "measured_parts", measured_parts)
    assert not harness.run(harness.load_experiment(small), quiet=True).was_finished
    assert left == [([], [True])]
    assert len(storage.prune_cache()) == 1


def test_a_worker_with_other_code_makes_no_lists(small, monkeypatch):
    from harness.pipeline.workers import shard_jobs

    harness.run(harness.load_experiment(small), quiet=True)
    storage.prune_cache()
    monkeypatch.setattr(shard_jobs, "_code", lambda kind, params: "of another version")
    with pytest.raises(harness.HarnessError, match="a worker runs other code than the process that started the run"):
        harness.run(harness.load_experiment(small, ["runner.devices=[cpu]"]), quiet=True, force=True)
