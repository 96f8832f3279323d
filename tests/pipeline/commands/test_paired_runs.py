"""Comparisons of finished folders: what --set can change, and where they are written."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from conftest import EXPERIMENT, small_table
from hypothesis import given
from hypothesis import strategies as st
from run_records import results_in, write_results

import harness
from harness import storage
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, ScoreOptions, compare_runs, score
from harness.pipeline.run_folder.comparison_folder import default_name, reports_directory

MODELS = {
    "ease": "kind: ease, checkpoint: {folder}/ease.safetensors, params: {{l2: 10.0}}",
    "popularity": "kind: popularity, checkpoint: {folder}/popularity.safetensors",
    "random": "kind: random, checkpoint: {folder}/random.safetensors",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run three small models once; the tests copy what they change."""
    folder = tmp_path_factory.mktemp("compared")
    small_table().to_csv(folder / "data.csv", index=False)
    text = EXPERIMENT.format(data=folder / "data.csv", folder=folder)
    head, tail = text[: text.index("model:")], text[text.index("runner:") :]
    results = {}
    for name, model in MODELS.items():
        path = folder / f"{name}.yaml"
        given_model = f"model: {{{model.format(folder=folder)}, fit: {{on: train_validation}}}}\n"
        path.write_text(head.replace("small/ease", f"small/{name}") + given_model + tail)
        results[name] = harness.run(path, quiet=True)
    return SimpleNamespace(folder=folder, reports=folder / "reports", results=results)


@pytest.fixture
def folders(made, tmp_path):
    """Copy the finished runs: a comparison is written beside them."""
    shutil.copytree(made.reports, tmp_path / "reports", ignore=shutil.ignore_patterns("comparisons"))
    return [str(tmp_path / "reports" / "small" / name) for name in ("popularity", "ease")]


def written(result):
    return json.loads((result.folder / "comparison.json").read_text())


@pytest.mark.parametrize(
    ("override", "arguments"),
    [
        ("statistics.margin=0.5", {"margin": 0.5}),
        ("statistics.confidence=0.8", {"confidence": 0.8}),
        ("statistics.correction=none", {"correction": "none"}),
        ("statistics.test=t", {"test": "t"}),
        ("statistics.test={kind: permutation, flips: 500}", {"test": {"kind": "permutation", "flips": 500}}),
        ("statistics.pairs=all", {"pairs": "all"}),
        ("statistics.unit=users_items", {"unit": "users_items"}),
        ("statistics.seed=7", {"seed": 7}),
        ("statistics={margin: 0.5, confidence: 0.9}", {"margin": 0.5, "confidence": 0.9}),
        ("evaluation.primary=recall@5", {"primary": "recall@5"}),
    ],
)
def test_overrides_hold_for_finished_folders(folders, made, override, arguments):
    plain, changed = compare_runs(folders), compare_runs(folders, overrides=[override])
    tables = {name: made.results[name.partition("/")[2]].table for name in ("small/popularity", "small/ease")}
    expected = harness.statistics.compare(tables, **({"primary": "ndcg@10"} | arguments))
    pd.testing.assert_frame_equal(changed.comparison.pairs, expected.pairs)
    assert changed.comparison.settings == expected.settings
    assert changed.comparison.primary == expected.primary == written(changed)["primary"]
    assert written(changed)["settings"] == dataclasses.asdict(expected.settings)
    assert changed.folder != plain.folder


