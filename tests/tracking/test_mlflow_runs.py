"""Runs in a real MLflow store, read back through its own client."""

import dataclasses
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest
from run_records import record_of, write_results

from harness.artifacts import to_json
from harness.errors import TrackingError
from harness.tracking import find_run, track_run
from harness.tracking.tracking_store import opened, resolve

FINGERPRINT = "e" * 64


@pytest.fixture
def record():
    metrics = [
        {
            "label": f"ndcg@{k}",
            "name": "ndcg",
            "k": k,
            "variant": {"gain": "binary"},
            "family": "accuracy",
            "higher_is_better": True,
            "value": k / 100,
            "std": 0.2,
            "ci_low": k / 200,
            "ci_high": k / 50,
            "n_users": 938,
        }
        for k in (1, 5, 10)
    ]
    results = {
        "schema_version": 1,
        "name": "ml-100k/ease",
        "created": "2026-11-23T10:00:00Z",
        "partial": None,
        "experiment": {
            "name": "ml-100k/ease",
            "dataset": {"catalog": "ml-100k", "filters": [{"kind": "min_rating", "value": 4.0}]},
            "model": {"kind": "ease", "params": {"l2": 100.0}},
            "evaluation": {"primary": "ndcg@10", "cutoffs": [1, 5, 10]},
        },
        "fingerprints": {"split": "5" * 64, "data": "d" * 64, "checkpoint": "c" * 64, "evaluation": FINGERPRINT},
        "environment": {"harness": "0.1.0", "git": {"commit": "abc", "dirty": True}},
        "dataset": {"name": "ml-100k", "sha256": "9" * 64, "filtered": {"users": 938}},
        "metrics": metrics,
        "timings": {"phases": {"fit": 0.4}, "users_per_second": 1000.0, "total": 3.5},
    }
    return record_of(results)


@pytest.fixture
def folder(tmp_path, record):
    place = tmp_path / "reports" / "ml-100k" / "ease"
    place.mkdir(parents=True)
    (place / "report.html").write_text("<!doctype html>", encoding="utf-8")
    write_results(place, to_json(record), sealed=False)
    (place / "experiment.yaml").write_text("name: x\n", encoding="utf-8")
    (place / "per_user.parquet").mkdir()
    users = pd.DataFrame({"user": [9007199254740993, 2], "ndcg@10": [0.5, 0.25]})
    users.to_parquet(place / "per_user.parquet" / "part-0.parquet")
    return place


@pytest.fixture
def new_place(tmp_path, monkeypatch):
    """A working folder of its own, and no store chosen by the environment."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    place = tmp_path / "a folder with 中 and spaces"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def workplace(new_place, empty_store):
    """A working folder whose default store is there."""
    shutil.copy(empty_store, new_place / "mlflow.db")
    return new_place


@pytest.fixture
def fluent_store():
    """Return a function that names the store of MLflow's fluent functions, and forget it after the test."""
    import mlflow

    yield mlflow.set_tracking_uri
    mlflow.set_tracking_uri("")


def test_a_run_reads_back_whole(new_place, folder, record, fluent_store):
    tracked = track_run(record, folder, experiment_name="ml-100k")
    fluent_store(tracked.uri)  # `load_table` of a client searches there

    assert tracked.uri == f"sqlite:///{new_place}/mlflow.db"
    assert (tracked.state, tracked.is_served) == ("sent", False)
    charts = f"http://127.0.0.1:5000/#/experiments/{tracked.experiment_id}/runs?workflowType=machine_learning"
    assert tracked.charts.startswith(f"{charts}&compareRunsMode=CHART")
    with opened(tracked.uri) as client:
        run = client.get_run(tracked.run_id)
        experiment = client.get_experiment(tracked.experiment_id)
        curve = {row.step: row.value for row in client.get_metric_history(tracked.run_id, "accuracy/ndcg_at_k")}
        artifacts = {item.path for item in client.list_artifacts(tracked.run_id)}
        parts = [item.path for item in client.list_artifacts(tracked.run_id, "per_user.parquet")]
        per_user = client.load_table(tracked.experiment_id, "per_user.json", [tracked.run_id])
        file = next((new_place / "mlartifacts").rglob("per_user.json"))
        model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
        found = client.search_runs([tracked.experiment_id], "metrics.`accuracy/ndcg_at_10` > 0.05")

    assert experiment.name == "ml-100k"
    assert (run.info.run_name, run.info.status) == ("ml-100k/ease", "FINISHED")
    assert run.info.end_time - run.info.start_time == 3500
    assert run.data.metrics["accuracy/ndcg_at_10"] == 0.1
    assert run.data.metrics["accuracy/ndcg_at_10_ci_low"] == 0.05
    assert curve == {1: 0.01, 5: 0.05, 10: 0.1}
    assert run.data.params["model.params.l2"] == "100.0"
    assert run.data.params["dataset.filters.0.kind"] == "min_rating"
    assert run.data.tags["harness.fingerprint.data"] == "d" * 64
    assert run.data.tags["harness.git.dirty"] == "true"
    assert run.data.tags["mlflow.source.git.commit"] == "abc"
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("ml-100k", "9" * 36)
    assert {tag.key: tag.value for tag in data.tags} == {"mlflow.data.context": "evaluation", "sha256": "9" * 64}
    assert (model.model_type, str(model.status), model.source_run_id) == ("ease", "READY", tracked.run_id)
    assert {row.key for row in model.metrics} >= {"accuracy/ndcg_at_10"}
    assert artifacts == {"report.html", "results.json", "experiment.yaml", "per_user.parquet", "per_user.json"}
    assert per_user.to_dict("list") == {"user": [9007199254740993, 2], "ndcg@10": [0.5, 0.25]}
    assert json.loads(file.read_text())["data"] == [["9007199254740993", 0.5], ["2", 0.25]]
    assert parts == ["per_user.parquet/part-0.parquet"]
    assert [row.info.run_id for row in found] == [tracked.run_id]
    assert {path.name for path in new_place.iterdir()} == {"mlflow.db", "mlflow.db.lock", "mlartifacts"}


