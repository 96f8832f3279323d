"""Find all evaluations of a split in MLflow."""

from __future__ import annotations

from harness.tracking import tracking_store
from harness.tracking.tracked_runs import experiment_ids, quoted, search


def evaluations_of(split: str, *, part: str, store: str | None = None) -> list[str | None]:
    """Return the evaluation fingerprint of each finished run of a part of a split.

    Parameters
    ----------
    split
        The fingerprint ``split`` of a record.
    part
        ``test`` or ``validation``.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used.
    """
    uri = tracking_store.resolve(store)
    file = tracking_store.database(uri)
    if file is not None and not file.exists():
        return []
    wanted = (
        f"tags.`harness.fingerprint.split` = {quoted(split)} and params.`evaluation.part` = {quoted(part)} "
        "and attributes.status = 'FINISHED'"
    )
    with tracking_store.opened(uri) as client:
        found = search(client, experiment_ids(client), wanted)
        return [run.data.tags.get("harness.fingerprint") for run in found]