def test_a_margin_decides_a_verdict(folders):
    def verdicts(*overrides):
        pairs = compare_runs(folders, overrides=overrides).comparison.pairs
        return set(pairs.loc[pairs["p_adjusted"].notna(), "verdict"])

    assert "equivalent" not in verdicts()
    assert verdicts("statistics.margin=0.9") == {"equivalent"}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("statistics.margn=0.01", r"--set statistics.margn=0.01: unknown key 'margn' in statistics. Did you mean 'mar"),
        ("statistcs.margin=0.01", "unknown key 'statistcs'. Did you mean 'statistics'"),
        ("margin=0.01", "unknown key 'margin'"),
        ("evaluation.primry=ndcg@5", "Did you mean 'primary'"),
        ("report.dir=x", "unknown key 'dir' in report. .*directory"),
        ("runner.kk=3", "unknown key 'kk' in runner. Did you mean 'k'"),
        ("statistics.margin=-1", "statistics.margin is -1; more than 0 is needed"),
        ("statistics.confidence=95", "statistics.confidence is 95"),
        ("statistics.test=tt", "unknown test 'tt'"),
        ("statistics.seed=[", "not valid YAML"),
        ("statistics", "not of the form"),
        ("evaluation.primary=ndcg@7", "the primary metric 'ndcg@7' is not compared. Did you mean"),
        ("runner.k=20", r"runner.k is a key of runs, and .*popularity is a finished run"),
        ("runner.device=cpu", "runner.device is a key of runs"),
        ("runner.limit_users=3", "runner.limit_users is a key of runs"),
        ("model.params.l2=3", "model.params.l2 is a key of runs"),
        ("dataset.path=x.csv", "dataset.path is a key of runs"),
        ("evaluation={primary: ndcg@5}", "evaluation is a key of runs"),
        ("evaluation.part=validation", "evaluation.part is a key of runs"),
        ("expected={ndcg@10: {value: 1, tolerance: 1}}", "expected is a key of runs"),
        ("tracking.enabled=false", "tracking.enabled is a key of runs"),
        ("name=x", "name is a key of runs"),
    ],
)
def test_what_a_finished_run_cannot_take_is_refused(folders, override, message):
    with pytest.raises(HarnessError, match=message):
        compare_runs(folders, overrides=[override])
    assert not (Path(folders[0]).parents[1] / "comparisons").exists()


def test_a_folder_and_an_experiment_compare_under_one_override(folders, made, tmp_path):
    sources = [folders[0], str(made.folder / "random.yaml")]
    overrides = [f"report.directory={tmp_path}/reports", "statistics.margin=0.9", "runner.device=cpu"]
    result = compare_runs(sources, overrides=overrides, options=ComparisonOptions(quiet=True))
    assert result.comparison.settings.margin == 0.9
    assert result.folder.parent == tmp_path / "reports/comparisons"
    for swapped in (sources, sources[::-1]):
        primary = compare_runs(swapped, overrides=[*overrides, "evaluation.primary=recall@1"])
        assert primary.comparison.primary == "recall@1"
    with pytest.raises(HarnessError, match=r"runner\.k is a key of runs"):
        compare_runs(sources, overrides=["runner.k=10"])
    with pytest.raises(HarnessError, match="unknown key 'margn'"):
        compare_runs(sources, overrides=["statistics.margn=1"])


def test_settings_are_those_of_the_first(folders, made, tmp_path):
    for folder, margin in zip(folders, (0.2, 0.3), strict=True):
        results = results_in(folder)
        results["experiment"]["statistics"]["margin"] = margin
        results["experiment"]["evaluation"]["primary"] = f"recall@{10 if margin == 0.2 else 5}"
        write_results(folder, results)
    for sources, margin, primary in ((folders, 0.2, "recall@10"), (folders[::-1], 0.3, "recall@5")):
        found = compare_runs(sources).comparison
        assert (found.settings.margin, found.primary) == (margin, primary)
    # An experiment file comes before folders.
    text = (made.folder / "ease.yaml").read_text()
    more = "statistics: {margin: 0.5}\nevaluation: {primary: recall@1, "
    (tmp_path / "ease.yaml").write_text(text.replace("evaluation: {", more))
    found = compare_runs([folders[0], str(tmp_path / "ease.yaml")], overrides=[f"report.directory={made.reports}"])
    assert (found.comparison.settings.margin, found.comparison.primary) == (0.5, "recall@1")


def test_a_benchmark_names_the_baseline_and_the_caller_another(made, tmp_path):
    experiments = ", ".join(str(made.folder / f"{name}.yaml") for name in MODELS)
    path = tmp_path / "benchmark.yaml"
    path.write_text(f"name: small/three\nexperiments: [{experiments}]\nbaseline: small/random\nprimary: recall@5\n")
    found = compare_runs([str(path)], options=ComparisonOptions(quiet=True))
    assert (found.comparison.baseline, found.comparison.primary) == ("small/random", "recall@5")
    assert found.folder == made.reports / "comparisons/small/three"
    options = ComparisonOptions(quiet=True, baseline="small/popularity", name="other")
    found = compare_runs([str(path)], options=options, overrides=["primary=ndcg@1", "statistics.margin=0.25"])
    assert (found.comparison.baseline, found.comparison.primary) == ("small/popularity", "ndcg@1")
    assert found.comparison.settings.margin == 0.25
    assert found.folder == made.reports / "comparisons/other"
    with pytest.raises(HarnessError, match="would leave the folder"):
        compare_runs([str(path)], options=ComparisonOptions(quiet=True, name=""))


