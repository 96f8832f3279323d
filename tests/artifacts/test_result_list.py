"""The list of runs and comparisons, and its page."""

from __future__ import annotations

import json
import shutil
import threading

import pytest
from oracles.markup import Reader, check_self_contained

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, compare_runs
from harness.pipeline.run_folder.result_index import list_results, write_index
from harness.report import render_index


@pytest.fixture
def reports(small):
    """Return a folder of reports with two runs and a comparison."""
    for name, weight in (("a", 1.0), ("b", 100.0)):
        overrides = [f"name=small/{name}", f"model.params.l2={weight}", f"model.checkpoint={small.parent}/{name}.st"]
        harness.run(harness.load_experiment(small, overrides), quiet=True)
    folder = small.parent / "reports"
    sources = [str(folder / "small" / name) for name in "ab"]
    compare_runs(sources, options=ComparisonOptions(name="both", quiet=True, track=False))
    return folder


def test_runs_and_comparisons_are_listed_with_their_facts(reports):
    found = list_results(reports)
    assert {run.name for run in found.runs} == {"small/a", "small/b"}
    record = json.loads((reports / "small/a/results.json").read_text())
    (run,) = [run for run in found.runs if run.name == "small/a"]
    value = next(one for one in record["metrics"] if one["label"] == "ndcg@10")
    assert (run.folder, run.model, run.split, run.part) == ("small/a", "ease", "leave_last_out", "test")
    assert (run.metric, run.value, run.ci_low, run.users) == ("ndcg@10", value["value"], value["ci_low"], 60)
    assert run.warnings == sum(one["severity"] != "info" for one in record["audits"])
    (comparison,) = found.comparisons
    assert (comparison.name, comparison.folder) == ("both", "comparisons/both")
    assert (comparison.runs, comparison.baseline) == (("small/a", "small/b"), "small/a")
    assert "ndcg@10 of 2 runs" in comparison.sentence
    assert comparison.created is not None


def test_each_run_and_comparison_writes_the_page(reports):
    text = (reports / "index.html").read_text()
    links = ["./small/a/report.html", "./small/b/report.html", "./comparisons/both/comparison.html"]
    read = check_self_contained(text, links=links)
    assert all(any(value == link for _, key, value in read.attributes if key == "href") for link in links)
    assert all((reports / link).is_file() for link in links)
    assert "2 runs and 1 comparison." in read.text


def test_damaged_results_are_named_and_hidden_folders_skipped(reports):
    (reports / "small/a/results.json").write_text("{")
    (reports / "comparisons/both/comparison.json").write_text('{"runs": 3}')
    shutil.copytree(reports / "small/b", reports / ".hidden")
    found = list_results(reports)
    assert [run.name for run in found.runs] == ["small/b"]
    assert found.comparisons == ()
    assert found.unreadable == ("comparisons/both", "small/a")
    assert "small/a" in Reader(render_index(found)).text


def test_hostile_folders_are_escaped(reports, tmp_path):
    name = 'javascript:alert(1) "><script>alert(2)</script>'.replace("/", "")
    shutil.copytree(reports / "small/a", reports / name)
    page = render_index(list_results(reports))
    links = [value for _, key, value in Reader(page).attributes if key == "href"]
    check_self_contained(page, links=links)
    assert all(link.startswith("./") for link in links)


def test_a_missing_folder_is_an_error_and_an_empty_one_is_not(tmp_path):
    with pytest.raises(HarnessError, match="there is no folder"):
        list_results(tmp_path / "nowhere")
    assert "There is no run yet." in render_index(list_results(tmp_path))


def test_a_page_that_cannot_be_written_does_not_end_a_run(reports, caplog):
    (reports / "index.html").unlink()
    (reports / "index.html").mkdir()
    write_index(reports)
    assert "is not up to date" in caplog.text


def test_runs_that_finish_together_are_all_listed(reports):
    threads = [threading.Thread(target=write_index, args=(reports,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "2 runs and 1 comparison." in Reader((reports / "index.html").read_text()).text
