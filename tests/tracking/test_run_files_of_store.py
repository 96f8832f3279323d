"""Runs in a real MLflow store are read back and compared: ``mlflow:RUN-ID``."""

from __future__ import annotations

import pytest

import harness
from harness.errors import HarnessError, TrackingError
from harness.pipeline import ComparisonOptions, GateOptions, PowerOptions, compare_runs, gate, power
from harness.tracking import download_run
from harness.tracking.tracking_store import opened, resolve

SLICES = "evaluation.slices=[{by: activity, quantiles: 2}]"


@pytest.fixture
def tracked(small, tmp_path, monkeypatch):
    """Two runs in a store of its own, and their folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    other = tmp_path / "popularity.yaml"
    text = small.read_text().replace("ease", "popularity").replace("  params: {l2: 10.0}\n", "")
    other.write_text(text)
    overrides = ["tracking.enabled=true", SLICES]
    return [harness.run(harness.load_experiment(path, overrides), quiet=True) for path in (other, small)]


def test_a_comparison_of_runs_in_mlflow_is_that_of_their_folders(tracked):
    ids = [f"mlflow:{run.tracked.run_id}" for run in tracked]
    names = [run.record.name for run in tracked]
    here = compare_runs([str(run.folder) for run in tracked], options=ComparisonOptions(quiet=True))
    there = compare_runs(ids, options=ComparisonOptions(baseline=ids[0], quiet=True))
    assert [run.name for run in there.runs] == names
    assert there.comparison.pairs.equals(here.comparison.pairs)
    assert there.comparison.contrasts == here.comparison.contrasts
    assert there.folder.parts[:2] == ("reports", "comparisons")
    in_python = harness.compare(dict(zip(names, ids, strict=True)), baseline=names[0])
    assert in_python.pairs.equals(here.comparison.pairs)
    mixed = harness.compare({names[0]: tracked[0].folder, names[1]: ids[1]}, baseline=names[0])
    assert mixed.pairs.equals(here.comparison.pairs)


def test_gate_and_power_take_them_too(tracked):
    baseline, candidate = (f"mlflow:{run.tracked.run_id}" for run in tracked)
    folders = [str(run.folder) for run in tracked]
    options = GateOptions(quiet=True, track=False)
    there = gate(candidate, baseline, {"ndcg@10": 0.1}, options=options)
    here = gate(folders[1], folders[0], {"ndcg@10": 0.1}, options=options)
    assert there.metrics == here.metrics
    assert there.audit.as_posix() == "reports/gates.jsonl"
    assert power(candidate, baseline, PowerOptions(effect="0.1")) == power(*folders[::-1], PowerOptions(effect="0.1"))


def test_what_is_not_there_is_refused(tracked, tmp_path, monkeypatch):
    with pytest.raises(TrackingError, match=r"there is no run '0123456789abcdef' in the tracking store sqlite"):
        download_run("0123456789abcdef", tmp_path)
    for name in ("../x", "", "a/b"):
        with pytest.raises(TrackingError, match="there is no run"):
            download_run(name, tmp_path)
    with opened(resolve(None)) as client:
        foreign = client.create_run("0").info.run_id
    with pytest.raises(TrackingError, match=r"has no results\.json, so that harness did not write it"):
        compare_runs([f"mlflow:{foreign}", str(tracked[0].folder)])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(TrackingError, match="there is no run"):
        compare_runs([f"mlflow:{tracked[0].tracked.run_id}", str(tracked[1].folder)])
    assert not (tmp_path / "none.db").exists()


def test_files_that_were_changed_in_the_store_are_refused(tracked, tmp_path):
    (changed,) = (tmp_path / "mlartifacts").rglob(f"{tracked[0].tracked.run_id}/artifacts/per_user.parquet")
    changed.write_bytes(b"PAR1")
    with pytest.raises(HarnessError, match="is not the file that the run wrote"):
        compare_runs([f"mlflow:{run.tracked.run_id}" for run in tracked])
