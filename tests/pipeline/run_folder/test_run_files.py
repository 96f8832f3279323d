"""The files of a run are tied together: each digest is checked by whoever reads the file."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import EXPERIMENT
from run_records import results_in, write_results

import harness
from harness import storage
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, ScoreOptions, compare_runs, export, render_again, score, write_split

TABLES = (
    "per_user.parquet",
    "predictions.parquet",
    "target_ranks.parquet",
    "item_contributions.parquet",
    "relevant_items.parquet",
)


def load(path, *overrides):
    return harness.load_experiment(path, overrides)


@pytest.fixture
def run(small):
    return harness.run(load(small), quiet=True)


@pytest.fixture
def other(small, tmp_path):
    """Another run of the same data, of another model."""
    text = EXPERIMENT.format(data=tmp_path / "data.csv", folder=tmp_path).replace("ease", "popularity")
    path = tmp_path / "popularity.yaml"
    path.write_text(text.replace("  params: {l2: 10.0}\n", ""))
    return harness.run(load(path), quiet=True)


def test_the_digests_are_those_of_any_other_program(run):
    results = results_in(run.folder)
    on_disk = {
        path.relative_to(run.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in run.folder.rglob("*")
        if path.is_file() and path.name not in ("results.json", ".run.lock")
    }
    assert results["files"] == on_disk
    assert {*TABLES, "report.html", "experiment.yaml"} < on_disk.keys()
    assert sum(name.startswith("figures/") for name in on_disk) > 1
    digest = results.pop("digest")
    text = json.dumps(results, sort_keys=True, separators=(",", ":"))
    assert digest == hashlib.sha256(text.encode()).hexdigest()
    assert results["schema_version"] == 2
    assert run.results == {**results, "digest": digest}


def test_a_folder_of_parts_is_listed_by_its_parts(small, monkeypatch):
    from harness.pipeline.run_folder import result_tables

    monkeypatch.setattr(result_tables, "PARTS_ABOVE", 10)
    run = harness.run(load(small), quiet=True)
    parts = {name for name in run.results["files"] if name.startswith("predictions.parquet/")}
    assert parts == {f"predictions.parquet/{path.name}" for path in (run.folder / "predictions.parquet").iterdir()}
    export(run.folder, run.folder.parent / "trec")
    shutil.copy(
        run.folder / "predictions.parquet/part-00000.parquet", run.folder / "predictions.parquet/part-9.parquet"
    )
    with pytest.raises(HarnessError, match=r"part-9\.parquet is not the file that the run wrote"):
        export(run.folder, run.folder.parent / "trec")


def _another_value(folder, other):
    results = results_in(folder)
    results["metrics"][0]["value"] += 0.001
    write_results(folder, results, sealed=False)


def _another_run(name):
    def change(folder, other):
        shutil.copy(other / name, folder / name)

    return change


def _empty(name):
    def change(folder, other):
        pq.write_table(pq.read_table(folder / name).slice(0, 0), folder / name)

    return change


def _flipped_id(folder, other):
    frame = pd.read_parquet(folder / "per_user.parquet")
    frame.loc[0, "user"] = "u999"
    frame.to_parquet(folder / "per_user.parquet")


# (the change, the file that messages name, who reads that file)
CHANGES = {
    "a value": (_another_value, "results.json", {"report", "compare", "export", "score"}),
    "per user of another run": (_another_run("per_user.parquet"), "per_user.parquet", {"report", "compare"}),
    "a flipped id": (_flipped_id, "per_user.parquet", {"report", "compare"}),
    "lists of another run": (_another_run("predictions.parquet"), "predictions.parquet", {"export", "score"}),
    "no lists": (_empty("predictions.parquet"), "predictions.parquet", {"export", "score"}),
    "contributions of another run": (
        _another_run("item_contributions.parquet"),
        "item_contributions.parquet",
        {"compare"},
    ),
    "ranks of another run": (_another_run("target_ranks.parquet"), "target_ranks.parquet", {"export"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_refused_by_whoever_reads_it_and_remade_by_eval(
    small, run, other, tmp_path, change, caplog
):
    make, name, readers = CHANGES[change]
    make(run.folder, other.folder)
    if name == "target_ranks.parquet" or change == "per user of another run":
        assert run.results["files"][name] != hashlib.sha256((run.folder / name).read_bytes()).hexdigest()
    commands = {
        "report": lambda: render_again(run.folder),
        "compare": lambda: compare_runs([str(other.folder), str(run.folder)], options=ComparisonOptions(quiet=True)),
        "export": lambda: export(run.folder, tmp_path / "trec"),
        "score": lambda: score(
            run.folder / "predictions.parquet", load(small), ScoreOptions(name="small/scored", quiet=True)
        ),
    }
    for reader, command in commands.items():
        if reader not in readers:
            command()
            continue
        with pytest.raises(HarnessError, match=rf"{name} (is damaged|is not the file).*--force"):
            command()
    caplog.clear()
    again = harness.run(load(small), quiet=True)
    assert not again.was_finished
    assert caplog.text.count("It is run again now.") == 1
    assert str(run.folder / name) in caplog.text
    assert again.results["metrics"] == run.results["metrics"]
    assert again.results["files"][name] == run.results["files"][name] if name in TABLES else True
    assert harness.run(load(small), quiet=True).was_finished


@pytest.mark.parametrize("name", ["report.html", "figures/curve-ndcg.svg", "experiment.yaml"])
def test_what_is_made_of_results_is_written_again(small, run, name, caplog):
    whole = (run.folder / name).read_bytes()
    tables = {table: (run.folder / table).stat().st_mtime_ns for table in TABLES}
    (run.folder / name).write_bytes(whole + b" ")
    again = harness.run(load(small), quiet=True)
    assert again.was_finished
    assert f"{run.folder / name} is missing or was changed. It is written again now." in caplog.text
    assert (run.folder / name).read_bytes() == whole
    assert {table: (run.folder / table).stat().st_mtime_ns for table in TABLES} == tables
    assert results_in(run.folder) == run.results


def test_a_report_that_is_rendered_again_has_its_digest_renewed(small, run, caplog):
    (run.folder / "report.html").write_text("gone")
    shutil.rmtree(run.folder / "figures")
    render_again(run.folder)
    assert results_in(run.folder) == run.results
    # A report of another version of the templates is another file.
    (run.folder / "report.html").write_text("of another version")
    results = run.results | {"created": "2001-01-01T00:00:00Z"}
    write_results(run.folder, results)
    render_again(run.folder)
    renewed = results_in(run.folder)
    assert renewed["files"]["report.html"] == hashlib.sha256((run.folder / "report.html").read_bytes()).hexdigest()
    assert renewed["files"]["report.html"] != run.results["files"]["report.html"]
    assert harness.run(load(small), quiet=True).was_finished
    assert caplog.text == ""


def test_results_of_an_earlier_version_are_read_with_a_warning(small, run, other, caplog):
    old = {key: value for key, value in run.results.items() if key not in ("files", "digest", "model_files")}
    write_results(run.folder, old | {"schema_version": 1}, sealed=False)
    compare_runs([str(other.folder), str(run.folder)], options=ComparisonOptions(quiet=True))
    assert caplog.text.count("its files are unchecked") == 1
    render_again(run.folder)
    assert results_in(run.folder) == old | {"schema_version": 1}
    assert not harness.run(load(small), quiet=True).was_finished
    assert results_in(run.folder)["schema_version"] == 2


def test_a_command_looks_at_the_files_that_it_reads_alone(run, other):
    for name in ("predictions.parquet", "target_ranks.parquet"):
        (run.folder / name).write_bytes(b"not looked at")
    compare_runs([str(other.folder), str(run.folder)], options=ComparisonOptions(quiet=True))
    render_again(run.folder)


def test_a_run_of_another_file_is_not_replaced_because_its_results_are_damaged(small, run, tmp_path):
    shutil.copy(run.folder / "predictions.parquet", tmp_path / "lists.parquet")
    scored = score(tmp_path / "lists.parquet", load(small), ScoreOptions(quiet=True))
    (scored.folder / "results.json").write_text("{")
    with pytest.raises(HarnessError, match=r"results\.json is damaged.* --name small/lists-2"):
        score(tmp_path / "lists.parquet", load(small), ScoreOptions(quiet=True))


def test_tracking_sends_no_file_of_another_run(small, run, other, tmp_path, empty_store):
    from harness.errors import TrackingError
    from harness.tracking import track_run

    shutil.copy(empty_store, tmp_path / "mlflow.db")
    store = f"sqlite:///{tmp_path}/mlflow.db"
    shutil.copy(other.folder / "per_user.parquet", run.folder / "per_user.parquet")
    with pytest.raises(TrackingError, match=r"per_user\.parquet is not the file that the run wrote"):
        track_run(run.record, run.folder, experiment_name="small", store=store)
    assert track_run(other.record, other.folder, experiment_name="small", store=store).run_id


def test_a_change_of_a_model_from_elsewhere_is_reported(small, tmp_path):
    def scored(*overrides, force=False):
        experiment = load(
            small,
            f"model={{kind: vectors, checkpoint: {tmp_path}/factors.npz, params: {{history: mean}}}}",
            *overrides,
        )
        result = harness.run(experiment, quiet=True, force=force)
        return [audit for audit in result.results["audits"] if audit["name"] == "changed_files"], result

    vectors = np.random.default_rng(0).normal(size=(40, 4))
    np.savez(tmp_path / "factors.npz", items=vectors)
    found, first = scored()
    assert found == []
    sha256 = hashlib.sha256((tmp_path / "factors.npz").read_bytes()).hexdigest()
    assert first.results["model_files"] == {str(tmp_path / "factors.npz"): sha256}
    found, again = scored(force=True)
    assert found == []
    np.savez(tmp_path / "factors.npz", items=vectors * 2)
    (found,), _ = scored()
    assert (found["severity"], found["count"], found["of"]) == ("warning", 1, 1)
    assert f"1 of 1 files of the model changed since the run of {again.results['created']}" in found["sentence"]
    assert f"{tmp_path / 'factors.npz'}: {sha256[:12]}…, now " in found["cases"][0]
    assert scored()[1].was_finished  # and the finding stays with the run
    assert scored("model.params.history=sum")[0] == []  # another model is no change of files


RESULTS_FAULTS = {
    "no name": (lambda results: results.pop("name"), "name is missing"),
    "no metrics": (lambda results: results.pop("metrics"), "metrics is missing"),
    "metrics are text": (lambda results: results.update(metrics="x"), "metrics: Input should be a valid array"),
    "a value is text": (lambda results: results["metrics"][2].update(value="1"), r"metrics\.2\.value: Input should be"),
    "true for a number": (lambda results: results["metrics"][0].update(value=True), r"metrics\.0\.value: Input should"),
    "a label twice": (lambda results: results["metrics"].append(results["metrics"][0]), "the label .* occurs twice"),
    "no split": (lambda results: results["fingerprints"].pop("split"), r"fingerprints\.split is missing"),
    "no confidence": (
        lambda results: results["experiment"]["statistics"].pop("confidence"),
        r"experiment\.statistics\.confidence is missing",
    ),
    "confidence of 2": (
        lambda results: results["experiment"]["statistics"].update(confidence=2),
        r"experiment\.statistics\.confidence: Input should be less than 1",
    ),
    "protocol is a list": (lambda results: results.update(protocol=[]), "protocol: Input should be"),
    "audits of numbers": (lambda results: results.update(audits=[1]), r"audits\.0: Input should be"),
    "no digests": (lambda results: results.pop("files"), "files is missing"),
    "version is text": (lambda results: results.update(schema_version="2"), "schema_version: Input should be 1 or 2"),
}


@pytest.mark.parametrize("fault", RESULTS_FAULTS)
def test_results_with_a_wrong_field_name_it(run, fault):
    change, named = RESULTS_FAULTS[fault]
    results = results_in(run.folder)
    change(results)
    write_results(run.folder, results)
    for command in (render_again, lambda folder: compare_runs([str(folder), str(folder)])):
        with pytest.raises(HarnessError, match=rf"results\.json is damaged: .*{named}"):
            command(run.folder)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[" * 5_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"schema_version": 2, "x": Infinity}', "Infinity is not a JSON number"),
        (b'{"schema_version": 2, "x": 1e999}', "1e999 is not a JSON number"),
        (b'{"schema_version": 1, "x": NaN}', "NaN is not a JSON number"),
        (b'{"schema_version": 2, "x": ' + b"9" * 5_000 + b"}", "digits"),
        (b"\xff\xfe\x00", "results.json is damaged"),
        (b"", "results.json is damaged"),
        (b"[]", "it holds list, where a map is needed"),
        (b'{"schema_version": 1, "name": "\\ud800"}', "surrogates not allowed"),
        (b'{"schema_version": 3}', "has schema version 3; this version of harness reads 1 and 2"),
    ],
    ids=["brackets", "maps", "Infinity", "1e999", "NaN", "digits", "binary", "empty", "list", "surrogate", "newer"],
)
def test_results_that_are_no_json_are_one_message(run, content, named):
    (run.folder / "results.json").write_bytes(content)
    with pytest.raises(HarnessError, match=named):
        render_again(run.folder)


PER_USER_FAULTS = {
    "text": (lambda table: table.set_column(1, table.column_names[1], pa.array(["x"] * len(table))), "holds string"),
    "lists": (lambda table: table.set_column(1, table.column_names[1], pa.array([[1.0]] * len(table))), "holds list"),
    "ids of lists": (lambda table: table.set_column(0, "user", pa.array([[1]] * len(table))), "where ids are needed"),
    "no ids": (lambda table: table.drop_columns(["user"]), "it must hold 'user' and metrics"),
    "an unknown metric": (
        lambda table: table.rename_columns(["user", *"abcdefghijkl"][: table.num_columns]),
        "it must hold",
    ),
    "a column twice": (lambda table: table.append_column(table.column_names[1], table.column(1)), "Multiple matches"),
    "fewer users": (lambda table: table.slice(1), "59 users in 59 rows, and the record has 60"),
    "no number": (lambda table: table.set_column(1, table.column_names[1], pa.array([np.nan] * 60)), "not finite"),
    "a missing number": (
        lambda table: table.set_column(1, table.column_names[1], pa.array([None] * 60, pa.float64())),
        "missing or not finite",
    ),
    "an infinite number": (lambda table: table.set_column(1, table.column_names[1], pa.array([np.inf] * 60)), "finite"),
    "a column less": (lambda table: table.drop_columns([table.column_names[1]]), "it lacks the column"),
    "a user twice": (lambda table: pa.concat_tables([table.slice(1), table.slice(1, 1)]), "59 users in 60 rows"),
}


@pytest.mark.parametrize("fault", PER_USER_FAULTS)
def test_values_per_user_that_are_none_are_one_message(run, fault):
    change, named = PER_USER_FAULTS[fault]
    path = run.folder / "per_user.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    files = run.results["files"] | {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    write_results(run.folder, {**run.results, "files": files})
    with pytest.raises(HarnessError, match=rf"per_user\.parquet is missing or damaged: .*{named}"):
        render_again(run.folder)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("predictions.parquet", lambda table: table.drop_columns(["rank"]), "it has no column 'rank'"),
        (
            "predictions.parquet",
            lambda table: table.set_column(2, "rank", pa.array(["1"] * len(table))),
            "its column 'rank' holds string",
        ),
        (
            "target_ranks.parquet",
            lambda table: table.set_column(1, "item", pa.array([None] * len(table), pa.string())),
            "its column 'item' holds string, or lacks values",
        ),
    ],
)
def test_a_damaged_table_of_an_earlier_version_is_not_exported(run, name, change, named, tmp_path):
    path = run.folder / name
    pq.write_table(change(pq.read_table(path)), path)
    old = {key: value for key, value in run.results.items() if key not in ("files", "digest")}
    write_results(run.folder, {**old, "schema_version": 1}, sealed=False)
    with pytest.raises(HarnessError, match=rf"{name} is damaged: {named}"):
        export(run.folder, tmp_path / "trec")


def test_nothing_of_a_run_is_written_through_a_link(small, run, other, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.svg").write_text("precious")
    shutil.move(run.folder / "figures", tmp_path / "figures")
    (run.folder / "figures").symlink_to(outside)
    commands = [
        lambda: render_again(run.folder),
        lambda: harness.run(load(small), quiet=True),
        lambda: harness.run(load(small), quiet=True, force=True),
    ]
    for command in commands:
        with pytest.raises(HarnessError, match=r"figures is a link, and nothing is written through links"):
            command()
    (run.folder / "figures").unlink()

    def compare():
        return compare_runs([str(other.folder), str(run.folder)], options=ComparisonOptions(quiet=True)).folder

    comparison = compare()
    for name in ("figures", "comparison.html", "comparison.json", ".comparison.lock"):
        kept = (comparison / name).rename(tmp_path / "kept")
        (comparison / name).symlink_to(outside / "precious.svg" if kept.is_file() else outside)
        with pytest.raises(HarnessError, match=rf"{name} is a link"):
            compare()
        (comparison / name).unlink()
        kept.rename(comparison / name)
    (tmp_path / "out").mkdir()
    writers = {
        "out/run.trec": lambda: export(run.folder, tmp_path / "out"),
        "out/train.parquet": lambda: write_split(load(small), tmp_path / "out"),
        "ease.safetensors": lambda: harness.fit(load(small), force=True),
        "reports/small/ease": lambda: harness.run(load(small), quiet=True),
        "reports/small": lambda: harness.run(load(small), quiet=True),
    }
    for name, write in writers.items():
        storage.remove(tmp_path / name)
        (tmp_path / name).symlink_to(outside / "precious.svg" if "." in name else outside)
        with pytest.raises(HarnessError, match=rf"{name} is a link"):
            write()
    assert (outside / "precious.svg").read_text() == "precious"
    assert [path.name for path in outside.iterdir()] == ["precious.svg"]


@pytest.mark.parametrize("version", [1, 2])
def test_slices_that_no_run_writes_are_damage(run, version):
    results = run.results | {"schema_version": version, "slices": [{"name": "activity", "of": "users", "gaps": {}}]}
    write_results(run.folder, results)
    with pytest.raises(HarnessError, match=r"results\.json is damaged: slices\.0\.groups is missing"):
        render_again(run.folder)
