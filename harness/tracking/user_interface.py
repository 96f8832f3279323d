"""Start MLflow's user interface on a local store."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from harness.tracking import tracking_store
from harness.tracking.tracked_runs import charts_address, experiment_ids, primary_of


def interface_address(server: str, *, store: str | None = None) -> str:
    """Return the address of the charts of the experiment of the newest run; MLflow's start page if there is none.

    Parameters
    ----------
    server
        Address of the user interface.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used.
    """
    uri = tracking_store.resolve(store)
    with tracking_store.opened(uri) as client:
        experiments = experiment_ids(client)
        found = client.search_runs(
            experiments, "tags.`harness.kind` = 'run'", max_results=1, order_by=["attributes.start_time DESC"]
        )
    if not found:
        return f"{server.rstrip('/')}/"
    return charts_address(server, str(found[0].info.experiment_id), primary_of(found[0]))


def served_by(store: str | None = None) -> str | None:
    """Return the address of a store that is a server itself, without a password; None for other stores."""
    uri = tracking_store.resolve(store)
    return tracking_store.without_password(uri) if uri.startswith(("http://", "https://")) else None


def serve(*, host: str, port: int, store: str | None = None) -> NoReturn:
    """Become the process of MLflow's user interface on a store that is a file or a database."""
    uri = tracking_store.resolve(store)
    # Job execution would start a dozen more processes.
    settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    # The list of processes shows arguments to everyone, and a URI may hold a password.
    environment = settings | os.environ | {"MLFLOW_BACKEND_STORE_URI": uri}
    command = [sys.executable, "-m", "mlflow", "ui", "--workers", "1", "--host", host, "--port", str(port)]
    os.execve(sys.executable, command, environment)  # noqa: S606  (no shell on purpose)
