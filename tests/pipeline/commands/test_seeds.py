"""``harness eval`` and ``harness compare`` of experiments with several seeds."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, ScoreOptions, compare_runs, run_seeds, score
from harness.pipeline.run_folder.seed_files import read_seeds


@pytest.fixture
def files(small, tmp_path, monkeypatch):
    """Random scores with four seeds, the singular value decomposition, whose seeds agree, and EASE."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    text = small.read_text()
    for kind, params in (("random", "{}"), ("pure_svd", "{factors: 3}"), ("popularity", "{}")):
        path = small.with_name(f"{kind}.yaml")
        changed = text.replace("small/ease", f"small/{kind}").replace("ease.safetensors", f"{kind}.safetensors")
        path.write_text(changed.replace("kind: ease", f"kind: {kind}").replace("{l2: 10.0}", params))
    for kind in ("random", "pure_svd"):
        path = small.with_name(f"{kind}.yaml")
        path.write_text(path.read_text() + "seeds: [0, 1, 2, 3]\n")
    return {kind: str(small.with_name(f"{kind}.yaml")) for kind in ("random", "pure_svd", "popularity", "ease")}


def seeds_of(result):
    return [np.asarray(run.table.user_values["ndcg@10"]) for run in result.group.runs]


def test_each_seed_is_a_complete_run_and_the_means_are_written(files):
    result = run_seeds(files["random"], quiet=True)
    assert [run.folder.name for run in result.group.runs] == [f"seed-{seed}" for seed in range(4)]
    assert all((run.folder / "report.html").exists() for run in result.group.runs)
    means = {row["label"]: row for row in json.loads((result.folder / "seeds.json").read_text())["metrics"]}
    values = np.stack(seeds_of(result))
    row = means["ndcg@10"]
    assert row["values"] == pytest.approx(values.mean(axis=1).tolist())
    assert row["mean"] == pytest.approx(values.mean())
    assert row["std_seeds"] == pytest.approx(values.mean(axis=1).std(ddof=1))
    assert row["ci_low"] < row["mean"] < row["ci_high"]
    assert means["coverage@10"]["ci_low"] is None
    table = pd.read_csv(result.folder / "seeds.csv")
    assert table["mean"].tolist() == pytest.approx([row["mean"] for row in means.values()])


def test_finished_seeds_are_not_run_again(files):
    first = run_seeds(files["random"], quiet=True)
    shutil.rmtree(first.folder / "seed-2")
    second = run_seeds(files["random"], quiet=True)
    assert [one.was_finished for one in second.results] == [True, True, False, True]
    assert [values.tolist() for values in seeds_of(second)] == [values.tolist() for values in seeds_of(first)]


def test_seeds_with_the_same_lists_count_once(files):
    result = run_seeds(files["pure_svd"], quiet=True)
    assert len(result.group.distinct) == 1
    assert result.group.findings[0].startswith("warning: 3 of 4 seeds of small/pure_svd gave the same lists")
    (row,) = [row for row in result.means if row.label == "ndcg@10"]
    assert np.isnan(row.std_seeds)
    assert np.isnan(row.ci_low)


def compared(files, *names, **options):
    return compare_runs(
        [files[name] for name in names],
        overrides=options.pop("overrides", ()),
        options=ComparisonOptions(quiet=True, track=False, **options),
    )


def only(comparison, label="ndcg@10"):
    (row,) = [row for row in comparison.differences if row.metric == label]
    return row


def test_a_comparison_with_a_deterministic_model_is_over_users_and_seeds(files):
    found = compared(files, "ease", "random")
    row = only(found.comparison)
    values = np.stack(seeds_of(run_seeds(files["random"], quiet=True)))
    ease = found.runs[0].table.user_values["ndcg@10"]
    difference = values.mean(axis=0) - ease
    assert row.difference == pytest.approx(difference.mean())
    assert row.se_users == pytest.approx(stats.sem(difference))
    n = len(ease)
    residuals = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    noise = (residuals**2).sum() / (3 * (n - 1)) / (4 * n)
    excess = max(values.mean(axis=1).var(ddof=1) / 4 - noise, 0)
    assert row.se_users_seeds**2 == pytest.approx(stats.sem(difference) ** 2 + excess)
    assert (row.n_seeds, row.n_seeds_baseline, row.unit) == (4, 1, "users_seeds")
    assert "4 and 1 seeds)" in row.statement
    assert any(
        "users cause " in note and "of the variance of the difference" in note for note in found.comparison.notes
    )


