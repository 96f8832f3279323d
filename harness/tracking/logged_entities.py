"""Log the data set, the model, the metrics and the parameters of a run to MLflow."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.artifacts import RunRecord
from harness.tracking import run_contents, tracking_store
from harness.tracking.mlflow_names import safe_name

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

_DIGEST = 36  # characters of a data set's digest, a limit of MLflow
_BATCH = 100  # parameters or tags per call, a limit of MLflow; its limit of metrics is ten times as high


def log_record(client: MlflowClient, experiment_id: str, run_id: str, record: RunRecord) -> None:
    """Log the record of a run to MLflow, without what an interrupted attempt has logged already.

    Parameters
    ----------
    client
        Of an opened store.
    experiment_id, run_id
        The run in MLflow.
    record
        The record of the run.
    """
    from mlflow.entities import LoggedModelOutput, Metric, Param

    data = _dataset(record)
    client.log_inputs(run_id, [data])
    parameters = run_contents.parameters(record)
    outputs = client.get_run(run_id).outputs
    linked = [] if outputs is None else [str(output.model_id) for output in outputs.model_outputs]
    model_id = linked[0] if linked else _model(client, experiment_id, run_id, record, parameters)
    stamp = run_contents.created_ms(record)
    metrics = [
        Metric(
            key,
            value,
            stamp,
            step,
            model_id=model_id,
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
    if not linked:
        client.log_outputs(run_id, [LoggedModelOutput(model_id, 0)])
    client.finalize_logged_model(model_id, "READY")


@contextlib.contextmanager
def run_ended(client: MlflowClient, uri: str, run_id: str, *, end_ms: int | None = None) -> Iterator[None]:
    """Set the final status of an MLflow run when the block ends: finished, failed or killed.

    Where the store no longer answers, the run stays as it is until it is completed.
    """
    try:
        yield
        client.set_terminated(run_id, "FINISHED", end_ms)
    except BaseException as error:
        with contextlib.suppress(Exception):
            tracking_store.probe(uri)
            client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED", end_ms)
        raise


def _model(client: MlflowClient, experiment_id: str, run_id: str, record: RunRecord, parameters: dict[str, str]) -> str:
    """Return the id of the logged model of a run, which an interrupted attempt may have made."""
    for known in client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'"):
        return str(known.model_id)
    fingerprint = record.fingerprints.get("checkpoint")
    logged = client.create_logged_model(
        experiment_id,
        name=safe_name(record.name).translate(str.maketrans("/:.", "---")),
        source_run_id=run_id,
        params={key: value for key, value in parameters.items() if key.startswith("model.")},
        tags={} if fingerprint is None else {"harness.fingerprint.checkpoint": fingerprint},
        model_type=record.experiment.model.kind or "unknown",
    )
    return str(logged.model_id)


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