def test_force_is_not_ignored(folders):
    with pytest.raises(HarnessError, match="--force computes runs again, and all of these are finished runs"):
        compare_runs(folders, options=ComparisonOptions(force=True))


def test_json_holds_the_comparison(folders):
    result = compare_runs(folders, options=ComparisonOptions(baseline="small/ease"))
    found, kept = written(result), result.comparison
    assert (found["baseline"], found["primary"]) == ("small/ease", "ndcg@10")
    assert tuple(found["notes"]) == kept.notes != ()
    assert found["runs"] == [
        {"name": run.name, "part": "test", "fingerprints": run.record.fingerprints} for run in result.runs
    ]
    pairs = pd.DataFrame(found["pairs"])[list(kept.pairs.columns)]
    pd.testing.assert_frame_equal(pairs.astype(kept.pairs.dtypes), kept.pairs)
    undefined = [row for row in found["pairs"] if row["p_value"] is None]
    assert {row["metric"] for row in undefined} == {
        f"{name}@{k}" for name in ("coverage", "diversity") for k in (1, 5, 10)
    }


def test_choices_reach_the_runs(made, tmp_path):
    sources = [str(made.folder / f"{name}.yaml") for name in ("popularity", "random")]
    overrides = [f"report.directory={tmp_path}/reports", "tracking.enabled=true"]
    untracked = ComparisonOptions(quiet=True, track=False)
    first = compare_runs(sources, overrides=overrides, options=untracked)
    assert [run.record.experiment.resolved["tracking"]["enabled"] for run in first.runs] == [False, False]
    times = [(run.folder / "per_user.parquet").stat().st_mtime_ns for run in first.runs]
    compare_runs(sources, overrides=overrides, options=untracked)
    assert [(run.folder / "per_user.parquet").stat().st_mtime_ns for run in first.runs] == times
    compare_runs(sources, overrides=overrides, options=ComparisonOptions(quiet=True, track=False, force=True))
    assert all(
        (run.folder / "per_user.parquet").stat().st_mtime_ns > time for run, time in zip(first.runs, times, strict=True)
    )


def test_a_run_is_not_compared_with_itself(folders, made, tmp_path):
    for sources in ([folders[0], folders[0]], [folders[0], str(made.folder / "popularity.yaml")]):
        with pytest.raises(HarnessError, match="two runs are called 'small/popularity'"):
            compare_runs(sources)


def test_an_override_of_a_comparison_leaves_the_runs_as_they_are(made, tmp_path):
    files = [str(made.folder / f"{name}.yaml") for name in ("popularity", "ease")]
    benchmark = tmp_path / "benchmark.yaml"
    benchmark.write_text(f"name: small/two\nexperiments: [{', '.join(files)}]\nbaseline: {files[0]}\n")
    directory = f"report.directory={tmp_path}/reports"
    compare_runs(files, overrides=[directory])
    runs = [tmp_path / "reports/small" / name for name in ("popularity", "ease")]
    before = [results_in(run) for run in runs]
    settings = [directory, "statistics.margin=0.9", "statistics.confidence=0.5"]
    for sources, more in ((files, ["evaluation.primary=recall@5"]), ([str(benchmark)], ["primary=recall@5"])):
        found = compare_runs(sources, overrides=[*settings, *more])
        assert found.comparison.primary == "recall@5"
        assert (found.comparison.settings.margin, found.comparison.settings.confidence) == (0.9, 0.5)
        assert [results_in(run) for run in runs] == before
    mixed = compare_runs([str(runs[0]), files[1]], overrides=settings)
    assert mixed.comparison.settings.margin == 0.9
    assert [results_in(run) for run in runs] == before


