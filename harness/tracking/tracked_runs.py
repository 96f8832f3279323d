"""The places of runs in MLflow, and searches for runs there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import quote

from harness.tracking.mlflow_names import metric_name, safe_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

TrackingState: TypeAlias = Literal["sent", "there", "deleted"]

LOCAL_SERVER = "http://127.0.0.1:5000"  # where `harness ui` serves a local store
_PAGE = 1000  # runs per request


@dataclass(frozen=True)
class TrackedRun:
    """The place of a run or a comparison in MLflow.

    Parameters
    ----------
    run_id, experiment_id
        The ids that MLflow gave them.
    uri
        The store, without a password.
    state
        ``sent`` now, ``there`` before, or ``deleted`` in MLflow and not sent again.
    primary
        Name of the primary metric in MLflow, by which the charts are sorted; None if there is none.
    """

    run_id: str
    experiment_id: str
    uri: str
    state: TrackingState = "sent"
    primary: str | None = None

    @property
    def is_served(self) -> bool:
        """Whether the store is a server, so that its pages can be opened at once."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def charts(self) -> str:
        """The address of the charts of the experiment: on the server, or where ``harness ui`` serves a local store."""
        return charts_address(self.uri if self.is_served else LOCAL_SERVER, self.experiment_id, self.primary)


def charts_address(server: str, experiment_id: str, primary: str | None) -> str:
    """Return the address of the chart view of an experiment's runs.

    MLflow opens an empty page of traces by default. The runs are sorted by a metric, since MLflow otherwise folds the
    runs of a comparison and draws none of them.

    Parameters
    ----------
    server
        Address of the user interface.
    experiment_id
        The experiment.
    primary
        Name of the metric to sort by.

    Examples
    --------
    >>> charts_address("http://127.0.0.1:5000/", "1", "accuracy/auc").partition("?")[2]
    'workflowType=machine_learning&compareRunsMode=CHART&orderByKey=metrics.%60accuracy/auc%60&orderByAsc=false'
    """
    view = "workflowType=machine_learning&compareRunsMode=CHART"
    order = "" if primary is None else f"&orderByKey=metrics.{quote(f'`{primary}`')}&orderByAsc=false"
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs?{view}{order}"


def primary_of(run: Run) -> str | None:
    """Return the name of the primary metric of a run in MLflow; None if it is not there."""
    label = run.data.tags.get("harness.primary", "")
    wanted = metric_name("", label)
    return next((key for key in run.data.metrics if key.partition("/")[2] == wanted), None)


def quoted(value: str) -> str:
    """Return a value for a search, which has no way to escape a quote."""
    return f"'{safe_name(value)}'"


def search(client: MlflowClient, experiments: Sequence[str], wanted: str, *, deleted: bool = False) -> Iterator[Run]:
    """Yield the runs of experiments that a filter of MLflow finds, the newest first.

    Parameters
    ----------
    client
        Of an opened store.
    experiments
        Ids of experiments.
    wanted
        A filter in MLflow's language.
    deleted
        Whether to find deleted runs, too.
    """
    from mlflow.entities import ViewType

    view, token = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY, None
    while experiments:
        order = ["attributes.start_time DESC"]
        page = client.search_runs(list(experiments), wanted, view, _PAGE, order, token)
        yield from page
        token = page.token
        if not token:
            return


def experiment_ids(client: MlflowClient) -> list[str]:
    """Return the ids of all experiments of a store."""
    found: list[str] = []
    token = None
    while True:
        page = client.search_experiments(page_token=token)
        found += [str(experiment.experiment_id) for experiment in page]
        token = page.token
        if not token:
            return found
