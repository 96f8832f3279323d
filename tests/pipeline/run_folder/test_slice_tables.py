"""Values of groups in the folder of a run: what is stored is what was computed, and damage is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from run_records import results_in, write_results

import harness
from harness import storage
from harness.errors import HarnessError
from harness.pipeline.run_folder.run_files import read_run
from harness.pipeline.run_folder.slice_tables import with_slices

SLICES = "evaluation.slices=[{by: activity, quantiles: 2}, item_popularity]"


@pytest.fixture
def run(small):
    return harness.run(harness.load_experiment(small, [SLICES]), quiet=True)


def test_they_are_read_back_as_they_were_computed(run):
    stored = with_slices(read_run(run.folder)).table.slices
    assert [(cut.name, cut.of) for cut in stored] == [("activity", "users"), ("item_popularity", "relevant items")]
    for ours, theirs in zip(stored, run.table.slices, strict=True):
        assert list(ours.groups) == list(theirs.groups)
        for name, group in ours.groups.items():
            assert group.users.tolist() == theirs.groups[name].users.tolist()
            assert {label: values.tolist() for label, values in group.values.items()} == {
                label: values.tolist() for label, values in theirs.groups[name].values.items()
            }


def test_their_means_are_those_of_the_record(run):
    frame = pd.read_parquet(run.folder / "slices.parquet")
    means = frame.groupby(["slice", "slice_value"], observed=True)["ndcg@10"].mean()
    shown = {
        (cut["name"], group["group"]): group["metrics"]["ndcg@10"]["value"]
        for cut in run.results["slices"]
        for group in cut["groups"]
    }
    assert means.to_dict() == pytest.approx(shown)


def test_a_run_without_slices_has_no_file(small, run):
    assert (run.folder / "slices.parquet").exists()
    plain = harness.run(harness.load_experiment(small, ["evaluation.slices=[]"]), quiet=True)
    assert plain.folder == run.folder
    assert not (run.folder / "slices.parquet").exists()
    assert with_slices(read_run(run.folder)).table.slices == ()


def test_runs_are_compared_in_groups(small, run, tmp_path):
    scored = harness.pipeline.score(
        run.folder / "predictions.parquet",
        harness.load_experiment(small, [SLICES]),
        harness.pipeline.ScoreOptions(name="small/same", quiet=True),
    )
    found = harness.compare({"run": run.folder, "same": scored.folder})
    groups = {(row.slice, row.slice_value) for row in found.in_groups}
    assert groups == {(cut.name, group) for cut in run.table.slices for group in cut.groups}
    assert all(row.difference == 0 for row in found.in_groups)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(user="stranger"), "a user that the run does not have"),
        (lambda frame: frame.drop(columns="of"), "its columns are slice, slice_value"),
        (lambda frame: frame.rename(columns={"ndcg@10": "other"}), "its columns are"),
    ],
)
def test_what_does_not_fit_is_refused(run, change, message):
    path = run.folder / "slices.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    with pytest.raises(HarnessError, match=r"slices\.parquet is not the file that the run wrote"):
        with_slices(read_run(run.folder))
    results = results_in(run.folder)
    results["files"] |= storage.file_digests(run.folder, ["slices.parquet"])
    write_results(run.folder, results)
    with pytest.raises(HarnessError, match=rf"slices\.parquet is missing or damaged: .*{message}"):
        with_slices(read_run(run.folder))
