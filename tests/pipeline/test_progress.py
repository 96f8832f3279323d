"""Progress adds up: what each piece of work reports is what it set out to do, no more and no less."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import harness
import harness.execution.progress_display as display
from harness.pipeline.stages.preparation import prepare
from harness.pipeline.stages.task import task_of
from harness.runner import Options, predict
from harness.topk import TieBreak, TopKRequest, best_by_vectors
from harness.topk.device_items import TileShape
from harness.topk.device_scan import best_on_device

SOURCE = Path(harness.__file__).parent
TRAINED = "embedding_dim: 8, recipe: {epochs: 2, patience: null, batch_size: 16}"
CODES = "codes: {dimension: 4, levels: 2, size: 4, hidden_dim: 8, latent_dim: 4, steps: 12}"
MODELS = {
    "ease": "",
    "item_knn": "",
    "pure_svd": "factors: 3",
    "sequential": f"{TRAINED}, num_layers: 1, attn_dim: 8",
    "two_tower": f"{TRAINED}, hidden_dim: 8",
    "generative": f"{TRAINED}, {CODES}, num_heads: 2, attn_dim: 8, encoder_layers: 1, decoder_layers: 1",
}


@pytest.fixture
def reported(monkeypatch):
    """Return what every piece of work reports: who it is, its total, what was done before, and its steps."""
    works = []

    @contextlib.contextmanager
    def record(what, total, unit, before):
        frame = sys._getframe()
        while "/harness/" not in frame.f_code.co_filename or frame.f_code.co_filename.endswith("display.py"):
            frame = frame.f_back
        work = SimpleNamespace(
            file=str(Path(frame.f_code.co_filename).relative_to(SOURCE)),
            what=what,
            total=total,
            before=before,
            steps=[],
        )
        works.append(work)
        yield work.steps.append

    monkeypatch.setattr(display, "_log_lines", record)
    return works


@pytest.fixture
def small_blocks(monkeypatch):
    """Cut the work into blocks whose last one is not full."""
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_CELLS", 7 * 40)
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._SHORT", -1)
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse.AT_ONCE", 8)
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse._BLOCK", 9)
    monkeypatch.setattr("harness.runner.shard_files.USER_BLOCK", 16)
    monkeypatch.setattr("harness.evaluation.user_blocks.USER_BLOCK", 16)
    monkeypatch.setattr("harness.topk.vector_scores.TILE_USERS", 7)


def check(works):
    assert works
    for work in works:
        assert all(step >= 1 for step in work.steps), work
        if work.total is None:
            assert work.steps, work
        else:
            assert work.before + sum(work.steps) == work.total, work


def experiment_of(small, kind, *changes):
    model = f"model={{kind: {kind}, checkpoint: {small.parent}/{kind}, params: {{{MODELS[kind]}}}, fit: {{on: train}}}}"
    return harness.load_experiment(small, [model, f"name=small/{kind}", *changes])


def run(small, kind, *changes):
    harness.run(experiment_of(small, kind, *changes))


def test_every_call_reports_its_total(small, reported, small_blocks):
    for kind in MODELS:
        run(small, kind)
    check(reported)
    callers = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if " progress(" in path.read_text()}
    # The trial stops when its time is up, and `predict` is walked below. A download has tests of its own.
    others = {"execution/progress_display.py", "runner/predict.py", "data/sources/package_index.py"}
    callers = {name for name in callers if "trial" not in name} - others
    assert callers == {work.file for work in reported}


@pytest.mark.slow
def test_processes_report_each_shard_once(small, reported):
    loky = ["runner.parallel={backend: loky, n_jobs: 2}", "evaluation.parallel.backend=loky", "evaluation.slices=[]"]
    run(small, "pure_svd", *loky)
    check(reported)


def test_only_what_the_cache_lacks_is_work(small, reported, small_blocks):
    run(small, "item_knn")
    folder = next(path for path in Path(harness.storage.cache_folder(), "predictions").iterdir() if path.is_dir())
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) > 2
    shards[1].unlink()
    reported.clear()
    run(small, "item_knn", "evaluation.cutoffs=[2]", "runner.device=cpu")
    check(reported)
    assert [work.total for work in reported if work.what == "scoring"] == [16]


def test_a_training_that_is_taken_up_again_reports_the_rest(small, reported, small_blocks, monkeypatch):
    step, taken = torch.optim.AdamW.step, []

    def interrupted(optimizer, *arguments):
        taken.append(1)
        if len(taken) == 6:
            raise KeyboardInterrupt
        return step(optimizer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(small, "sequential")
    reported.clear()
    run(small, "sequential")
    check(reported)
    training = next(work for work in reported if work.what.startswith("training"))
    assert 0 < training.before < training.total


@pytest.mark.parametrize("n_users", [1, 511, 512, 513, 1300])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_users_by_vectors(n_users, n_jobs):
    users, items, request = vectors_of(n_users)
    done = []
    best_by_vectors(users, items, request, device="cpu", n_jobs=n_jobs, advance=done.append)
    assert sum(done) == n_users
    assert max(done) <= 512


def test_users_on_a_device():
    for n_users in (1, 4, 5, 30):
        users, items, request = vectors_of(n_users)
        done = []
        best_on_device(users, items, request, device="cpu", shape=TileShape(4, 1024), advance=done.append)
        assert sum(done) == n_users


def vectors_of(n_users):
    rng = np.random.default_rng(0)
    users, items = (torch.from_numpy(rng.normal(size=(rows, 3)).astype(np.float32)) for rows in (n_users, 30))
    keys = np.arange(max(n_users, 30), dtype=np.uint64)
    return users, items, TopKRequest(3, TieBreak(0, keys[:n_users], keys[:30]))


@pytest.mark.parametrize("batch", [1, 7, 60])
@pytest.mark.parametrize("kind", ["ease", "pure_svd", "generative"])
def test_predict_reports_each_user_once(kind, batch, small, reported, small_blocks):
    experiment = experiment_of(small, kind)
    fitted = harness.fit(experiment, quiet=True)
    split = prepare(experiment).split
    task, rows = task_of(experiment, split), split.interactions
    recommender = experiment.model.params.recommender(
        fitted.tensors, users=rows.user_ids, items=rows.item_ids, device="cpu"
    )
    predict(recommender, task, Options(batch_size=batch, fixed_batches=batch == 7))
    check(reported)


def test_quiet_hides_all_of_it(small, reported, small_blocks):
    for kind in ("ease", "pure_svd", "generative"):
        harness.run(experiment_of(small, kind), quiet=True)
    assert not reported
