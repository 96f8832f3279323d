"""Write a finished run to MLflow: metrics, parameters, tags, data set, model and files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import RunRecord
from harness.errors import TrackingError
from harness.tracking import run_contents, tracking_store
from harness.tracking.mlflow_names import safe_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

# The record has the digests of these files.
_LISTED = (
    "report.html",
    "per_user.parquet",
    "item_contributions.parquet",
    "relevant_items.parquet",
    "slices.parquet",
    "experiment.yaml",
)
ARTIFACTS = (*_LISTED, "results.json")

_DIGEST = 36  # characters of a data set's digest, a limit of MLflow
_BATCH = 100  # parameters or tags per call, a limit of MLflow; its limit of metrics is ten times as high


@dataclass(frozen=True)
class TrackedRun:
    """The place of a run in MLflow.

    Parameters
    ----------
    run_id, experiment_id
        The ids that MLflow gave them.
    uri
        The store, without a password.
    url_or_hint
        The run's page on a server, or the command that opens a local store.
    """

    run_id: str
    experiment_id: str
    uri: str
    url_or_hint: str


def track_run(record: RunRecord, folder: Path, *, experiment_name: str, store: str | None = None) -> TrackedRun:
    """Send a finished run to MLflow: metrics, parameters, tags, data set, model and files.

    A run of the same name, fingerprint and time of creation that is there already is not sent twice; its place is
    returned.

    Parameters
    ----------
    record
        The record of the run.
    folder
        The run's folder. Report, record, experiment and the tables that a comparison reads are sent, if they exist.
    experiment_name
        The experiment in MLflow; it is created if it is missing.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used. The files are complete, and the message says so. A run that MLflow has begun is
        marked as failed, or as killed where the user interrupted it.
    """
    try:
        return _track(record, folder, experiment_name, store)
    except TrackingError as error:
        raise TrackingError(
            f"{error} The results are safe in {folder}; running the same command again sends them."
        ) from error


def find_run(store_uri: str | None, experiment_name: str, fingerprint: str, *, name: str | None = None) -> str | None:
    """Return the id of the newest finished run with an evaluation fingerprint; None if there is none.

    Parameters
    ----------
    store_uri
        As in ``track_run``.
    experiment_name
        The experiment in MLflow.
    fingerprint
        The fingerprint ``evaluation`` of a record.
    name
        Only runs of this name count; None for runs of any name.

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


def _track(record: RunRecord, folder: Path, experiment_name: str, store_uri: str | None) -> TrackedRun:
    uri = tracking_store.resolve(store_uri)
    with tracking_store.opened(uri) as client:
        experiment_id = _experiment(client, experiment_name, tracking_store.artifact_folder(uri))
        run_id = _sent_before(client, experiment_id, record) or _send(client, experiment_id, record, folder)
    return TrackedRun(run_id, experiment_id, tracking_store.without_password(uri), _place(uri, experiment_id, run_id))


def _send(client: MlflowClient, experiment_id: str, record: RunRecord, folder: Path) -> str:
    _check(record, folder)
    start = run_contents.created_ms(record)
    run = client.create_run(experiment_id, start_time=start, run_name=record.name, tags=run_contents.tags(record))
    run_id = str(run.info.run_id)
    with _ended(client, run_id, end_ms=start + int(1000 * (record.timings.total or 0))):
        _log(client, experiment_id, run_id, record)
        for name in ARTIFACTS:
            # A table of very many users is a folder of parts.
            if (folder / name).is_dir():
                client.log_artifacts(run_id, str(folder / name), artifact_path=name)
            elif (folder / name).exists():
                client.log_artifact(run_id, str(folder / name))
    return run_id


def _check(record: RunRecord, folder: Path) -> None:
    """Refuse to send files that are not those that the run wrote; records of earlier versions list none."""
    changed = None if record.files is None else storage.changed_file(folder, record.files, _LISTED)
    if changed is not None:
        raise TrackingError(
            f"{folder / changed} is not the file that the run wrote (by the SHA-256 in results.json), and is not sent."
        )


def _sent_before(client: MlflowClient, experiment_id: str, record: RunRecord) -> str | None:
    fingerprint, created = record.fingerprints.get("evaluation"), record.created
    if fingerprint is None or created is None:
        return None
    for run in _finished(client, experiment_id, fingerprint):
        if (run.info.run_name, run.data.tags.get("harness.created")) == (record.name, created):
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
    """Mark a run as finished, failed or killed when the block ends, so that none seems to be running still."""
    try:
        yield
        client.set_terminated(run_id, "FINISHED", end_ms)
    except BaseException as error:
        with contextlib.suppress(Exception):
            client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED", end_ms)
        raise


def _log(client: MlflowClient, experiment_id: str, run_id: str, record: RunRecord) -> None:
    from mlflow.entities import LoggedModelOutput, Metric, Param

    data = _dataset(record)
    client.log_inputs(run_id, [data])
    parameters = run_contents.parameters(record)
    fingerprints = record.fingerprints
    logged = client.create_logged_model(
        experiment_id,
        name=safe_name(record.name).translate(str.maketrans("/:.", "---")),
        source_run_id=run_id,
        params={key: value for key, value in parameters.items() if key.startswith("model.")},
        tags={f"harness.fingerprint.{key}": str(fingerprints[key]) for key in ("checkpoint",) if key in fingerprints},
        model_type=record.experiment.model.kind or "unknown",
    )
    with _model_ended(client, str(logged.model_id)):
        stamp = run_contents.created_ms(record)
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
            for key, value, step in run_contents.measurements(record)
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


def _dataset(record: RunRecord) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    section = record.experiment.resolved.get("dataset")
    known = section if isinstance(section, dict) else {}
    source = {key: known[key] for key in ("catalog", "path") if known.get(key) is not None}
    digest = record.dataset.sha256 or record.fingerprints.get("data") or "unknown"
    entity = Dataset(
        name=(record.dataset.name or "unnamed")[:500],
        digest=digest[:_DIGEST],
        source_type="catalog" if "catalog" in source else "local",
        source=json.dumps(source, ensure_ascii=False),
        profile=json.dumps(record.dataset.filtered, ensure_ascii=False),
    )
    return DatasetInput(entity, [InputTag("mlflow.data.context", "evaluation"), InputTag("sha256", digest)])


def _place(uri: str, experiment_id: str, run_id: str) -> str:
    if uri.startswith(("http://", "https://")):
        return f"{tracking_store.without_password(uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
    return f"mlflow ui --backend-store-uri {tracking_store.without_password(uri)}"
