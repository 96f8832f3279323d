"""The counter of evaluations and comparisons of a test part: from the reports and from the tracking store."""

from __future__ import annotations

import pytest

import harness
from harness.pipeline import ComparisonOptions, compare_runs
from harness.pipeline.run_folder.earlier_uses import EarlierUses, earlier_uses
from harness.pipeline.run_folder.run_files import read_run


@pytest.fixture
def runs(small, tmp_path, monkeypatch):
    """Three runs of one split in one folder of reports, and a store of its own that is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    found = []
    for name, k in (("one", 10), ("two", 11), ("deep/er/three", 12)):
        overrides = [f"name={name}", f"runner.k={k}", "tracking.enabled=false"]
        found.append(read_run(harness.run(harness.load_experiment(small, overrides), quiet=True).folder))
    return found


def uses(runs, tmp_path, **options):
    return earlier_uses(runs, tmp_path / "reports", **{"ask_store": True} | options)


def test_other_runs_and_comparisons_of_the_split_count(runs, tmp_path):
    assert uses(runs, tmp_path) == EarlierUses(0, 0, store_known=True)
    assert uses(runs[:2], tmp_path) == EarlierUses(1, 0, store_known=True)
    folders = [str(run.folder) for run in runs]
    own = compare_runs(folders[:2]).folder
    assert uses(runs[:2], tmp_path, own=own) == EarlierUses(1, 0, store_known=True)
    assert uses(runs[1:], tmp_path) == EarlierUses(1, 1, store_known=True)
    # The same runs with another margin are another look.
    compare_runs(folders[:2], overrides=["statistics.margin=0.1"])
    assert uses(runs[:2], tmp_path, own=own) == EarlierUses(1, 1, store_known=True)
    # The reports of the runs are read, wherever the comparison is written.
    assert earlier_uses(runs[:2], tmp_path / "elsewhere", ask_store=True, own=own) == EarlierUses(
        1, 1, store_known=True
    )
    assert uses(runs[1:], tmp_path, ask_store=False) == EarlierUses(1, 2, store_known=False)


def test_runs_of_another_split_or_part_do_not_count(small, runs, tmp_path):
    checkpoint = f"model.checkpoint={tmp_path}/other.safetensors"
    for name, changes in (
        ("other", ["dataset.split={kind: leave_last_out, n: 2, validation: true}", checkpoint]),
        ("validation", ["evaluation.part=validation", f"model.checkpoint={tmp_path}/train.safetensors"]),
    ):
        changes = [f"name={name}", "model.fit.on=train", "tracking.enabled=false", *changes]
        harness.run(harness.load_experiment(small, changes), quiet=True)
    assert uses(runs, tmp_path) == EarlierUses(0, 0, store_known=True)
    assert uses([read_run(tmp_path / "reports/validation")], tmp_path) is None


def test_runs_that_only_the_store_knows_count(small, runs, tmp_path):
    overrides = ["name=one", "tracking.enabled=true", "runner.k=13"]
    gone = harness.run(harness.load_experiment(small, overrides), quiet=True)
    assert gone.tracked is not None
    harness.run(harness.load_experiment(small, ["name=one", "runner.k=10", "tracking.enabled=false"]), quiet=True)
    now = [read_run(run.folder) for run in runs]
    assert uses(now, tmp_path) == EarlierUses(1, 0, store_known=True)
    assert uses(now, tmp_path, ask_store=False) == EarlierUses(0, 0, store_known=False)


def test_a_store_that_does_not_answer_is_said(runs, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    found = uses(runs, tmp_path)
    assert found == EarlierUses(0, 0, store_known=False)
    assert "The tracking store was not read, so that there may be more." in str(found)
    assert "does not answer" in caplog.text


def test_other_files_in_the_folder_are_passed_over(runs, tmp_path):
    for name, text in (("a", "[1]"), ("b", "{"), ("c", '{"fingerprints": 3}'), ("d", '{"fingerprints": {}}')):
        (tmp_path / "reports" / name).mkdir()
        (tmp_path / "reports" / name / "results.json").write_text(text)
        (tmp_path / "reports/comparisons" / name).mkdir(parents=True)
        (tmp_path / "reports/comparisons" / name / "comparison.json").write_text(text.replace("fingerprints", "runs"))
    assert uses(runs, tmp_path) == EarlierUses(0, 0, store_known=True)


def test_zero_is_never_said_as_if_it_were_known():
    assert str(EarlierUses(0, 0, store_known=True)) == (
        "Test part: no other evaluation of this split is on record in the reports and the tracking store; whether "
        "there were others is not known."
    )
    assert str(EarlierUses(1, 2, store_known=True)) == (
        "Test part: 1 other evaluation and 2 other comparisons of this split are on record in the reports and the "
        "tracking store. No correction covers them."
    )


def test_it_is_printed_with_every_verdict(runs, cli):
    folders = [str(run.folder) for run in runs]
    _, out, _ = cli("compare", *folders[:2])
    assert "Test part: 1 other evaluation and 0 other comparisons" in " ".join(out.split())
    _, out, _ = cli("gate", folders[0], "--baseline", folders[1], "--metric", "ndcg@10=0.1")
    assert "Test part: 1 other evaluation" in " ".join(out.split())
    found = compare_runs(folders[:2], options=ComparisonOptions(track=False))
    assert any("The tracking store was not read" in note for note in found.comparison.notes)
