"""What ``harness.compare`` takes: tables, results, folders and experiments, mixed, in a map or in a list."""

import warnings
from types import SimpleNamespace

import pandas as pd
import pytest
from conftest import EXPERIMENT, small_table

import harness
from harness.errors import HarnessError
from harness.pipeline import run_seeds

MODELS = {
    "ease": "kind: ease, checkpoint: {folder}/ease.safetensors, params: {{l2: 10.0}}",
    "popularity": "kind: popularity, checkpoint: {folder}/popularity.safetensors",
    "random": "kind: random, checkpoint: {folder}/random.safetensors",
}


def write(folder):
    small_table().to_csv(folder / "data.csv", index=False)
    text = EXPERIMENT.format(data=folder / "data.csv", folder=folder)
    head, tail = text[: text.index("model:")], text[text.index("runner:") :]
    files = {}
    for name, model in MODELS.items():
        files[name] = folder / f"{name}.yaml"
        section = f"model: {{{model.format(folder=folder)}, fit: {{on: train_validation}}}}\n"
        files[name].write_text(head.replace("small/ease", f"small/{name}") + section + tail)
    return files


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run two small models once."""
    folder = tmp_path_factory.mktemp("sources")
    files = write(folder)
    results = {name: harness.run(files[name], quiet=True) for name in ("ease", "popularity")}
    return SimpleNamespace(folder=folder, files=files, results=results)


def values(comparison):
    return comparison.pairs.drop(columns=["candidate", "baseline", "statement"])


def test_a_run_is_the_same_in_whatever_form_it_is_given(made):
    ease, popularity = made.results["ease"], made.results["popularity"]
    forms = [ease, ease.folder, str(ease.folder), made.files["ease"], str(made.files["ease"])]
    forms.append(harness.load_experiment(made.files["ease"]))
    expected = values(harness.compare({"a": popularity, "b": ease}))
    for form in forms:
        pd.testing.assert_frame_equal(values(harness.compare({"a": popularity, "b": form})), expected)


def test_tables_folders_results_and_experiments_are_mixed(made):
    runs = {
        "table": made.results["ease"].table,
        "folder": made.results["popularity"].folder,
        "result": made.results["ease"],
        "experiment": made.files["random"],
    }
    comparison = harness.compare(runs, baseline="folder")
    assert comparison.values["run"].tolist() == list(runs)
    assert set(comparison.measured) == set(runs)
    assert (made.folder / "reports/small/random/results.json").is_file()


def test_runs_in_a_list_have_their_own_names(made):
    comparison = harness.compare([made.results["popularity"], made.results["ease"].folder, made.files["random"]])
    assert comparison.baseline == "small/popularity"
    assert comparison.values["run"].tolist() == ["small/popularity", "small/ease", "small/random"]


def test_an_experiment_is_run_once_and_its_findings_are_warnings(tmp_path):
    files = write(tmp_path)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        harness.compare([files["ease"], files["popularity"]])
    messages = [str(one.message) for one in found if issubclass(one.category, harness.HarnessWarning)]
    assert messages
    assert len(set(messages)) == len(messages)
    assert {one.filename for one in found if issubclass(one.category, harness.HarnessWarning)} == {__file__}
    written = tmp_path / "reports/small/ease/results.json"
    before = written.stat().st_mtime_ns
    harness.compare([files["ease"], files["popularity"]])
    assert written.stat().st_mtime_ns == before


def test_seeds_in_a_list_a_result_a_folder_and_an_experiment(made, tmp_path):
    text = made.files["random"].read_text().replace("small/random", "small/seeded")
    (tmp_path / "seeded.yaml").write_text(f"{text}seeds: [1, 2, 3]\n")
    experiment = harness.load_experiment(tmp_path / "seeded.yaml", [f"report.directory={tmp_path}/reports"])
    result = run_seeds(experiment, quiet=True)
    expected = values(harness.compare({"a": made.results["ease"], "b": list(result.results)}))
    assert expected["n_seeds"].tolist() == [3] * len(expected)
    for form in (result, result.folder, experiment):
        pd.testing.assert_frame_equal(values(harness.compare({"a": made.results["ease"], "b": form})), expected)
    assert harness.compare([made.results["ease"], result]).values["run"].tolist() == ["small/ease", "small/seeded"]
    with pytest.raises(HarnessError, match="the list of 'b' has one run per training seed"):
        harness.compare({"a": made.results["ease"], "b": [result, result]})


def test_what_cannot_be_compared(made, tmp_path):
    ease, popularity = made.results["ease"], made.results["popularity"]
    (tmp_path / "benchmark.yaml").write_text(f"name: b\nexperiments: [{made.files['ease']}]\n")
    (tmp_path / "data.csv").write_text("user,item\n")
    for wrong, message in (
        ([ease, popularity.table], "a table of harness.evaluate has no name. Pass a map"),
        ([ease, [popularity]], "a run is a list, which holds the runs of one model and has no name"),
        ([ease, ease], "two runs are called 'small/ease'. Pass a map"),
        ([ease, None], "a run is of type NoneType; a table"),
        ([ease, tmp_path / "nothing.yaml"], "nothing.yaml"),
        ([ease, tmp_path / "nowhere"], "holds no results.json"),
        ([ease, tmp_path / "benchmark.yaml"], "the file is a benchmark"),
        ([ease, tmp_path / "data.csv"], "data.csv"),
        ({"a": ease, "b": []}, "the model 'b' has no runs"),
    ):
        with pytest.raises(HarnessError, match=message):
            harness.compare(wrong)


def test_experiments_are_checked_before_any_is_run(tmp_path):
    files = write(tmp_path)
    other = harness.load_experiment(files["popularity"], ["candidates.items=train"])
    with pytest.raises(HarnessError, match=r"candidates"):
        harness.compare([files["ease"], other])
    assert not (tmp_path / "reports").exists()
