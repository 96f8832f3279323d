"""A run's results, written to MLflow in one piece."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import storage
from harness.errors import TrackingError
from harness.tracking import run_contents, tracking_store
from harness.tracking.mlflow_names import safe_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

ARTIFACTS = ("report.html", "results.json", "per_user.parquet", "experiment.yaml")
_LISTED = ("report.html", "per_user.parquet", "experiment.yaml")  # by digest in the results

_DIGEST = 36  # characters of a data set's digest, MLflow's own limit
_BATCH = 100  # parameters or tags a call; metrics may be ten times as many


@dataclass(frozen=True)
class Tracked:
    """Where a run stands in MLflow.

    Parameters
    ----------
    run_id, experiment_id
        MLflow's own ids.
    uri
        The store, without a password.
    url_or_hint
        The run's page on a server, or the command that shows a local store.
    """

    run_id: str
    experiment_id: str
    uri: str
    url_or_hint: str


def track_run(results: Mapping[str, Any], folder: Path, *, experiment_name: str, store: str | None = None) -> Tracked:
    """Send a finished run to MLflow: metrics, parameters, tags, data set, model and files.

    A run that is there already, by its name, fingerprint and time of creation, is not sent twice:
    its place is returned.

    Parameters
    ----------
    results
        What ``results.json`` holds.
    folder
        The run's folder; those of ``report.html``, ``results.json``, ``per_user.parquet`` and
        ``experiment.yaml`` that are there are sent.
    experiment_name
        MLflow's experiment, made if it is missing.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used. The files are complete, and the message says so. A run that was
        begun is marked as failed, or as killed where the user interrupted it.
    """
    try:
        return _track(results, folder, experiment_name, store)
    except TrackingError as error:
        raise TrackingError(
            f"{error} The results are safe in {folder}: running the same command again sends them."
        ) from error


def find_run(store_uri: str | None, experiment_name: str, fingerprint: str, *, name: str | None = None) -> str | None:
    """Return the id of the newest finished run with this evaluation fingerprint, if there is one.

    Parameters
    ----------
    store_uri
        As in ``track_run``.
    experiment_name
        MLflow's experiment.
    fingerprint
        ``results["fingerprints"]["evaluation"]``.
    name
        The run's name, where runs of other names do not count.

    Raises
    ------
    TrackingError
        The store cannot be used.
    """
    uri = tracking_store.resolve(store_uri)
    file = tracking_store.database(uri)
    if file is not None and not file.exists():
        return None
    with tracking_store.opened(uri) as client:
        experiment = client.get_experiment_by_name(experiment_name)
        if experiment is None:
            return None
        runs = _finished(client, str(experiment.experiment_id), fingerprint)
        return next((str(run.info.run_id) for run in runs if name is None or run.info.run_name == name), None)


def _track(results: Mapping[str, Any], folder: Path, experiment_name: str, store_uri: str | None) -> Tracked:
    uri = tracking_store.resolve(store_uri)
    with tracking_store.opened(uri) as client:
        experiment_id = _experiment(client, experiment_name, tracking_store.artifact_folder(uri))
        run_id = _sent_before(client, experiment_id, results) or _send(client, experiment_id, results, folder)
    return Tracked(run_id, experiment_id, tracking_store.without_password(uri), _place(uri, experiment_id, run_id))


def _send(client: MlflowClient, experiment_id: str, results: Mapping[str, Any], folder: Path) -> str:
    _check(results, folder)
    start = run_contents.created_ms(results)
    run = client.create_run(
        experiment_id, start_time=start, run_name=str(results["name"]), tags=run_contents.tags(results)
    )
    run_id = str(run.info.run_id)
    with _ended(client, run_id, end_ms=start + int(1000 * (results.get("timings", {}).get("total") or 0))):
        _log(client, experiment_id, run_id, results)
        for name in ARTIFACTS:
            # Values of very many users are a folder of parts.
            if (folder / name).is_dir():
                client.log_artifacts(run_id, str(folder / name), artifact_path=name)
            elif (folder / name).exists():
                client.log_artifact(run_id, str(folder / name))
    return run_id


def _check(results: Mapping[str, Any], folder: Path) -> None:
    """Refuse to send files that are not those that the run wrote; results of earlier versions list none."""
    listed = results.get("files")
    wrong = None if listed is None else storage.changed_file(folder, listed, _LISTED)
    if wrong is not None:
        raise TrackingError(
            f"{folder / wrong} is not the file that the run wrote (by the SHA-256 in results.json), and is not sent."
        )


def _sent_before(client: MlflowClient, experiment_id: str, results: Mapping[str, Any]) -> str | None:
    fingerprint, created = results.get("fingerprints", {}).get("evaluation"), results.get("created")
    if fingerprint is None or created is None:
        return None
    for run in _finished(client, experiment_id, fingerprint):
        if (run.info.run_name, run.data.tags.get("harness.created")) == (results["name"], created):
            return str(run.info.run_id)
    return None


def _finished(client: MlflowClient, experiment_id: str, fingerprint: str) -> Sequence[Run]:
    """Return the finished runs with an evaluation fingerprint, the newest first."""
    return client.search_runs(
        [experiment_id],
        f"tags.`harness.fingerprint` = '{safe_name(fingerprint)}' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
    )


def _experiment(client: MlflowClient, name: str, artifact_location: str | None) -> str:
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(name)
    if known is None:
        try:
            return str(client.create_experiment(name, artifact_location=artifact_location))
        except MlflowException:
            known = client.get_experiment_by_name(name)  # another machine was quicker
            if known is None:
                raise
    if known.lifecycle_stage == "deleted":
        raise TrackingError(
            f"the MLflow experiment '{name}' was deleted. Restore it with "
            f"`mlflow experiments restore --experiment-id {known.experiment_id}`, or set another tracking.experiment."
        )
    return str(known.experiment_id)


@contextlib.contextmanager
def _ended(client: MlflowClient, run_id: str, *, end_ms: int) -> Iterator[None]:
    """Leave no run behind that seems to be running still."""
    try:
        yield
        client.set_terminated(run_id, "FINISHED", end_ms)
    except BaseException as error:
        with contextlib.suppress(Exception):
            client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED", end_ms)
        raise


def _log(client: MlflowClient, experiment_id: str, run_id: str, results: Mapping[str, Any]) -> None:
    from mlflow.entities import LoggedModelOutput, Metric, Param

    data = _dataset(results)
    client.log_inputs(run_id, [data])
    parameters = run_contents.parameters(results)
    model = results.get("experiment", {}).get("model", {})
    fingerprints = results.get("fingerprints", {})
    logged = client.create_logged_model(
        experiment_id,
        name=safe_name(str(results["name"])).translate(str.maketrans("/:.", "---")),
        source_run_id=run_id,
        params={key: value for key, value in parameters.items() if key.startswith("model.")},
        tags={f"harness.fingerprint.{key}": str(fingerprints[key]) for key in ("checkpoint",) if key in fingerprints},
        model_type=str(model.get("kind") or model.get("factory") or "unknown"),
    )
    with _model_ended(client, str(logged.model_id)):
        stamp = run_contents.created_ms(results)
        metrics = [
            Metric(
                key,
                value,
                stamp,
                step,
                model_id=logged.model_id,
                dataset_name=data.dataset.name,
                dataset_digest=data.dataset.digest,
                run_id=run_id,
            )
            for key, value, step in run_contents.measurements(results)
        ]
        pairs = [Param(key, value) for key, value in parameters.items()]
        client.log_batch(run_id, metrics=metrics, params=pairs[:_BATCH])
        for start in range(_BATCH, len(pairs), _BATCH):
            client.log_batch(run_id, params=pairs[start : start + _BATCH])
        client.log_outputs(run_id, [LoggedModelOutput(str(logged.model_id), 0)])


@contextlib.contextmanager
def _model_ended(client: MlflowClient, model_id: str) -> Iterator[None]:
    try:
        yield
        client.finalize_logged_model(model_id, "READY")
    except BaseException:
        with contextlib.suppress(Exception):
            client.finalize_logged_model(model_id, "FAILED")
        raise


def _dataset(results: Mapping[str, Any]) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    described = results.get("dataset", {})
    chosen = results.get("experiment", {}).get("dataset", {})
    source = {key: chosen[key] for key in ("catalog", "path") if chosen.get(key) is not None}
    digest = str(described.get("sha256") or results.get("fingerprints", {}).get("data") or "unknown")
    entity = Dataset(
        name=str(described.get("name", "unnamed"))[:500],
        digest=digest[:_DIGEST],
        source_type="catalog" if "catalog" in source else "local",
        source=json.dumps(source, ensure_ascii=False),
        profile=json.dumps(described.get("filtered", {}), ensure_ascii=False, default=str),
    )
    return DatasetInput(entity, [InputTag("mlflow.data.context", "evaluation"), InputTag("sha256", digest)])


def _place(uri: str, experiment_id: str, run_id: str) -> str:
    if uri.startswith(("http://", "https://")):
        return f"{tracking_store.without_password(uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
    return f"mlflow ui --backend-store-uri {tracking_store.without_password(uri)}"