def test_a_benchmark_with_other_settings_is_another_comparison(made, tmp_path):
    files = [str(made.folder / f"{name}.yaml") for name in ("popularity", "ease")]
    benchmark = tmp_path / "benchmark.yaml"
    benchmark.write_text(f"name: small/two\nexperiments: [{', '.join(files)}]\nbaseline: {files[0]}\n")
    directory = f"report.directory={tmp_path}/reports"
    plain = compare_runs([str(benchmark)], overrides=[directory])
    margin = compare_runs([str(benchmark)], overrides=[directory, "statistics.margin=0.9"])
    turned = compare_runs([str(benchmark)], overrides=[directory], options=ComparisonOptions(baseline="small/ease"))
    device = compare_runs([str(benchmark)], overrides=[directory, "runner.device=cpu"])
    named = compare_runs(
        [str(benchmark)], overrides=[directory, "statistics.margin=0.9"], options=ComparisonOptions(name="mine")
    )
    comparisons = tmp_path / "reports/comparisons"
    assert plain.folder == device.folder == comparisons / "small/two"
    assert named.folder == comparisons / "mine"
    for other in (margin, turned):
        assert other.folder.parent == comparisons / "small"
        assert other.folder.name.startswith("two-")
    assert margin.folder != turned.folder


def test_a_damaged_record_gives_no_traceback(folders):
    for damaged in (None, {"confidence": "high"}, {"colour": 1}):
        results = results_in(folders[0])
        results["experiment"]["statistics"] = damaged
        write_results(folders[0], results)
        with pytest.raises(HarnessError, match=r"popularity.*statistics"):
            compare_runs(folders)


def test_comparisons_without_a_name_keep_apart(folders, made):
    plain, margin = compare_runs(folders), compare_runs(folders, overrides=["statistics.margin=0.01"])
    other = compare_runs(folders, options=ComparisonOptions(baseline="small/ease"))
    three = compare_runs([*folders, str(Path(folders[0]).with_name("random"))])
    results = [plain, margin, other, three]
    assert len({result.folder for result in results}) == 4
    for result in results:
        assert result.folder.parent == Path(folders[0]).parents[1] / "comparisons"
        assert (result.folder / "comparison.html").is_file()
    assert plain.folder.name.startswith("small-popularity-vs-small-ease-")
    assert [written(result)["settings"]["margin"] for result in results] == [None, 0.01, None, None]
    assert compare_runs(folders).folder == plain.folder


def test_another_state_of_a_run_is_another_comparison(folders):
    before = compare_runs(folders).folder
    results = results_in(folders[1])
    results["fingerprints"]["evaluation"] = "0" * 64
    write_results(folders[1], results)
    assert compare_runs(folders).folder != before


@pytest.mark.parametrize("name", ["pair", "a/b", "small/ease"])
def test_a_name_is_relative_to_the_folder_of_comparisons(folders, name):
    reports = Path(folders[0]).parents[1]
    figures = sorted((reports / "small/ease/figures").iterdir())
    result = compare_runs(folders, options=ComparisonOptions(name=name))
    assert result.folder == reports / "comparisons" / name
    assert (result.folder / "comparison.json").is_file()
    # A comparison that is called like a run leaves the run's own files alone.
    assert sorted((reports / "small/ease/figures").iterdir()) == figures != []
    assert {path.name for path in reports.iterdir() if path.name[0] != "."} == {"small", "comparisons", "index.html"}


@pytest.mark.parametrize("name", ["", "../x", "/x", "a//b", "a/../../b", "a\x1bb"])
def test_a_name_stays_in_the_folder_of_comparisons(folders, made, name):
    with pytest.raises(HarnessError, match="would leave the folder"):
        compare_runs(folders, options=ComparisonOptions(name=name))
    # It is told before anything is run.
    experiments = [str(made.folder / f"{model}.yaml") for model in MODELS]
    elsewhere = [f"report.directory={Path(folders[0]).parents[2]}/elsewhere"]
    with pytest.raises(HarnessError, match="would leave the folder"):
        compare_runs(experiments, overrides=elsewhere, options=ComparisonOptions(name=name))
    assert not (Path(folders[0]).parents[2] / "elsewhere").exists()


