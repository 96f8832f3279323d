"""Write comparisons to MLflow, as parents of the runs that they compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import ComparisonRecord
from harness.errors import TrackingError
from harness.tracking import comparison_contents, tracking_store
from harness.tracking.comparison_contents import run_page
from harness.tracking.logged_entities import run_ended
from harness.tracking.tracked_runs import TrackedRun, TrackingState, experiment_ids, primary_of, quoted, search

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_PARENT = "mlflow.parentRunId"
_DIGEST = "harness.digest"
_BATCH = 100  # tags per call, a limit of MLflow


def track_comparison(
    record: ComparisonRecord, folder: Path, *, name: str, resend_deleted: bool = True, store: str | None = None
) -> TrackedRun | None:
    """Send a comparison to MLflow as a run whose children are the runs that it compares.

    It is put into the experiment of the first of its runs. A comparison of the same name, runs and settings is there
    once: it is updated where its files differ. A run that several comparisons share is the child of the one with the
    most runs, of equal ones the first that was sent; the descriptions of all of them have links to it.

    Parameters
    ----------
    record
        The record of the comparison.
    folder
        The folder with its files.
    name
        Its name.
    resend_deleted
        Whether to send a comparison again that was deleted in MLflow.
    store
        As in ``track_run``.

    Returns
    -------
    TrackedRun or None
        Where the comparison is in MLflow. None if none of its runs is there: then it is not sent.

    Raises
    ------
    TrackingError
        The store cannot be used. The files are complete, and the message says so.
    """
    uri = tracking_store.resolve(store)
    file = tracking_store.database(uri)
    if file is not None and not file.exists():
        return None
    try:
        with tracking_store.opened(uri) as client:
            runs = _runs_in_store(client, record)
            if not runs:
                return None
            first = next(iter(runs.values()))
            experiment_id = str(first.info.experiment_id)
            same = comparison_contents.identity(record, name)
            found = list(search(client, [experiment_id], f"tags.`harness.comparison` = {quoted(same)}", deleted=True))
            known = next((run for run in found if run.info.lifecycle_stage == "active"), None)
            shown, primary = tracking_store.without_password(uri), primary_of(first)
            if known is None and found and not resend_deleted:
                return TrackedRun(str(found[0].info.run_id), experiment_id, shown, "deleted", primary)
            tags = comparison_contents.tags(record, name, runs)
            if known is None:
                known = client.create_run(experiment_id, run_name=name, tags=tags)
            tags["mlflow.note.content"] = comparison_contents.description(folder, runs, page=run_page(known))
            state: TrackingState = "sent" if _completed(client, known, folder, tags, runs, uri=uri) else "there"
            return TrackedRun(str(known.info.run_id), experiment_id, shown, state, primary)
    except TrackingError as error:
        raise TrackingError(f"{error} The comparison is safe in {folder}; `harness sync` sends it later.") from error


def _completed(
    client: MlflowClient, parent: Run, folder: Path, tags: Mapping[str, str], runs: Mapping[str, Run], *, uri: str
) -> bool:
    """Send all of a comparison, and return True; return False where the store has all of it."""
    from mlflow.entities import RunTag

    run_id = str(parent.info.run_id)
    digest = storage.sha256_json([storage.file_digests(folder, comparison_contents.FILES), dict(tags)])
    if (parent.info.status, parent.data.tags.get(_DIGEST)) == ("FINISHED", digest):
        return False
    with run_ended(client, uri, run_id):
        entities = [RunTag(key, value) for key, value in tags.items()]
        for start in range(0, len(entities), _BATCH):
            client.log_batch(run_id, tags=entities[start : start + _BATCH])
        for file in comparison_contents.FILES:
            if (folder / file).is_file():
                client.log_artifact(run_id, str(folder / file))
        _adopt(client, run_id, runs.values(), int(tags["harness.runs"]))
        client.set_tag(run_id, _DIGEST, digest)  # last: it says that all of these are there
    return True


def _runs_in_store(client: MlflowClient, record: ComparisonRecord) -> dict[str, Run]:
    """Return the runs of a comparison that are in the store, by name; the newest of the same name and fingerprint."""
    experiments, found = experiment_ids(client), {}
    for run in comparison_contents.compared_runs(record):
        fingerprint = run.fingerprints.get("evaluation", "")
        wanted = f"tags.`harness.fingerprint` = {quoted(fingerprint)} and attributes.status = 'FINISHED'"
        for known in search(client, experiments, wanted):
            if known.info.run_name == run.name:
                found[run.name] = known
                break
    return found


def _adopt(client: MlflowClient, parent: str, runs: Iterable[Run], size: int) -> None:
    """Make runs the children of a comparison, but for those that belong to another one of at least its size."""
    for run in runs:
        other = run.data.tags.get(_PARENT)
        if other != parent and (other is None or _gives_way(client, other, size)):
            client.set_tag(str(run.info.run_id), _PARENT, parent)


def _gives_way(client: MlflowClient, run_id: str, size: int) -> bool:
    """Return whether a parent is a smaller comparison, or was deleted."""
    parent = client.get_run(run_id)
    if parent.info.lifecycle_stage == "deleted":
        return True
    own = parent.data.tags.get("harness.runs", "")  # parents that users made have none
    return own.isdecimal() and int(own) < size
