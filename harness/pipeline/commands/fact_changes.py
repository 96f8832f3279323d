"""Find the facts in which the records of two runs differ, by the stage that they decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.artifacts import FactChange, RunRecord, flat_items, to_json

_LONGEST = 100  # characters of a value
_NOTHING = object()  # the value of a key that a run does not have
# Keys that decide no number: where results go, and how fast they come.
_IDLE = ("tracking", "report", "expected", "statistics", "name", "seeds")
_IDLE_KEYS = ("evaluation.parallel", "evaluation.primary", "runner.parallel", "runner.devices", "runner.memory")
_STAGES = {
    "dataset.split": "split",
    "dataset": "data",
    "candidates": "candidates",
    "evaluation": "metric",
    "model": "model",
    "seed": "model",
    "runner": "lists",
}


def fact_changes(a: RunRecord, b: RunRecord) -> list[FactChange]:
    """Return the facts that differ: data, split, candidates, metric, model, lists, environment."""
    return [
        *_settings(a, b),
        *_values("data", {"sha256 of the data": a.dataset.sha256}, {"sha256 of the data": b.dataset.sha256}),
        *_values("data", _sizes(a), _sizes(b)),
        *_fingerprints(a, b),
        *_values("metric", _variants(a), _variants(b)),
        *_values("environment", _environment(a), _environment(b)),
    ]


def _settings(a: RunRecord, b: RunRecord) -> Iterator[FactChange]:
    ours, theirs = (dict(flat_items(_resolved(record))) for record in (a, b))
    for key in ours | theirs:
        if ours.get(key, _NOTHING) != theirs.get(key, _NOTHING) and not key.startswith(_IDLE_KEYS):
            yield FactChange(_stage(key), key, _text(ours.get(key, _NOTHING)), _text(theirs.get(key, _NOTHING)))


def _resolved(record: RunRecord) -> dict[str, Any]:
    return {key: value for key, value in record.experiment.resolved.items() if key not in _IDLE}


def _stage(key: str) -> str:
    return next((stage for start, stage in _STAGES.items() if key == start or key.startswith(f"{start}.")), "other")


def _fingerprints(a: RunRecord, b: RunRecord) -> Iterator[FactChange]:
    words = {"split": ("split", "interactions and their parts"), "checkpoint": ("model", "bytes of the checkpoint")}
    for name, (stage, meaning) in words.items():
        ours, theirs = a.fingerprints.get(name), b.fingerprints.get(name)
        if ours != theirs:
            yield FactChange(stage, meaning, _text(ours)[:14], _text(theirs)[:14])


def _sizes(record: RunRecord) -> dict[str, Any]:
    return {f"{key} after filters": record.dataset.filtered.get(key) for key in ("interactions", "users", "items")} | {
        "candidates": record.protocol.candidates.count,
        "relevant items": record.protocol.relevant_items,
    }


def _variants(record: RunRecord) -> dict[str, Any]:
    return {
        f"{value.label}: {name}": option for value in record.metrics for name, option in sorted(value.variant.items())
    }


def _environment(record: RunRecord) -> dict[str, Any]:
    found, git = record.environment, record.environment.git
    return {
        "harness": found.harness,
        "commit": None if git is None else git.commit,
        "uncommitted changes": None if git is None else git.dirty,
        "python": found.python,
        "device": found.device,
        **dict(found.packages),
    }


def _values(stage: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[FactChange]:
    """Yield the facts that both have and that differ."""
    for key in a:
        if key in b and a[key] != b[key]:
            yield FactChange(stage, key, _text(a[key]), _text(b[key]))


def _text(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    return (value if isinstance(value, str) else json.dumps(to_json(value), ensure_ascii=False))[:_LONGEST]