def test_the_same_run_is_sent_once_and_a_new_one_again(workplace, folder, record):
    first = track_run(record, folder, experiment_name="e")
    assert track_run(record, folder, experiment_name="e") == dataclasses.replace(first, state="there")
    assert find_run(None, "e", FINGERPRINT) == first.run_id

    later = track_run(dataclasses.replace(record, created="2026-11-23T11:00:00Z"), folder, experiment_name="e")
    other = track_run(dataclasses.replace(record, name="other"), folder, experiment_name="e")

    assert len({first.run_id, later.run_id, other.run_id}) == 3
    assert find_run(None, "e", FINGERPRINT, name="ml-100k/ease") == later.run_id
    assert find_run(None, "e", FINGERPRINT, name="nobody") is None
    assert find_run(None, "e", "f" * 64) is None
    assert find_run(None, "another", FINGERPRINT) is None


def test_looking_for_a_run_makes_no_store(new_place):
    assert find_run(None, "e", FINGERPRINT) is None
    assert list(new_place.iterdir()) == []


def test_the_environment_chooses_the_store_and_an_argument_overrides_it(workplace, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///from-environment.db")
    assert resolve(None) == f"sqlite:///{workplace}/from-environment.db"
    assert resolve("sqlite:///argument.db") == f"sqlite:///{workplace}/argument.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert resolve(None) == f"sqlite:///{workplace}/mlflow.db"


def test_nothing_is_reported_and_the_environment_stays(new_place, folder, record, capfd, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    before = dict(os.environ)
    track_run(record, folder, experiment_name="quiet")
    assert dict(os.environ) == before
    assert capfd.readouterr() == ("", "")


def check_refused(words, folder, record, store):
    with pytest.raises(TrackingError) as caught:
        track_run(record, folder, experiment_name="e", store=store)
    message = str(caught.value)
    assert words in message
    assert f"safe in {folder}" in message
    assert "`harness sync` sends them later" in message
    assert "\n" not in message


@pytest.mark.parametrize("store", ["./mlruns", "file:///somewhere/mlruns", "mlruns"])
def test_a_folder_is_not_a_store(store, new_place, folder, record):
    check_refused("is a folder", folder, record, store)


@pytest.mark.parametrize("store", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_is_refused(store, new_place, folder, record):
    check_refused("end with this process", folder, record, store)


def test_a_damaged_file(workplace, folder, record):
    (workplace / "mlflow.db").write_bytes(b"not a database" * 100)
    check_refused("not a database", folder, record, None)


def test_a_place_that_cannot_be_written(new_place, folder, record):
    (new_place / "file").write_text("")
    check_refused("cannot lock", folder, record, "sqlite:///file/mlflow.db")


def test_an_unknown_kind_of_store(new_place, folder, record):
    check_refused("failed", folder, record, "gopher://host")


def test_a_deleted_experiment(workplace, folder, record):
    tracked = track_run(record, folder, experiment_name="e")
    with opened(tracked.uri) as client:
        client.delete_experiment(tracked.experiment_id)
    check_refused("was deleted. Restore it", folder, record, None)


@pytest.mark.parametrize("store", ["http://me:secret@127.0.0.1:9", "postgresql://me:secret@127.0.0.1:9/db"])
def test_a_server_that_is_not_there_fails_within_seconds(store, new_place, folder, record):
    start = time.monotonic()
    check_refused("me:***@127.0.0.1:9", folder, record, store)
    assert time.monotonic() - start < 5


class Refusing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 403)
        self.end_headers()
        self.wfile.write(b"no")

    def do_POST(self):
        self.do_GET()

    def log_message(self, *arguments):
        pass


def test_a_server_that_refuses(new_place, folder, record):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            check_refused("403", folder, record, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("error", "status"), [(OSError("disk full"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_a_run_that_breaks_off_is_completed(error, status, workplace, folder, record, monkeypatch):
    from mlflow import MlflowClient

    def fail(*arguments, **options):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_artifact", fail)
        with pytest.raises(TrackingError if status == "FAILED" else KeyboardInterrupt):
            track_run(record, folder, experiment_name="e")
    assert find_run(None, "e", FINGERPRINT) is None
    with opened(resolve(None)) as client:
        experiment = client.get_experiment_by_name("e").experiment_id
        (begun,) = client.search_runs([experiment])
    assert begun.info.status == status
    sent = track_run(record, folder, experiment_name="e")
    assert (sent.run_id, sent.state) == (begun.info.run_id, "sent")
    with opened(sent.uri) as client:
        (run,) = client.search_runs([experiment])
        (model,) = client.search_logged_models([experiment])
        history = client.get_metric_history(sent.run_id, "accuracy/ndcg_at_k")
    assert (run.info.status, str(model.status)) == ("FINISHED", "READY")
    assert len(run.inputs.dataset_inputs) == len(run.outputs.model_outputs) == 1
    assert len(history) == 3


def test_a_run_that_was_begun_with_other_parameters_is_sent_anew(workplace, folder, record, monkeypatch):
    from mlflow import MlflowClient

    def fail(*arguments, **options):
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_artifact", fail)
        with pytest.raises(TrackingError):
            track_run(record, folder, experiment_name="e")
    resolved = dict(record.experiment.resolved) | {"model": {"kind": "ease", "params": {"l2": 5.0}}}
    changed = dataclasses.replace(record, experiment=dataclasses.replace(record.experiment, resolved=resolved))
    sent = track_run(changed, folder, experiment_name="e")
    with opened(sent.uri) as client:
        (run,) = client.search_runs([sent.experiment_id])
    assert run.data.params["model.params.l2"] == "5.0"


def test_a_run_that_was_deleted_is_sent_again_only_if_asked(workplace, folder, record):
    first = track_run(record, folder, experiment_name="e")
    with opened(first.uri) as client:
        client.delete_run(first.run_id)
    left = track_run(record, folder, experiment_name="e", resend_deleted=False)
    assert left == dataclasses.replace(first, state="deleted")
    again = track_run(record, folder, experiment_name="e")
    assert again.state == "sent"
    assert again.run_id != first.run_id


def test_very_many_parameters_and_odd_names(workplace, folder, record):
    resolved = {"model": {"params": {f"p{i} $<>": i for i in range(250)}}}
    experiment = dataclasses.replace(record.experiment, resolved=resolved)
    record = dataclasses.replace(record, experiment=experiment, name='<script>/中:%"')
    tracked = track_run(record, folder, experiment_name="<b> 'quoted' \"e\"")
    with opened(tracked.uri) as client:
        run = client.get_run(tracked.run_id)
    assert sum(key.startswith("model.params.") for key in run.data.params) == 250
    assert run.info.run_name == record.name


@pytest.mark.slow
def test_processes_that_start_at_once_on_a_new_file_all_succeed(new_place, folder, record):
    program = (
        "import dataclasses, sys; from pathlib import Path; from harness.tracking import track_run\n"
        "from harness.pipeline.run_folder.record_file import record_of\n"
        "folder = Path(sys.argv[1]); record = dataclasses.replace(record_of(folder), name=sys.argv[2])\n"
        "print(track_run(record, folder, experiment_name='e').run_id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder), f"run-{i}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for i in range(3)
    ]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in processes]
    assert [(code, errors) for _, errors, code in ends] == [(0, b"")] * 3
    assert len({output for output, _, _ in ends}) == 3
    with opened(resolve(None)) as client:
        (experiment,) = client.search_experiments(filter_string="name = 'e'")
        assert len(client.search_runs([experiment.experiment_id])) == 3
