"""Upload the report, the results and the tables of a run to MLflow as artifacts."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

PER_USER = "per_user.parquet"
# The record has the digests of these files.
_FOR_ALL = ("report.html", "experiment.yaml", "relevant_items.parquet")
_WITH_USERS = (PER_USER, "item_contributions.parquet", "slices.parquet")  # tables with ids of users
LISTED = (*_FOR_ALL, *_WITH_USERS)
ARTIFACTS = (*LISTED, "results.json")

TABLE = "per_user.json"
MOST_ROWS = 10_000  # of the table; MLflow's pages load it as a whole
_DIGITS = 6


def log_files(client: MlflowClient, run_id: str, folder: Path, *, per_user: bool) -> None:
    """Upload the files of a run that exist, and show the values per user as a table of MLflow.

    A file that an interrupted attempt has uploaded is replaced. ``results.json`` is uploaded last.

    Parameters
    ----------
    client
        Of an opened store.
    run_id
        The run in MLflow.
    folder
        The run's folder.
    per_user
        Whether to upload the tables that hold ids of users.
    """
    for name in ARTIFACTS:
        if name in _WITH_USERS and not per_user:
            continue
        # A table of very many users is a folder of parts.
        if (folder / name).is_dir():
            client.log_artifacts(run_id, str(folder / name), artifact_path=name)
        elif (folder / name).exists():
            client.log_artifact(run_id, str(folder / name))
    if per_user and (folder / PER_USER).exists():
        _log_table(client, run_id, folder / PER_USER)


def _log_table(client: MlflowClient, run_id: str, path: Path) -> None:
    """Upload the values per user as ``MlflowClient.log_table`` does, which would append to a table that is there."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import dataset

    table = dataset.dataset(path, format="parquet")
    if table.count_rows() > MOST_ROWS:
        return
    rows = table.to_table()
    users = pc.cast(rows["user"], pa.string())  # integers of 19 digits are no numbers in a browser
    frame = rows.set_column(rows.column_names.index("user"), "user", users).to_pandas()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / TABLE
        frame.to_json(file, orient="split", index=False, double_precision=_DIGITS)
        client.log_artifact(run_id, str(file))
    client.set_tag(run_id, "mlflow.loggedArtifacts", json.dumps([{"path": TABLE, "type": "table"}]))
