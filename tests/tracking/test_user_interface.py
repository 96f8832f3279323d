"""The MLflow UI in a headless browser: the charts, the comparison, its report."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from mlflow_server import free_port, stop, wait_for

import harness
from harness.errors import TrackingError
from harness.pipeline import ComparisonOptions, compare_runs
from harness.tracking import interface_address, served_by

pytestmark = pytest.mark.slow

PATIENCE = 90_000  # milliseconds; the pages are large, and the machine may be busy


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with two runs and their comparison in a store."""
    from conftest import EXPERIMENT, small_table

    folder = tmp_path_factory.mktemp("interface")
    small_table().to_csv(folder / "data.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        for kind in ("popularity", "ease"):
            text = EXPERIMENT.format(data=folder / "data.csv", folder=folder).replace("ease", kind)
            text = text if kind == "ease" else text.replace("  params: {l2: 10.0}\n", "")
            (folder / f"{kind}.yaml").write_text(text.replace("enabled: false", "enabled: true"))
            harness.run(folder / f"{kind}.yaml", quiet=True)
        names = ["popularity.yaml", "ease.yaml"]
        compared = compare_runs(names, options=ComparisonOptions(quiet=True, name="small/benchmark"))
    return folder, compared.tracked


@pytest.fixture(scope="module")
def interface(place):
    """The first line that ``harness ui`` prints; it serves until the tests end."""
    folder, _ = place
    port = free_port()
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "harness", "ui", "--port", str(port)]
    with (folder / "ui.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
    try:
        line = process.stdout.readline()
        wait_for(f"http://127.0.0.1:{port}")
        yield line
    finally:
        stop(process)
        process.stdout.close()


def test_the_printed_address_shows_the_charts_of_all_runs(interface, browser):
    word, address = interface.split()
    assert word == "charts"
    with browser.visit(address, width=1600) as visit:
        page = visit.page
        for name in ("small/ease", "small/popularity", "small/benchmark"):
            page.get_by_role("link", name=name).first.wait_for(timeout=PATIENCE)
        page.get_by_text("accuracy/ndcg_at_10", exact=True).first.wait_for(timeout=PATIENCE)
        page.locator(".js-plotly-plot").nth(3).wait_for(timeout=PATIENCE)


def test_the_parent_has_its_description_children_and_report(interface, place, browser):
    _, tracked = place
    server = interface.split()[1].partition("/#/")[0]
    address = f"{server}/#/experiments/{tracked.experiment_id}/runs/{tracked.run_id}"
    with browser.visit(address, width=1600) as visit:
        page = visit.page
        page.get_by_text("has the highest ndcg@10 of 2 runs").first.wait_for(timeout=PATIENCE)
        page.get_by_role("link", name="small/ease").first.wait_for(timeout=PATIENCE)
        page.get_by_text("harness.verdict.small/ease").first.wait_for(timeout=PATIENCE)
        page.get_by_text("Show more").first.click(timeout=PATIENCE)
        with page.expect_popup(timeout=PATIENCE) as opened:
            page.get_by_role("link", name="comparison.html").first.click(timeout=PATIENCE)
        report = opened.value.frame_locator("iframe").get_by_role("heading", name="1 run against popularity")
        report.wait_for(timeout=PATIENCE)


def test_the_report_of_a_run_and_its_values_per_user_are_shown(interface, place, browser):
    folder, tracked = place
    run = next(iter((folder / "mlartifacts").rglob("per_user.json"))).parent.parent.name
    server = interface.split()[1].partition("/#/")[0]
    artifacts = f"{server}/#/experiments/{tracked.experiment_id}/runs/{run}/artifacts"
    with browser.visit(f"{artifacts}/report.html", width=1600) as visit:
        visit.page.frame_locator("iframe").get_by_role("heading", level=1).first.wait_for(timeout=PATIENCE)
    with browser.visit(f"{artifacts}/per_user.json", width=1600) as visit:
        visit.page.get_by_text("u000", exact=True).first.wait_for(timeout=PATIENCE)
        visit.page.get_by_text("recall@1", exact=True).first.wait_for(timeout=PATIENCE)


def test_a_server_is_not_served_again(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@example.org/mlflow")
    assert served_by() == "https://me:***@example.org/mlflow"
    assert served_by(f"sqlite:///{tmp_path}/mlflow.db") is None
    with pytest.raises(TrackingError, match="does not answer"):
        interface_address("http://127.0.0.1:5000", store="http://127.0.0.1:9")


def test_a_store_without_runs_leads_to_the_start_page(tmp_path):
    assert interface_address("http://127.0.0.1:5000", store=f"sqlite:///{tmp_path}/mlflow.db") == (
        "http://127.0.0.1:5000/"
    )
