"""``harness compare --robustness``: the stored lists are judged again, and no model runs."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, compare_runs


@pytest.fixture
def folders(small, tmp_path):
    """Two runs, whose data and checkpoints are gone."""
    other = tmp_path / "popularity.yaml"
    text = small.read_text().replace("ease", "popularity").replace("  params: {l2: 10.0}\n", "")
    other.write_text(text)
    found = [str(harness.run(harness.load_experiment(path), quiet=True).folder) for path in (other, small)]
    for path in [tmp_path / "data.csv", *tmp_path.glob("*.safetensors")]:
        path.unlink()
    return found


def compared(folders, *overrides):
    return compare_runs(folders, overrides=overrides, options=ComparisonOptions(robustness=True, quiet=True))


def test_all_choices_are_made(folders):
    found = compared(folders)
    frame = pd.read_csv(found.folder / "robustness.csv")
    labels = {value.label for value in found.runs[0].record.metrics}
    cutoffs = {value.k for value in found.runs[0].record.metrics if value.name == "ndcg"}
    assert set(frame["cutoff"]) == cutoffs
    assert {f"ndcg@{k}" for k in cutoffs} <= labels
    assert set(frame["ties"]) >= {"given", "expected", "worst", "best"}
    assert set(frame["test"]) == {"t", "permutation", "wilcoxon", "sign"}
    assert {"ndcg[ideal=full_k]@10", "ndcg[discount=log2_rank]@10"} <= set(frame["metric"])
    (claim,) = found.robustness.claims
    assert claim.n_variants == len(frame)
    assert claim.n_holds == frame["holds"].sum()
    written = json.loads((found.folder / "comparison.json").read_text())
    assert written["robustness"]["claims"][0]["n_variants"] == len(frame)
    assert "Robustness" in (found.folder / "comparison.html").read_text()


def test_the_variant_of_the_comparison_is_that_of_the_comparison(folders):
    found = compared(folders, "statistics.test=permutation")
    (row,) = [row for row in found.comparison.overall if row.metric == "ndcg@10"]
    (same,) = [
        one
        for one in found.robustness.variants
        if (str(one.choice), one.test, one.unit) == ("ndcg@10, ties given", "permutation", "users")
    ]
    assert same.difference == pytest.approx(row.difference, abs=1e-12)
    assert (same.ci_low, same.ci_high) == pytest.approx((row.ci_simultaneous_low, row.ci_simultaneous_high), abs=1e-9)
    assert same.holds


def test_ties_in_the_worst_and_best_order_are_those_of_the_record(folders):
    found = compared(folders)
    values = {value.label: value for value in found.runs[0].record.metrics}
    ours, theirs = found.runs[1].record, found.runs[0].record
    for one in found.robustness.variants:
        if one.choice.ties in ("worst", "best") and one.choice.metric in values:
            ranges = [
                next(value.ties for value in record.metrics if value.label == one.choice.metric)
                for record in (ours, theirs)
            ]
            expected = getattr(ranges[0], one.choice.ties) - getattr(ranges[1], one.choice.ties)
            assert one.difference == pytest.approx(expected, abs=1e-9)


def test_the_command_prints_how_often_a_verdict_holds(folders, cli):
    code, output, _ = cli("compare", *folders, "--robustness")
    assert code == 0
    words = " ".join(output.split())
    assert "small/ease against small/popularity: " in words
    assert " variants" in words


def test_without_the_flag_there_is_no_file(folders):
    named = ComparisonOptions(quiet=True, name="named", robustness=True)
    first = compare_runs(folders, options=named)
    assert (first.folder / "robustness.csv").exists()
    second = compare_runs(folders, options=dataclasses.replace(named, robustness=False))
    assert second.folder == first.folder
    assert not (first.folder / "robustness.csv").exists()
    assert json.loads((first.folder / "comparison.json").read_text())["robustness"] is None


def test_a_metric_that_cannot_be_measured_again_is_refused(folders):
    with pytest.raises(HarnessError, match=r"not possible for coverage@10.*Choose an accuracy metric"):
        compared(folders, "evaluation.primary=coverage@10")
