"""``harness sync`` sends what a store lacks, once, whatever interrupted it before."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow_server import Proxy, free_port, server

import harness
from harness.errors import HarnessError, TrackingError
from harness.pipeline import ComparisonOptions, compare_runs, sync
from harness.tracking import download_run
from harness.tracking.tracking_store import opened

KINDS = ("popularity", "ease")


@pytest.fixture
def place(small, tmp_path, empty_store, monkeypatch):
    """A working folder with two experiments, and a store of its own without runs."""
    monkeypatch.chdir(tmp_path)
    for kind in KINDS:
        text = small.read_text().replace("ease", kind).replace("enabled: false", "enabled: true")
        text = text if kind == "ease" else text.replace("  params: {l2: 10.0}\n", "")
        (tmp_path / f"{kind}.yaml").write_text(text)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    return tmp_path


def run_and_compare(monkeypatch, uri="http://127.0.0.1:9"):
    """Make two runs and a comparison while the store does not answer, or cuts off."""
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        results = [harness.run(f"{kind}.yaml", quiet=True) for kind in KINDS]
        folders = [str(result.folder) for result in results]
        compared = compare_runs(folders, options=ComparisonOptions(quiet=True, name="both"))
    assert all((result.folder / "results.json").is_file() for result in results)
    assert (compared.folder / "comparison.html").is_file()
    return results, compared


def runs_in(uri, name="small"):
    with opened(uri) as client:
        experiment = client.get_experiment_by_name(name).experiment_id
        found = client.search_runs([experiment])
        models = client.search_logged_models([experiment])
    assert sorted(str(model.status) for model in models) == ["READY"] * (len(found) - 1)
    return sorted((run.info.run_name, run.info.status) for run in found)


EVERYTHING = [("both", "FINISHED"), ("small/ease", "FINISHED"), ("small/popularity", "FINISHED")]


def test_what_a_store_lacks_is_sent_once(place, monkeypatch, caplog):
    results, compared = run_and_compare(monkeypatch)
    assert [result.tracked for result in results] == [None, None]
    assert compared.tracked is None
    assert "`harness sync` sends them later" in caplog.text
    uri = os.environ["MLFLOW_TRACKING_URI"]
    first = sync(Path("reports"))
    assert first.sent == (
        "run reports/small/ease",
        "run reports/small/popularity",
        "comparison reports/comparisons/both",
    )
    assert first.store == uri
    again = sync(Path("reports"))
    assert (again.sent, again.there, again.failed) == ((), 3, 0)
    assert runs_in(uri) == EVERYTHING
    # The commands find what sync sent.
    result = harness.run("ease.yaml", quiet=True)
    assert result.tracked.state == "there"


def test_runs_that_are_switched_off_and_deleted_ones_are_left(place, monkeypatch):
    harness.run("ease.yaml", quiet=True)
    switched_off = harness.load_experiment("popularity.yaml", ["tracking.enabled=false"])
    folders = ["reports/small/ease", str(harness.run(switched_off, quiet=True).folder)]
    compare_runs(folders, options=ComparisonOptions(quiet=True, track=False))
    found = sync(Path("reports"))
    assert (len(found.sent), found.there, found.disabled) == (1, 1, 1)  # the comparison has one run in the store
    with opened(os.environ["MLFLOW_TRACKING_URI"]) as client:
        experiment = client.get_experiment_by_name("small").experiment_id
        for run in client.search_runs([experiment]):
            client.delete_run(run.info.run_id)
    found = sync(Path("reports"))
    assert (found.sent, found.deleted, found.disabled, found.without_runs) == ((), 1, 1, 1)
    found = sync(Path("reports"), everything=True)
    assert len(found.sent) == 3


def test_a_comparison_gets_the_runs_that_come_later(place, monkeypatch):
    run_and_compare(monkeypatch)
    shutil.move("reports/small/ease", "elsewhere")
    assert len(sync(Path("reports")).sent) == 2
    shutil.move("elsewhere", "reports/small/ease")
    assert sync(Path("reports")).sent == ("run reports/small/ease", "comparison reports/comparisons/both")
    with opened(os.environ["MLFLOW_TRACKING_URI"]) as client:
        experiment = client.get_experiment_by_name("small").experiment_id
        runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert len(runs) == 3
    assert runs["small/ease"].data.tags["mlflow.parentRunId"] == runs["both"].info.run_id


def test_a_changed_file_is_not_sent_and_the_others_are(place, monkeypatch, caplog):
    results, _ = run_and_compare(monkeypatch)
    (results[0].folder / "report.html").write_text("changed")
    found = sync(Path("reports"))
    assert found.failed == 1
    assert len(found.sent) == 2
    assert "is not the file that the run wrote" in caplog.text


def test_users_stay_here_if_the_experiment_says_so(place, tmp_path):
    experiment = harness.load_experiment(
        "ease.yaml", ["tracking.per_user=false", "evaluation.slices=[{by: activity, quantiles: 2}]"]
    )
    result = harness.run(experiment, quiet=True)
    with opened(os.environ["MLFLOW_TRACKING_URI"]) as client:
        files = {item.path for item in client.list_artifacts(result.tracked.run_id)}
        tags = client.get_run(result.tracked.run_id).data.tags
    assert files == {"report.html", "results.json", "experiment.yaml", "relevant_items.parquet"}
    assert "mlflow.loggedArtifacts" not in tags
    assert (result.folder / "slices.parquet").exists()
    with pytest.raises(TrackingError, match=r"it was sent with tracking\.per_user: false"):
        download_run(result.tracked.run_id, tmp_path)


def test_mistakes_are_one_message(place, monkeypatch, cli):
    with pytest.raises(HarnessError, match="there is no folder nowhere"):
        sync(Path("nowhere"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(TrackingError, match="does not answer"):
        sync(place)


def test_the_command_says_what_it_sent(place, monkeypatch, cli):
    run_and_compare(monkeypatch)
    code, out, _ = cli("sync", "reports")
    assert code == 0
    assert "sent    run reports/small/ease\n" in out
    assert "sent    comparison reports/comparisons/both\n" in out
    code, out, _ = cli("sync")
    assert code == 0
    assert "there   3 sent before\nnothing to send\n" in out
    Path("reports/comparisons/both/comparison.json").write_text("{}")
    code, out, err = cli("sync")
    assert code == 2
    assert "comparison.json is missing or damaged" in err
    assert "1 could not be sent" in err


@pytest.mark.slow
def test_processes_that_sync_at_once_send_once(place, monkeypatch):
    run_and_compare(monkeypatch)
    command = [sys.executable, "-m", "harness", "sync"]
    ends = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in ends]
    assert [process.returncode for process in ends] == [0, 0]
    assert sum(output.count("sent    ") for output in outputs) == 3
    assert runs_in(os.environ["MLFLOW_TRACKING_URI"]) == EVERYTHING


@pytest.fixture(scope="module")
def tracking_server(tmp_path_factory):
    """The address of a server, and a proxy that cuts off."""
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    with server(folder, port) as address, contextlib.closing(Proxy(port)) as proxy:
        yield address, proxy


@pytest.mark.slow
@pytest.mark.parametrize(
    "cut_at",
    [
        b"/health",  # at the start
        b"runs/log-batch",  # in the middle of the metrics
        b"report.html",  # in the middle of the files
        b"runs/update",  # at the end
    ],
)
def test_a_server_that_goes_away_harms_no_run_and_gets_it_once(cut_at, place, tracking_server, monkeypatch):
    address, proxy = tracking_server
    experiment = cut_at.decode().replace("/", " ").strip()  # of its own, since all cases have equal runs
    for path in place.glob("*.yaml"):
        path.write_text(path.read_text().replace("enabled: true", f"enabled: true, experiment: {experiment}"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", proxy.address)
    proxy.cut_at = cut_at
    start = time.monotonic()
    run_and_compare(monkeypatch, proxy.address)
    assert time.monotonic() - start < 60
    assert proxy.is_cut
    proxy.restore()
    assert len(sync(Path("reports")).sent) == 3
    assert sync(Path("reports")).there == 3
    assert runs_in(address, experiment) == EVERYTHING
