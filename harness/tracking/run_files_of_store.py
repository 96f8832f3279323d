"""Download the files of a finished run from MLflow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import TrackingError
from harness.tracking import tracking_store
from harness.tracking.run_artifacts import ARTIFACTS, PER_USER

if TYPE_CHECKING:
    from mlflow import MlflowClient

_RUN_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_PART = re.compile(r"part-[0-9]+\.parquet")


def download_run(run_id: str, folder: Path, *, store: str | None = None) -> None:
    """Write the files that a run has in MLflow into a folder.

    Only files that ``track_run`` sends are taken. Whoever reads them checks them against the record.

    Parameters
    ----------
    run_id
        The id that MLflow gave the run.
    folder
        An empty folder.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used, or has no such run, or the run has no ``results.json`` or no values per user.
    """
    uri = tracking_store.resolve(store)
    shown = tracking_store.without_password(uri)
    file = tracking_store.database(uri)
    if _RUN_ID.fullmatch(run_id) is None or (file is not None and not file.exists()):
        raise _unknown(run_id, shown)
    with tracking_store.opened(uri) as client:
        from mlflow.exceptions import MlflowException

        try:
            client.get_run(run_id)
        except MlflowException as error:
            raise _unknown(run_id, shown) from error
        names = list(_files(client, run_id))
        if "results.json" not in names:
            raise TrackingError(f"the run {run_id} in {shown} has no results.json, so that harness did not write it.")
        if not any(name.partition("/")[0] == PER_USER for name in names):
            raise TrackingError(
                f"the run {run_id} in {shown} has no {PER_USER}: it was sent with tracking.per_user: false. Give its "
                "folder instead."
            )
        for name in names:
            client.download_artifacts(run_id, name, str(folder))


def _files(client: MlflowClient, run_id: str) -> Iterator[str]:
    """Yield the paths of the files to take; tables of very many users are folders of parts."""
    for entry in client.list_artifacts(run_id):
        if entry.path not in ARTIFACTS:
            continue
        if not entry.is_dir:
            yield entry.path
            continue
        for part in client.list_artifacts(run_id, entry.path):
            folder, _, name = part.path.rpartition("/")
            if folder == entry.path and _PART.fullmatch(name):
                yield part.path


def _unknown(run_id: str, store: str) -> TrackingError:
    return TrackingError(
        f"there is no run {run_id!r} in the tracking store {store}. Copy the id from the page of the run, and name the "
        "store in MLFLOW_TRACKING_URI."
    )
