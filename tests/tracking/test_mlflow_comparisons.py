"""Comparisons in a real MLflow store: parents of the runs that they compare."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import harness
from harness.pipeline import ComparisonOptions, compare_runs
from harness.tracking.tracking_store import opened

KINDS = ("popularity", "random", "ease")


@pytest.fixture
def store(small, tmp_path, empty_store, monkeypatch):
    """A store of its own, and three runs in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for kind in KINDS:
        text = small.read_text().replace("ease", kind).replace("enabled: false", "enabled: true")
        if kind != "ease":
            text = text.replace("  params: {l2: 10.0}\n", "")
        (tmp_path / f"{kind}.yaml").write_text(text)
        harness.run(tmp_path / f"{kind}.yaml", quiet=True)
    return f"sqlite:///{tmp_path}/mlflow.db"


def compared(*kinds, name=None, overrides=()):
    options = ComparisonOptions(quiet=True, name=name)
    return compare_runs([f"reports/small/{kind}" for kind in kinds], overrides=overrides, options=options)


def all_runs(store):
    with opened(store) as client:
        experiment = client.get_experiment_by_name("small").experiment_id
        return {run.info.run_name: run for run in client.search_runs([experiment])}


def parent_of(run):
    return run.data.tags.get("mlflow.parentRunId")


def test_a_comparison_is_the_parent_of_its_runs(store):
    result = compared(*KINDS, name="small/all")
    runs = all_runs(store)
    parent = runs.pop("small/all")
    assert result.tracked is not None
    assert (parent.info.run_id, parent.info.status) == (result.tracked.run_id, "FINISHED")
    assert {parent_of(run) for run in runs.values()} == {parent.info.run_id}
    tags = parent.data.tags
    verdicts = {
        row.candidate: row.verdict for row in result.comparison.overall if row.metric == result.comparison.primary
    }
    assert verdicts == {kind: tags[f"harness.verdict.{kind}"] for kind in ("small/random", "small/ease")}
    assert (tags["harness.kind"], tags["harness.baseline"]) == ("comparison", "small/popularity")
    assert (tags["harness.dataset"], tags["harness.split"]) == ("data.csv", "leave_last_out")
    text = tags["mlflow.note.content"]
    assert text.startswith("On data.csv (test part, ")
    assert "\n| run | ndcg@10 |" in text
    page = f"#/experiments/{parent.info.experiment_id}/runs"
    assert f"[comparison.html]({page}/{parent.info.run_id}/artifacts/comparison.html?" in text
    assert f"[small/ease]({page}/{runs['small/ease'].info.run_id}?" in text
    with opened(store) as client:
        files = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert files == {f"comparison.{suffix}" for suffix in ("html", "json", "csv", "tex", "md")}
    assert "ndcg_at_10" in result.tracked.charts


def test_the_same_comparison_is_there_once_and_is_updated(store, tmp_path):
    first = compared("popularity", "ease", name="pair").tracked
    assert first.state == "sent"
    again = compared("popularity", "ease", name="pair").tracked
    assert (again.run_id, again.state) == (first.run_id, "there")
    compared("popularity", "random", name="other")  # is counted in the notes of the next comparison
    updated = compared("popularity", "ease", name="pair").tracked
    assert (updated.run_id, updated.state) == (first.run_id, "sent")
    with opened(store) as client:
        page = client.download_artifacts(first.run_id, "comparison.html", str(tmp_path))
    assert "1 other comparison" in Path(page).read_text()
    changed = compared("popularity", "ease", name="pair", overrides=["statistics.margin=0.1"]).tracked
    assert changed.run_id != first.run_id


def test_a_run_belongs_to_its_largest_comparison(store):
    pair = compared("popularity", "ease", name="pair").tracked
    assert parent_of(all_runs(store)["small/ease"]) == pair.run_id
    whole = compared(*KINDS, name="whole").tracked
    compared("popularity", "ease", name="later")
    compared(*KINDS[::-1], name="reversed")
    runs = all_runs(store)
    assert {parent_of(runs[f"small/{kind}"]) for kind in KINDS} == {whole.run_id}
    links = re.findall(r"\[small/(\w+)\]", runs["later"].data.tags["mlflow.note.content"])
    assert links == ["popularity", "ease"]
    with opened(store) as client:
        client.delete_run(whole.run_id)
    again = compared("popularity", "ease", name="after").tracked
    assert parent_of(all_runs(store)["small/ease"]) == again.run_id


def test_a_parent_that_a_user_made_stays(store):
    ease = all_runs(store)["small/ease"].info
    with opened(store) as client:
        own = client.create_run(ease.experiment_id, run_name="own").info.run_id
        client.set_tag(ease.run_id, "mlflow.parentRunId", own)
    compared("popularity", "ease")
    assert parent_of(all_runs(store)["small/ease"]) == own


def test_runs_that_are_not_there_send_no_comparison(store, small, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    with caplog.at_level("INFO", "harness"):
        assert compared("popularity", "ease").tracked is None
    assert "`harness sync` sends both" in caplog.text
    assert not (tmp_path / "other.db").exists()


def test_no_track_sends_no_comparison(store):
    folders = [f"reports/small/{kind}" for kind in KINDS]
    assert compare_runs(folders, options=ComparisonOptions(quiet=True, track=False)).tracked is None


def test_all_pairs_have_a_verdict_each(store):
    compared(*KINDS, name="pairs", overrides=["statistics.pairs=all"])
    tags = all_runs(store)["pairs"].data.tags
    assert len([key for key in tags if key.startswith("harness.verdict.")]) == 3
    assert "harness.verdict.small/ease vs small/popularity" in tags


def test_every_seed_is_a_child(store, tmp_path):
    text = (tmp_path / "random.yaml").read_text().replace("small/random", "small/seeded")
    (tmp_path / "seeded.yaml").write_text(text.replace("random.safetensors", "seeded.safetensors") + "seeds: [0, 1]\n")
    sources = ["popularity.yaml", "seeded.yaml"]
    parent = compare_runs(sources, options=ComparisonOptions(quiet=True, name="seeds")).tracked
    runs = all_runs(store)
    names = {name for name, run in runs.items() if parent_of(run) == parent.run_id}
    assert names == {"small/popularity", "small/seeded/seed-0", "small/seeded/seed-1"}
