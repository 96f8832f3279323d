"""Comparisons of experiments, benchmarks and folders, and what they refuse."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest
from oracles.statistics import holm, t_statistic, t_tail

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, compare_runs


@pytest.fixture
def pair(small):
    """Write a second experiment beside the small one, of another model."""
    other = small.with_name("popularity.yaml")
    text = small.read_text().replace("small/ease", "small/popularity").replace("kind: ease", "kind: popularity")
    other.write_text(text.replace("ease.safetensors", "popularity.safetensors").replace("  params: {l2: 10.0}\n", ""))
    return [str(other), str(small)]


@pytest.fixture
def benchmark_file(pair, small):
    path = small.with_name("benchmark.yaml")
    path.write_text(
        "name: small/benchmark\n"
        "experiments: [popularity.yaml, ease.yaml]\n"
        "baseline: popularity.yaml\n"
        "primary: ndcg@10\n"
    )
    return path


def test_a_benchmark_runs_what_is_missing_and_leaves_its_files(benchmark_file, tmp_path):
    result = compare_runs([str(benchmark_file)], options=ComparisonOptions(quiet=True))
    assert result.folder == tmp_path / "reports" / "comparisons" / "small" / "benchmark"
    names = {path.name for path in result.folder.iterdir() if not path.name.startswith(".")}
    assert names == {
        *(f"comparison.{suffix}" for suffix in ("html", "json", "csv", "tex", "md")),
        "figures",
    }
    assert result.comparison.baseline == "small/popularity"
    assert result.comparison.primary == "ndcg@10"
    written = json.loads((result.folder / "comparison.json").read_text())
    assert len(written["pairs"]) == len(result.comparison.pairs) == len(pd.read_csv(result.folder / "comparison.csv"))


def test_the_pairs_equal_a_computation_from_the_per_user_files(benchmark_file):
    overrides = ["statistics.test=t", "statistics.correction=holm"]
    result = compare_runs([str(benchmark_file)], overrides=overrides, options=ComparisonOptions(quiet=True))
    base, new = (pd.read_parquet(run.folder / "per_user.parquet") for run in result.runs)
    joined = base.merge(new, on="user", suffixes=("_base", "_new"))
    for row in result.comparison.pairs.to_dict("records"):
        if math.isnan(row["p_value"]) or row["slice"] is not None:
            continue
        differences = (joined[f"{row['metric']}_new"] - joined[f"{row['metric']}_base"]).tolist()
        assert row["difference"] == pytest.approx(math.fsum(differences) / len(differences), abs=1e-12)
        assert row["p_value"] == pytest.approx(t_tail(t_statistic(differences), len(differences) - 1), abs=1e-7)
        if row["metric"] == "ndcg@10":
            assert row["p_adjusted"] == pytest.approx(holm([row["p_value"]])[0])
        else:
            assert math.isnan(row["p_adjusted"])


def test_a_second_comparison_computes_nothing(benchmark_file):
    first = compare_runs([str(benchmark_file)], options=ComparisonOptions(quiet=True))
    written = [(run.folder / "results.json").stat().st_mtime_ns for run in first.runs]
    again = compare_runs([str(benchmark_file)], options=ComparisonOptions(quiet=True))
    assert [(run.folder / "results.json").stat().st_mtime_ns for run in again.runs] == written
    pd.testing.assert_frame_equal(again.comparison.pairs, first.comparison.pairs)


def test_experiments_and_folders_compare_alike(pair):
    first = compare_runs(pair, options=ComparisonOptions(quiet=True, name="one"))
    again = compare_runs([str(run.folder) for run in first.runs], options=ComparisonOptions(name="small/two"))
    pd.testing.assert_frame_equal(again.comparison.pairs, first.comparison.pairs)
    assert again.folder == first.folder.parent / "small" / "two"


@pytest.mark.parametrize("baseline", ["small/ease", "file"])
def test_the_baseline_is_named_by_run_or_by_file(pair, baseline):
    chosen = pair[1] if baseline == "file" else baseline
    result = compare_runs(pair, options=ComparisonOptions(quiet=True, baseline=chosen))
    assert result.comparison.baseline == "small/ease"


def test_one_experiment_is_not_a_comparison(pair):
    with pytest.raises(HarnessError, match="two experiments or more"):
        compare_runs(pair[:1])


def test_experiments_with_another_protocol_are_refused_by_key(pair, small):
    small.write_text(small.read_text().replace("leave_last_out, validation: true", "leave_last_out, seed: 3"))
    with pytest.raises(HarnessError, match=r"dataset\.split"):
        compare_runs(pair)


def test_folders_of_another_split_are_refused_by_fingerprint(pair, tmp_path):
    one = harness.run(harness.load_experiment(pair[0]), quiet=True)
    overrides = ["dataset.split.seed=1", f"model.checkpoint={tmp_path / 'other.safetensors'}"]
    other = harness.run(harness.load_experiment(pair[1], overrides), quiet=True)
    with pytest.raises(HarnessError, match=r"fingerprints\.split differs"):
        compare_runs([str(one.folder), str(other.folder)])


def test_folders_of_other_candidates_are_refused(pair):
    one = harness.run(harness.load_experiment(pair[0]), quiet=True)
    other = harness.run(harness.load_experiment(pair[1], ["candidates.exclude=none"]), quiet=True)
    with pytest.raises(HarnessError, match="candidates differs"):
        compare_runs([str(one.folder), str(other.folder)])


def test_an_unknown_baseline_is_suggested(pair):
    with pytest.raises(HarnessError, match="Did you mean 'small/ease'"):
        compare_runs(pair, options=ComparisonOptions(quiet=True, baseline="small/eas"))


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": 1}', '{"schema_version": 1, "metrics": "x"}'])
def test_a_damaged_result_is_named_and_made_again(pair, content):
    run = harness.run(harness.load_experiment(pair[0]), quiet=True)
    (run.folder / "results.json").write_text(content)
    with pytest.raises(HarnessError, match=r"results\.json is damaged"):
        compare_runs([str(run.folder), str(run.folder)])
    assert not harness.run(harness.load_experiment(pair[0]), quiet=True).was_finished
