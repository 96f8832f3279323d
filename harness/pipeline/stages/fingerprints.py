"""What decides each stage's output, as SHA-256: equal fingerprints mean equal results.

Each fingerprint holds the one before it, so a change anywhere shows in all that follow.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.storage import sha256_json

if TYPE_CHECKING:
    from harness.experiment import Experiment

PREDICTION_CODE = (
    "harness.artifacts",
    "harness.data",
    "harness.models",
    "harness.modules",
    "harness.jit",
    "harness.pipeline.stages.task",
    "harness.pipeline.stages.fitting",
    "harness.pipeline.workers.shard_jobs",
    "harness.pipeline.stages.preparation",
    "harness.pipeline.stages.recommendation",
    "harness.pipeline.workers.shard_cache",
    "harness.runner",
    "harness.storage",
    "harness.topk",
)
# Without harness.pipeline.model_trial, which decides no number.
EVALUATION_CODE = (
    "harness.artifacts",
    "harness.evaluation",
    "harness.execution",
    "harness.intervals",
    "harness.jit",
    "harness.metrics",
    "harness.pipeline.stages.data_audit",
    "harness.pipeline.stages.measurement",
    "harness.pipeline.stages.list_audit",
    "harness.pipeline.run_folder.result_tables",
    "harness.pipeline.run_folder.record_file",
    "harness.pipeline.run_folder.run_files",
    "harness.pipeline.commands.run",
    "harness.pipeline.stages.recording",
    "harness.pipeline.stages.side_arrays",
    "harness.pipeline.stages.slice_metrics",
    "harness.pipeline.stages.tie_audit",
)
_OF_MODELS = ("harness.models.", "harness.modules")
# How a data set's bytes become the interactions that are split.
_READING = ("columns", "delimiter", "format", "timestamp_unit", "duplicates", "items", "users", "filters")


@functools.cache
def code_version(*modules: str) -> str:
    """Return the SHA-256 of the source files of modules and packages."""
    digest = hashlib.sha256()
    for name in modules:
        for path in _sources(name):
            digest.update(f"{name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def with_imports(module: str) -> tuple[str, ...]:
    """Return a module with those of models and building blocks that it imports, and so on, in ascending order."""
    found: set[str] = set()
    wanted = {module}
    while wanted:
        found |= wanted
        wanted = {name for path in map(_sources, wanted) for name in _imported(path)} - found
    return tuple(sorted(found))


def _imported(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_OF_MODELS):
                yield "harness.modules" if node.module.startswith("harness.modules") else node.module


def home_of(component: Any) -> str:
    """Return what holds a component's code: the module of a built-in, the whole package of a plug-in."""
    module = type(component).__module__
    package = module.partition(".")[0]
    return module if package == "harness" else package


def _sources(module: str) -> list[Path]:
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None) if loaded is not None else _origin(module)
    if file is None:
        return []  # typed in by hand: it has no source to look at
    origin = Path(file)
    return sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


def _origin(module: str) -> str | None:
    spec = importlib.util.find_spec(module)
    return None if spec is None else spec.origin


def fingerprints(
    experiment: Experiment,
    *,
    data_sha256: str,
    split_digest: str,
    checkpoint_sha256: str,
    candidates_digest: str | None,
    device: str,
) -> dict[str, str]:
    """Return the fingerprints of a run's stages.

    ``data`` is of the data set's bytes and how they are read and filtered; ``split`` of the
    interactions and parts themselves, so that the same interactions in another order of rows, or
    in another file, have the same; ``checkpoint`` of the file's bytes; ``predictions`` and
    ``evaluation`` of all that decides those, the code included.
    """
    plain = experiment.to_dict()
    dataset = {key: plain["dataset"].get(key) for key in _READING}
    runner = plain["runner"]
    predictions: dict[str, Any] = {
        "split": split_digest,
        "checkpoint": checkpoint_sha256,
        "model": [plain["model"]["kind"], plain["model"]["params"], plain["model"]["fit"]],
        "candidates": [plain["candidates"], candidates_digest],
        "part": plain["evaluation"]["part"],
        "runner": [runner["k"], runner["seed"], runner["limit_users"], runner["precision"]],
        # The last bits of other models' scores depend on the shape of the batch.
        "batch": None
        if getattr(experiment.model.params, "batch_invariant", False)
        else [runner["batch_size"], runner["memory"]],
        # The last bits of a score may differ between kinds of device.
        "device": device.partition(":")[0],
        # A model or metric of a plug-in is code of its own.
        "code": code_version(*PREDICTION_CODE, home_of(experiment.model.params)),
    }
    chain = {
        "data": sha256_json({"bytes": data_sha256, **dataset}),
        "split": split_digest,
        "checkpoint": checkpoint_sha256,
        "predictions": sha256_json(predictions),
    }
    evaluation = {
        "predictions": chain["predictions"],
        "metrics": [[metric.label, dict(metric.variant)] for metric in experiment.metrics],
        "confidence": plain["statistics"]["confidence"],
        "rules": asdict(experiment.evaluation.rules),
        "slices": plain["evaluation"]["slices"],
        "tables": chain["data"] if _reads_tables(experiment) else None,
        "code": code_version(*EVALUATION_CODE, *sorted({home_of(metric) for metric in experiment.metrics})),
    }
    return chain | {"evaluation": sha256_json(evaluation)}


def _reads_tables(experiment: Experiment) -> bool:
    """Return whether tables of users or items decide a number; the split's fingerprint does not hold them."""
    needs = {need for metric in experiment.metrics for need in getattr(metric, "required", ())}
    return bool(needs & {"categories", "vectors"}) or any(one.column for one in experiment.evaluation.slices)
