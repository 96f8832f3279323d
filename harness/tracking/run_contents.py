"""What of a run's results goes to MLflow: plain metrics, parameters and tags."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.tracking.mlflow_names import curve_name, metric_name, safe_name

MOST_METRICS = 150  # names; more make MLflow's pages slow, and the files hold them all
LONGEST_PARAMETER = 6000  # characters, MLflow's own limit
LONGEST_TAG = 8000


class Measurement(NamedTuple):
    """One value to log, with the step it stands at."""

    key: str
    value: float
    step: int


def measurements(results: Mapping[str, Any]) -> list[Measurement]:
    """Return the headline metrics, their curves over the cutoffs, the primary's interval and timings.

    At most ``MOST_METRICS`` names, the primary metric's first. Values that are missing or infinite
    are left out: MLflow would refuse the first and change the second.
    """
    primary = primary_label(results)
    ordered = sorted(results.get("metrics", []), key=lambda metric: metric["label"] != primary)
    wanted: list[tuple[str, Any, int]] = []
    for metric in ordered:
        key = metric_name(metric["family"], metric["label"])
        wanted.append((key, metric.get("value"), 0))
        if metric["label"] == primary:
            wanted.extend((f"{key}_{bound}", metric.get(bound), 0) for bound in ("ci_low", "ci_high"))
        curve = curve_name(metric["family"], metric["label"])
        if curve is not None and metric.get("k") is not None:
            wanted.append((curve, metric["value"], metric["k"]))
    timings = results.get("timings", {})
    wanted.append(("time/users_per_second", timings.get("users_per_second"), 0))
    wanted.extend((f"time/{safe_name(phase)}_s", seconds, 0) for phase, seconds in timings.get("phases", {}).items())
    numbers = [Measurement(key, float(value), step) for key, value, step in wanted if _is_number(value)]
    kept = set(list(dict.fromkeys(row.key for row in numbers))[:MOST_METRICS])
    return [row for row in numbers if row.key in kept]


def parameters(results: Mapping[str, Any]) -> dict[str, str]:
    """Return the experiment's keys, flattened: ``model.params.l2`` to ``100.0``.

    Examples
    --------
    >>> parameters({"experiment": {"model": {"params": {"l2": 100.0}}, "cutoffs": [1, 5]}})
    {'model.params.l2': '100.0', 'cutoffs': '[1, 5]'}
    """
    flat: dict[str, str] = {}
    for key, value in _flatten(results.get("experiment", {}), ""):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        flat[safe_name(key)] = text[:LONGEST_PARAMETER]
    return flat


def tags(results: Mapping[str, Any]) -> dict[str, str]:
    """Return fingerprints, code version and data hash, as ``harness.…`` and MLflow's own tags."""
    environment = results.get("environment") or {}
    git = environment.get("git") or {}
    partial = results.get("partial")
    warned = [audit["sentence"] for audit in results.get("audits", []) if audit.get("name") == "sampled_candidates"]
    sampled = warned[0] if warned else None
    fingerprints = results.get("fingerprints", {})
    named = {
        "harness.fingerprint": fingerprints.get("evaluation"),
        **{f"harness.fingerprint.{safe_name(stage)}": value for stage, value in fingerprints.items()},
        "harness.created": results.get("created"),
        "harness.version": environment.get("harness"),
        "harness.dataset.sha256": results.get("dataset", {}).get("sha256"),
        "harness.partial": partial and partial.get("sentence", "partial"),
        "harness.sampled_candidates": sampled,
        "harness.git.dirty": None if git.get("dirty") is None else str(git["dirty"]).lower(),
        "mlflow.source.git.commit": git.get("commit"),
        "mlflow.source.name": "harness",
    }
    return {key: str(value)[:LONGEST_TAG] for key, value in named.items() if value is not None}


def primary_label(results: Mapping[str, Any]) -> str | None:
    """Return the label of the primary metric, if the experiment names one."""
    label = results.get("experiment", {}).get("evaluation", {}).get("primary")
    return None if label is None else str(label)


def created_ms(results: Mapping[str, Any]) -> int:
    """Return when the run was made, in milliseconds since 1970.

    Examples
    --------
    >>> created_ms({"created": "1970-01-01T00:00:01Z"})
    1000
    """
    text = results.get("created")
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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
