"""Write finished runs to MLflow, and find them there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import RunRecord
from harness.errors import TrackingError
from harness.tracking import run_contents, tracking_store
from harness.tracking.logged_entities import log_record, run_ended
from harness.tracking.mlflow_names import metric_name
from harness.tracking.run_artifacts import LISTED, log_files
from harness.tracking.tracked_runs import TrackedRun, quoted, search

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def track_run(
    record: RunRecord,
    folder: Path,
    *,
    experiment_name: str,
    per_user: bool = True,
    resend_deleted: bool = True,
    store: str | None = None,
) -> TrackedRun:
    """Send a finished run to MLflow: metrics, parameters, tags, data set, model and files.

    A run is identified by its name, fingerprint and time of creation. One that is there already is not sent twice, and
    one that was interrupted is completed; its place is returned.

    Parameters
    ----------
    record
        The record of the run.
    folder
        The run's folder. Report, record, experiment and the tables that a comparison reads are sent, if they exist.
    experiment_name
        The experiment in MLflow; it is created if it is missing.
    per_user
        Whether to send the tables that hold ids of users.
    resend_deleted
        Whether to send a run again that was deleted in MLflow.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used. The files are complete, and the message says so. A run that MLflow has begun is
        marked as failed, or as killed where the user interrupted it, if the store still answers.
    """
    try:
        uri = tracking_store.resolve(store)
        shown, headline = tracking_store.without_password(uri), record.headline
        primary = None if headline is None else metric_name(headline.family, headline.label)
        with tracking_store.opened(uri) as client:
            experiment_id = _experiment(client, experiment_name, tracking_store.artifact_folder(uri))
            known = _known(client, experiment_id, record)
            if known is not None and known.info.lifecycle_stage == "deleted":
                if not resend_deleted:
                    return TrackedRun(str(known.info.run_id), experiment_id, shown, "deleted", primary)
                known = None
            if known is not None and known.info.status == "FINISHED":
                return TrackedRun(str(known.info.run_id), experiment_id, shown, "there", primary)
            _check(record, folder)
            run_id = _to_complete(client, known, record) or _new_run(client, experiment_id, record)
            end = run_contents.created_ms(record) + int(1000 * (record.timings.total or 0))
            with run_ended(client, uri, run_id, end_ms=end):
                log_record(client, experiment_id, run_id, record)
                log_files(client, run_id, folder, per_user=per_user)
            return TrackedRun(run_id, experiment_id, shown, "sent", primary)
    except TrackingError as error:
        raise TrackingError(f"{error} The results are safe in {folder}; `harness sync` sends them later.") from error


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
        wanted = f"tags.`harness.fingerprint` = {quoted(fingerprint)} and attributes.status = 'FINISHED'"
        found = search(client, [str(experiment.experiment_id)], wanted)
        return next((str(run.info.run_id) for run in found if name is None or run.info.run_name == name), None)


def _known(client: MlflowClient, experiment_id: str, record: RunRecord) -> Run | None:
    """Return the run of a record in the store: a finished one, else one that was begun, else a deleted one."""
    fingerprint = record.fingerprints.get("evaluation")
    if fingerprint is None:
        return None
    found = search(client, [experiment_id], f"tags.`harness.fingerprint` = {quoted(fingerprint)}", deleted=True)
    identity = (record.name, record.created)
    same = [run for run in found if (run.info.run_name, run.data.tags.get("harness.created")) == identity]
    return min(
        same, key=lambda run: (run.info.lifecycle_stage == "deleted", run.info.status != "FINISHED"), default=None
    )


def _to_complete(client: MlflowClient, begun: Run | None, record: RunRecord) -> str | None:
    """Return the id of the run that was begun, after its tags were renewed; None if there is none to complete.

    MLflow refuses to change a parameter. A run that was begun with other parameters is deleted.
    """
    from mlflow.entities import RunTag

    if begun is None:
        return None
    run_id, wanted = str(begun.info.run_id), run_contents.parameters(record)
    if any(wanted.get(key) != value for key, value in begun.data.params.items()):
        client.delete_run(run_id)
        return None
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in run_contents.tags(record).items()])
    return run_id


def _new_run(client: MlflowClient, experiment_id: str, record: RunRecord) -> str:
    start = run_contents.created_ms(record)
    run = client.create_run(experiment_id, start_time=start, run_name=record.name, tags=run_contents.tags(record))
    return str(run.info.run_id)


def _check(record: RunRecord, folder: Path) -> None:
    """Refuse to send files that are not those that the run wrote; records of earlier versions list none."""
    changed = None if record.files is None else storage.changed_file(folder, record.files, LISTED)
    if changed is not None:
        raise TrackingError(
            f"{folder / changed} is not the file that the run wrote (by the SHA-256 in results.json), and is not sent."
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
