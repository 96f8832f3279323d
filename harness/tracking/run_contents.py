"""Turn the record of a run into what MLflow stores: metrics, parameters and tags."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from harness.artifacts import RunRecord, TimingRecord
from harness.tracking.mlflow_names import curve_name, metric_name, safe_name

MOST_METRICS = 40  # names of metrics; the files have all values
LONGEST_PARAMETER = 6000  # characters, a limit of MLflow
LONGEST_TAG = 8000
_MEGABYTE = 1_000_000


class Measurement(NamedTuple):
    """One value to log, with its step."""

    key: str
    value: float
    step: int


def measurements(record: RunRecord) -> list[Measurement]:
    """Return the headline metrics, the curves over the cutoffs, and time and memory.

    A headline metric is the primary metric with its interval, a metric at the cutoff of the primary metric, a metric
    without a cutoff, or a metric with one cutoff. All cutoffs are steps of the curves. There are at most
    ``MOST_METRICS`` names: the primary metric first, then time and memory, headline metrics and curves. Values that are
    missing or infinite are left out: MLflow refuses the former and changes the latter.
    """
    primary = record.headline
    curves: dict[str, list[Measurement]] = {}
    for metric in record.metrics:
        curve = curve_name(metric.family, metric.label)
        if curve is not None and metric.k is not None and _is_finite(metric.value):
            curves.setdefault(curve, []).append(Measurement(curve, float(metric.value), metric.k))
    curves = {name: points for name, points in curves.items() if len(points) > 1}
    cutoff = _headline_cutoff(record)
    rows: list[tuple[str, float | None]] = []
    if primary is not None:
        key = metric_name(primary.family, primary.label)
        rows += [(key, primary.value), (f"{key}_ci_low", primary.ci_low), (f"{key}_ci_high", primary.ci_high)]
    rows += _system_rows(record.timings)
    for metric in record.metrics:
        if metric is not primary and (metric.k == cutoff or curve_name(metric.family, metric.label) not in curves):
            rows.append((metric_name(metric.family, metric.label), metric.value))
    numbers = [Measurement(key, float(value), 0) for key, value in rows if value is not None and math.isfinite(value)]
    numbers += [point for points in curves.values() for point in points]
    kept = set(list(dict.fromkeys(row.key for row in numbers))[:MOST_METRICS])
    return [row for row in numbers if row.key in kept]


def parameters(record: RunRecord) -> dict[str, str]:
    """Return the keys of the resolved experiment, flattened, such as ``model.params.l2``, with their values as text.

    Keys that are null, and empty lists and maps, are left out.
    """
    flat: dict[str, str] = {}
    for key, value in _flatten(record.experiment.resolved, ""):
        if value is None or value in ([], {}, ()):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        flat[safe_name(key)] = text[:LONGEST_PARAMETER]
    return flat


def tags(record: RunRecord) -> dict[str, str]:
    """Return tags to filter by, fingerprints, the version of the code and the hash of the data."""
    git, fingerprints, protocol = record.environment.git, record.fingerprints, record.protocol
    dirty = None if git is None or git.dirty is None else str(git.dirty).lower()
    split = record.dataset.split.get("kind")
    named = {
        "harness.kind": "run",
        "harness.model": record.experiment.model.kind,
        "harness.dataset": record.dataset.name or None,
        "harness.split": None if split is None else str(split),
        "harness.part": protocol.part,
        "harness.convention": protocol.convention or "harness",
        "harness.candidates": "sampled" if record.sampled_candidates else protocol.candidates.items or None,
        "harness.primary": None if record.headline is None else record.headline.label,
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


def _is_finite(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _headline_cutoff(record: RunRecord) -> int | None:
    """Return the cutoff of the primary metric; the largest one where it has none."""
    primary = record.headline
    if primary is not None and primary.k is not None:
        return primary.k
    return max((metric.k for metric in record.metrics if metric.k is not None), default=None)


def _system_rows(timings: TimingRecord) -> list[tuple[str, float | None]]:
    memory, device = timings.peak_memory_bytes, timings.peak_device_memory_bytes
    return [
        ("system/users_per_second", timings.users_per_second),
        ("system/peak_memory_megabytes", None if memory is None else memory / _MEGABYTE),
        ("system/peak_device_memory_megabytes", None if device is None else device / _MEGABYTE),
        ("system/total_seconds", timings.total),
        *((f"system/{safe_name(phase)}_seconds", seconds) for phase, seconds in timings.phases.items()),
    ]


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