def test_folders_of_seeds_are_sources_too(files):
    from_files = compared(files, "ease", "random")
    folders = [str(run_seeds(files["random"], quiet=True).folder), str(from_files.runs[0].folder)]
    there = compare_runs(folders[::-1], options=ComparisonOptions(quiet=True, track=False))
    assert there.comparison.differences == from_files.comparison.differences
    group = read_seeds(from_files.folder.parents[1] / "small/random")
    in_python = harness.compare({"small/ease": folders[1], "small/random": [run.folder for run in group.runs]})
    assert in_python.differences == from_files.comparison.differences


def test_a_single_run_of_a_model_with_seeds_says_nothing_of_the_algorithm(files, small):
    one = str(small.with_name("one.yaml"))
    text = (
        small.with_name("random.yaml").read_text().replace("seeds: [0, 1, 2, 3]\n", "").replace("small/random", "one")
    )
    small.with_name("one.yaml").write_text(text.replace("random.safetensors", "one.safetensors"))
    row = only(compared({**files, "one": one}, "one", "random").comparison)
    assert row.unit == "users"
    assert row.statement.endswith("4 and 1 seeds: these checkpoints only)")


def test_the_crossed_bootstrap_on_request(files):
    found = compared(files, "ease", "random", overrides=["statistics.seeds=bootstrap"]).comparison
    usual = only(compared(files, "ease", "random").comparison)
    row = only(found)
    assert row.test == "crossed bootstrap"
    assert (row.ci_low, row.ci_high) != (usual.ci_low, usual.ci_high)
    assert row.ci_low == pytest.approx(usual.ci_low, abs=usual.ci_high - usual.ci_low)


def test_several_models_have_a_family_and_groups(files):
    found = compared(files, "ease", "random", "pure_svd", "popularity").comparison
    decided = [row for row in found.differences if row.metric == "ndcg@10"]
    assert all(row.p_adjusted >= row.p_value for row in decided)
    assert all(row.ci_simultaneous_low <= row.ci_low and row.ci_high <= row.ci_simultaneous_high for row in decided)
    assert set(found.groups) == {"small/ease", "small/random", "small/pure_svd", "small/popularity"}
    assert found.best


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overrides": ["statistics.test=wilcoxon"]}, "compares single runs, and these have several seeds"),
        ({"overrides": ["statistics.unit=users_items"]}, "unit users_items compares single runs"),
        ({"robustness": True}, "--robustness compares single runs, and small/random has several seeds"),
    ],
)
def test_what_seeds_cannot_do_is_refused(files, options, message):
    with pytest.raises(HarnessError, match=message):
        compared(files, "ease", "random", **options)


@pytest.mark.parametrize("command", ["predict", "gate"])
def test_commands_that_take_one_run_refuse_seeds(files, cli, command):
    flags = ["--baseline", files["ease"], "--metric", "ndcg@10=0.1"] if command == "gate" else []
    code, _, err = cli(command, files["random"], *flags)
    assert code == 2
    assert "the experiment has 4 seeds, and this command takes one" in " ".join(err.split())


def test_the_commands(files, cli):
    code, out, _ = cli("eval", files["random"], "--quiet", "--no-track")
    assert code == 0
    assert "small/random, 4 of 4 seeds" in out
    assert "seed-3/report.html" in out
    code, out, _ = cli("validate", files["random"])
    assert code == 0
    code, out, _ = cli("fit", files["pure_svd"], "--force", "--quiet")
    assert out.count("written") == 4


def test_predictions_are_scored_with_the_data_of_an_experiment_with_seeds(files):
    lists = run_seeds(files["random"], quiet=True).folder / "seed-1/predictions.parquet"
    scored = score(lists, harness.load_experiment(files["random"]), ScoreOptions(name="scored", quiet=True))
    assert scored.record.name == "scored"


@pytest.mark.parametrize("text", ["{", '{"seeds": []}', '{"seeds": ["../x"], "name": "a", "deterministic": false}'])
def test_a_damaged_file_is_refused(files, text):
    folder = run_seeds(files["random"], quiet=True).folder
    (folder / "seeds.json").write_text(text)
    with pytest.raises(HarnessError, match=r"seeds\.json is damaged: .*Run `harness eval`"):
        read_seeds(folder)
