"""Compute the fingerprint of each stage of a run: equal fingerprints mean equal results.

A fingerprint is a SHA-256 of everything that decides a stage's output, source code included. Each one includes the
fingerprint of the stage before it, so a change anywhere changes all that follow.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.storage import sha256_json

if TYPE_CHECKING:
    from harness.experiment import Experiment

# Modules and packages that can change a list. A test walks the imports of a run and fails if one is missing.
PREDICTION_CODE = (
    "harness.artifacts",
    "harness.data",
    "harness.jit",
    "harness.memory",
    "harness.models",
    "harness.modules",
    "harness.pipeline.stages.fitting",
    "harness.pipeline.stages.prediction_options",
    "harness.pipeline.stages.preparation",
    "harness.pipeline.stages.recommendation",
    "harness.pipeline.stages.run_inputs",
    "harness.pipeline.stages.task",
    "harness.pipeline.workers",
    "harness.runner",
    "harness.storage",
    "harness.topk",
)
# Modules and packages that can change a metric value or an audit, given the lists.
EVALUATION_CODE = (
    "harness.artifacts",
    "harness.evaluation",
    "harness.execution",
    "harness.intervals",
    "harness.jit",
    "harness.numba_patch",
    "harness.metrics",
    "harness.pipeline.commands.predict",
    "harness.pipeline.commands.eval",
    "harness.pipeline.run_folder.contribution_tables",
    "harness.pipeline.run_folder.result_tables",
    "harness.pipeline.run_folder.record_file",
    "harness.pipeline.run_folder.run_files",
    "harness.pipeline.run_folder.slice_tables",
    "harness.pipeline.stages.data_audit",
    "harness.pipeline.stages.list_audit",
    "harness.pipeline.stages.list_composition",
    "harness.pipeline.stages.measurement",
    "harness.pipeline.stages.recording",
    "harness.pipeline.stages.side_arrays",
    "harness.pipeline.stages.slice_metrics",
    "harness.pipeline.stages.tie_audit",
)
_PACKAGE = Path(__file__).parents[2]  # the folder of the package `harness`
_MODEL_PACKAGES = ("harness.models.", "harness.modules")
# The keys of `dataset` that decide which interactions are read from its bytes.
_READING = ("columns", "delimiter", "format", "timestamp_unit", "duplicates", "items", "users", "filters")


@functools.cache
def code_version(*modules: str) -> str:
    """Return the SHA-256 of the source files of modules and packages.

    Raises
    ------
    ModuleNotFoundError
        One of them does not exist.
    """
    digest = hashlib.sha256()
    for name in modules:
        for path in source_files(name):
            digest.update(f"{name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@functools.cache
def with_imports(module: str) -> tuple[str, ...]:
    """Return a module and the modules of models and building blocks that it imports, recursively, sorted by name."""
    found: set[str] = set()
    wanted = {module}
    while wanted:
        found |= wanted
        wanted = {name for path in map(source_files, wanted) for name in _imported(path)} - found
    return tuple(sorted(found))


def home_of(component: object) -> str:
    """Return the name of the code that defines a component: the module of a built-in, the package of a plug-in."""
    module = type(component).__module__
    package = module.partition(".")[0]
    return module if package == "harness" else package


def source_files(name: str) -> list[Path]:
    """Return the source files of a module, or all of a package, sorted by path.

    A module of ``harness`` is found by its path. A plug-in has been imported. The only module without source files is
    one that was typed into an interpreter.

    Raises
    ------
    ModuleNotFoundError
        There is no such module.
    """
    package, _, rest = name.partition(".")
    if package == "harness":
        path = _PACKAGE.joinpath(*rest.split("."))
        if (path / "__init__.py").is_file():
            return sorted(path.rglob("*.py"))
        if path.with_suffix(".py").is_file():
            return [path.with_suffix(".py")]
    elif (module := sys.modules.get(name)) is not None:
        if hasattr(module, "__path__"):
            return sorted(file for folder in module.__path__ for file in Path(folder).rglob("*.py"))
        file = vars(module).get("__file__")
        return [] if file is None else [Path(file)]
    raise ModuleNotFoundError(f"a fingerprint needs the source of the module {name!r}, which does not exist", name=name)


def _imported(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_MODEL_PACKAGES):
                yield "harness.modules" if node.module.startswith("harness.modules") else node.module


def fingerprints(
    experiment: Experiment,
    *,
    data_sha256: str,
    split_digest: str,
    checkpoint_sha256: str,
    candidates_digest: str | None,
    device: str,
) -> dict[str, str]:
    """Return the fingerprints of a run's stages by name.

    ``data`` covers the bytes of the data set and how they are read and filtered. ``split`` covers the interactions and
    their parts themselves, so it does not depend on the order of rows or on the file. ``checkpoint`` covers the bytes
    of the file. ``predictions`` and ``evaluation`` cover everything that decides the lists and the metric values,
    source code included.
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
        # The last bits of a score may depend on the shape of the batch.
        "batch": None if experiment.model.params.batch_invariant else [runner["batch_size"], runner["memory"]],
        # The last bits of a score may differ between kinds of device.
        "device": device.partition(":")[0],
        # The model may come from a plug-in.
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
    """Return whether a table of users or items decides a number. The split's fingerprint does not cover tables."""
    needs = {need for metric in experiment.metrics for need in metric.required}
    return bool(needs & {"categories", "vectors"}) or any(one.column for one in experiment.evaluation.slices)
