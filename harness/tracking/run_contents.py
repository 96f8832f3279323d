"""Turn the record of a run into what MLflow stores: metrics, parameters and tags."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.artifacts import RunRecord
from harness.tracking.mlflow_names import curve_name, metric_name, safe_name

MOST_METRICS = 150  # names; more make MLflow's pages slow, and the files have them all
LONGEST_PARAMETER = 6000  # characters, a limit of MLflow
LONGEST_TAG = 8000


class Measurement(NamedTuple):
    """One value to log, with its step."""

    key: str
    value: float
    step: int


def measurements(record: RunRecord) -> list[Measurement]:
    """Return the headline metrics, their curves over the cutoffs, the interval of the primary metric, and timings.

    There are at most ``MOST_METRICS`` names, that of the primary metric first. Values that are missing or infinite are
    left out: MLflow refuses the former and changes the latter.
    """
    primary = record.experiment.evaluation.primary
    rows: list[tuple[str, float | None, int]] = []
    for metric in sorted(record.metrics, key=lambda metric: metric.label != primary):
        key = metric_name(metric.family, metric.label)
        rows.append((key, metric.value, 0))
        if metric.label == primary:
            rows += [(f"{key}_ci_low", metric.ci_low, 0), (f"{key}_ci_high", metric.ci_high, 0)]
        curve = curve_name(metric.family, metric.label)
        if curve is not None and metric.k is not None:
            rows.append((curve, metric.value, metric.k))
    rows.append(("time/users_per_second", record.timings.users_per_second, 0))
    rows += [(f"time/{safe_name(phase)}_s", seconds, 0) for phase, seconds in record.timings.phases.items()]
    numbers = [
        Measurement(key, float(value), step) for key, value, step in rows if value is not None and math.isfinite(value)
    ]
    kept = set(list(dict.fromkeys(row.key for row in numbers))[:MOST_METRICS])
    return [row for row in numbers if row.key in kept]


def parameters(record: RunRecord) -> dict[str, str]:
    """Return the keys of the resolved experiment, flattened, such as ``model.params.l2``, with their values as text."""
    flat: dict[str, str] = {}
    for key, value in _flatten(record.experiment.resolved, ""):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        flat[safe_name(key)] = text[:LONGEST_PARAMETER]
    return flat


def tags(record: RunRecord) -> dict[str, str]:
    """Return fingerprints, the version of the code and the hash of the data, as ``harness.…`` and MLflow's tags."""
    git, fingerprints = record.environment.git, record.fingerprints
    dirty = None if git is None or git.dirty is None else str(git.dirty).lower()
    named = {
        "harness.fingerprint": fingerprints.get("evaluation"),
        **{f"harness.fingerprint.{safe_name(stage)}": value for stage, value in fingerprints.items()},
        "harness.created": record.created,
        "harness.version": record.environment.harness,
        "harness.dataset.sha256": record.dataset.sha256,
        "harness.partial": None if record.partial is None else record.partial.sentence,
        "harness.sampled_candidates": next(iter(record.sampled_candidates), None),
        "harness.git.dirty": dirty,
        "mlflow.source.git.commit": None if git is None else git.commit,
        "mlflow.source.name": "harness",
    }
    return {key: value[:LONGEST_TAG] for key, value in named.items() if value is not None}


def created_ms(record: RunRecord) -> int:
    """Return when the run was created, in milliseconds since 1970."""
    text = record.created
    moment = datetime.datetime.fromisoformat(text) if text else datetime.datetime.now(datetime.UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1000)


def _flatten(value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        children = [(str(key), child) for key, child in value.items()]
    elif isinstance(value, (list, tuple)) and any(isinstance(child, (Mapping, list, tuple)) for child in value):
        children = [(str(place), child) for place, child in enumerate(value)]
    else:
        yield prefix or "experiment", value
        return
    for key, child in children:
        yield from _flatten(child, f"{prefix}.{key}" if prefix else key)