def test_a_moved_folder_is_compared_beside_where_it_lies(folders, tmp_path):
    moved = [str(shutil.copytree(folder, tmp_path / "moved" / Path(folder).name[:3])) for folder in folders]
    results = results_in(moved[0])
    results["experiment"]["report"]["directory"] = str(tmp_path / "of a stranger")
    write_results(moved[0], results)
    assert compare_runs(moved).folder.parent == tmp_path / "moved" / "comparisons"
    assert not (tmp_path / "of a stranger").exists()
    chosen = compare_runs(moved, overrides=[f"report.directory={tmp_path}/chosen"])
    assert chosen.folder.parent == tmp_path / "chosen" / "comparisons"


def test_a_folder_given_by_a_short_path_is_in_the_same_reports(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(Path(folders[0]).parent)
    assert compare_runs(["popularity", "ease"]).folder.parent == tmp_path / "reports/comparisons"
    monkeypatch.chdir(folders[0])
    assert compare_runs([".", "../ease"]).folder.parent == tmp_path / "reports/comparisons"
    assert compare_runs(["../ease", "."]).folder.parent == tmp_path / "reports/comparisons"
    assert reports_directory(Path(".."), "no/such").name == "reports"


names = st.text(st.characters(exclude_characters="/", exclude_categories=["C", "Z"]), min_size=1, max_size=300)


@given(st.lists(names, min_size=2, max_size=20), st.integers())
def test_default_names_are_one_short_folder(runs, fact):
    name = default_name(runs, {"fact": fact})
    assert "/" not in name
    assert "\\" not in name
    assert len(name.encode()) <= 100
    assert storage.inside(Path("reports/comparisons"), name).name == name
    assert name == default_name(runs, {"fact": fact}) != default_name(runs, {"fact": fact + 1})


def test_no_run_takes_the_folder_of_comparisons(made, folders):
    for name in ("comparisons", "comparisons/x", "Comparisons/x"):
        with pytest.raises(HarnessError, match=r"ease.yaml:2|--set name=.*the folder of comparisons"):
            harness.load_experiment(made.folder / "ease.yaml", [f"name={name}"])
        experiment = harness.load_experiment(made.folder / "ease.yaml")
        with pytest.raises(HarnessError, match="the folder of comparisons"):
            score(Path(folders[0]) / "predictions.parquet", experiment, ScoreOptions(name=name))
    assert harness.load_experiment(made.folder / "ease.yaml", ["name=comparisons2/x"]).name == "comparisons2/x"


def test_results_folders_and_tables_compare_from_python(made):
    popularity, ease = made.results["popularity"], made.results["ease"]
    expected = harness.statistics.compare(
        {"pop": popularity.table, "ease": ease.table}, baseline="pop", primary="ndcg@10"
    )
    for runs in (
        {"pop": popularity, "ease": ease},
        {"pop": popularity.folder, "ease": str(ease.folder)},
        {"pop": popularity.table, "ease": ease},
        {"pop": popularity, "ease": ease.table},
        {"pop": str(popularity.folder), "ease": ease.table},
    ):
        found = harness.compare(runs, baseline="pop")
        pd.testing.assert_frame_equal(found.pairs, expected.pairs)
        assert (found.primary, found.notes) == ("ndcg@10", expected.notes)
    tables = {"pop": popularity.table, "ease": ease.table}
    with pytest.raises(HarnessError, match="none is the primary one"):
        harness.compare(tables)
    pairs = harness.compare(tables, primary="recall@5", pairs="all")
    assert (pairs.primary, pairs.baseline, pairs.settings.pairs) == ("recall@5", None, "all")


def test_the_primary_metric_from_python(made, tmp_path):
    runs = {"pop": made.results["popularity"], "ease": made.results["ease"]}
    assert harness.compare(runs, metrics=["recall@5"]).primary == "recall@5"
    assert harness.compare(runs, primary="recall@1").primary == "recall@1"
    assert harness.compare(runs, metrics=["recall@5", "ndcg@10"]).primary == "ndcg@10"
    other = shutil.copytree(runs["ease"].folder, tmp_path / "other")
    results = results_in(other)
    results["experiment"]["evaluation"]["primary"] = "recall@5"
    write_results(other, results)
    with pytest.raises(HarnessError, match=r"different primary metrics: ndcg@10 of 'pop', recall@5 of 'other'"):
        harness.compare({"pop": runs["pop"], "other": other})
    assert harness.compare({"pop": runs["pop"], "other": other}, primary="ndcg@5").primary == "ndcg@5"


def test_runs_that_cannot_be_compared_from_python(made, tmp_path):
    ease = made.results["ease"]
    record = dataclasses.replace(ease.record, fingerprints={**ease.record.fingerprints, "split": "another"})
    other = dataclasses.replace(ease, record=record)
    with pytest.raises(HarnessError, match=r"'mine' and 'theirs' cannot be compared: fingerprints\.split differs"):
        harness.compare({"mine": ease, "theirs": other})
    for wrong, message in (
        ({"a": ease, "b": None}, "the run 'b' is of type NoneType"),
        ({"a": ease, "b": ease.table.per_user}, "the run 'b' is of type DataFrame"),
        ({"a": ease, "b": tmp_path / "nowhere"}, "holds no results.json"),
        ({"a": ease}, "needs two runs or more; there is 1"),
        (ease, "runs is of type RunResult; a map of names to runs is needed"),
        ("ease.yaml", "runs is of type str; a map of names to runs is needed"),
    ):
        with pytest.raises(HarnessError, match=message):
            harness.compare(wrong)


def test_an_experiment_is_run_and_fitted_by_its_path(made, tmp_path):
    path = made.folder / "popularity.yaml"
    for given_path in (path, str(path), harness.load_experiment(path)):
        assert harness.run(given_path, quiet=True).was_finished
        assert harness.fit(given_path, quiet=True).was_there
    for wrong in ({"name": "x"}, None, made.results["ease"]):
        for call in (harness.run, harness.fit):
            with pytest.raises(HarnessError, match=f"an experiment is needed.*got {type(wrong).__name__}"):
                call(wrong)
    (tmp_path / "benchmark.yaml").write_text(f"name: b\nexperiments: [{path}, {path}]\nbaseline: {path}\n")
    with pytest.raises(HarnessError, match="the file is a benchmark"):
        harness.run(tmp_path / "benchmark.yaml")
    with pytest.raises(HarnessError, match="no such file"):
        harness.run(tmp_path / "nowhere.yaml")


def test_a_name_that_is_a_formula_is_text_in_csv(made, tmp_path):
    formula = "=HYPERLINK(A1)"
    experiment = harness.load_experiment(
        made.folder / "random.yaml", [f'name="{formula}"', f"report.directory={tmp_path}"]
    )
    harness.run(experiment, quiet=True)
    result = compare_runs(
        [str(made.reports / "small/ease"), str(tmp_path / formula)], options=ComparisonOptions(baseline=formula)
    )
    table = pd.read_csv(result.folder / "comparison.csv")
    assert set(table["baseline"]) == {f"'{formula}"}
    assert table["difference"].tolist() == pytest.approx(result.comparison.pairs["difference"].tolist())
    assert written(result)["baseline"] == formula


def test_no_comparison_without_a_name_replaces_another(made, tmp_path):
    experiments = ", ".join(str(made.folder / f"{name}.yaml") for name in MODELS)
    path = tmp_path / "benchmark.yaml"
    text = f"name: small/kept\nexperiments: [{experiments}]\nbaseline: small/random\nprimary: recall@5\n"
    path.write_text(text)

    def folder(*overrides, **options):
        return compare_runs([str(path)], overrides=overrides, options=ComparisonOptions(quiet=True, **options)).folder

    first = folder()
    assert first == made.reports / "comparisons/small/kept"
    made_by = {first: "as the file says"}
    for change, options in (
        ("statistics.margin=0.2", {}),
        ("runner.limit_users=20", {}),
        ("statistics.seed=4", {}),
        (None, {"baseline": "small/ease"}),
        (None, {"robustness": True}),
        (None, {"swap_lists": True}),
    ):
        found = folder(*([] if change is None else [change]), **options)
        assert found not in made_by, (change, options, made_by[found])
        assert found.name.startswith("kept-")
        made_by[found] = f"{change} {options}"
    assert folder() == first
    # The file itself changes: its own folder holds another comparison.
    before = (first / "comparison.json").read_bytes()
    path.write_text(f"{text}statistics: {{margin: 0.3}}\n")
    other = folder()
    assert other not in made_by
    assert other.name.startswith("kept-")
    assert (first / "comparison.json").read_bytes() == before
    assert folder(name="small/kept") == first
    assert (first / "comparison.json").read_bytes() != before
    assert folder() == first
