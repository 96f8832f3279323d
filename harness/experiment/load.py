"""From a file and overrides to a validated experiment, or to errors with file and line."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.errors import ExperimentError, HarnessError
from harness.experiment.components import component_class, keys_at, option_names
from harness.experiment.experiment import Experiment
from harness.experiment.extends import load_tree
from harness.experiment.overrides import apply_overrides
from harness.experiment.validation_errors import FaultError, dotted, faults_of
from harness.experiment.yaml_nodes import Node, Place, Step

MOST_ERRORS = 5  # of one file, in one message
BENCHMARK_KEY = "experiments"  # of a file that is a benchmark

Section = TypeVar("Section")

_REMEDIES = {
    "name": "Add one, such as 'name: ml-100k/ease'.",
    "dataset": "Add one, such as 'dataset: {catalog: ml-100k, split: {kind: leave_last_out}}'.",
    "dataset.split": "Add one, such as 'split: {kind: leave_last_out}'.",
    "model": "Add one, such as 'model: {kind: popularity, fit: {on: train}}'.",
    "model.kind": "Add one, such as 'kind: popularity'.",
    "model.fit": "Say what the model is fitted on: 'fit: {on: train}' or 'fit: {on: train_validation}'.",
    "model.fit.on": "Say what the model is fitted on: 'train' or 'train_validation'.",
    "experiments": "Add a list of experiment files.",
    "baseline": "Add the one of the experiments that the others are compared with.",
}


_CHECKPOINTS = {
    "predictions": "Name the file of predictions, such as 'checkpoint: lists.parquet'.",
    "torch": "Name the file of the module's state dict, such as 'checkpoint: model.safetensors'.",
    "mlflow": "Name the model, such as 'checkpoint: models:/name/1', or its folder.",
}
_PARAMS = ("model", "params")


def load_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Return the experiment of a YAML file.

    Parameters
    ----------
    path
        The file; errors name it as it is given here.
    overrides
        Values such as ``runner.k=20`` that replace those of the file.

    Raises
    ------
    ExperimentError
        The file or an override is wrong: a line a fault, each with its place and what would work.
    """
    return experiment_of(apply_overrides(load_tree(path), overrides))


def as_experiment(source: Experiment | str | Path) -> Experiment:
    """Return an experiment as it is, or the one of a YAML file.

    Raises
    ------
    HarnessError
        It is neither, or the file is wrong.
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, (str, Path)):
        return load_experiment(source)
    raise HarnessError(
        f"an experiment is needed, from load_experiment, or the path of its file; got {type(source).__name__}."
    )


def experiment_of(root: Node) -> Experiment:
    """Return the experiment of a file's tree."""
    benchmark = root.child(BENCHMARK_KEY)
    if benchmark is not None:
        raise benchmark.place.error(
            "the file is a benchmark, since it lists 'experiments'. Compare them with 'harness compare', "
            "or name one of the experiments."
        )
    _refuse_factory_over_kind(root)
    experiment = validate(Experiment, root, with_defaults(_without_foreign_fit(root)))
    object.__setattr__(experiment, "source", root)
    return experiment


def validate(cls: type[Section], root: Node, plain: Any) -> Section:
    """Return a section from plain values.

    Parameters
    ----------
    root
        The tree that the values came from, for the places in errors.
    plain
        The values in dicts, lists and scalars, which may hold defaults that the tree does not.

    Raises
    ------
    ExperimentError
        A value is wrong.
    """
    try:
        # From JSON, since strict validation takes no lists for tuples and no maps for classes from Python.
        return TypeAdapter(cls).validate_json(json.dumps(plain, allow_nan=False))
    except ValidationError as error:
        faults = faults_of(error, plain, keys_at=functools.partial(_keys_at, cls, plain))
    raise _report(root, faults)


def with_defaults(plain: dict[str, Any]) -> dict[str, Any]:
    """Fill in what follows from other sections."""
    name = str(plain.get("name"))
    seed = plain.get("seed", 0)
    model = plain.get("model")
    if isinstance(model, dict):
        model = plain["model"] = _without_shorthand(model)
        # What was made elsewhere has no usual place.
        if model.get("checkpoint") is None and _is_fitted(model.get("kind")):
            model["checkpoint"] = f"checkpoints/{name}.safetensors"
        params = model.setdefault("params", {})
        if isinstance(params, dict) and isinstance(seed, int) and _takes_seed(model.get("kind")):
            params.setdefault("seed", seed)
    tracking = plain.setdefault("tracking", {})
    if isinstance(tracking, dict) and tracking.get("experiment") is None:
        tracking["experiment"] = name.partition("/")[0] or "default"
    return plain


def _refuse_factory_over_kind(root: Node) -> None:
    """Raise if the short form, which has a ``factory`` in the place of the kind, inherits a kind."""
    factory, kind = root.find(("model", "factory")), root.find(("model", "kind"))
    both = (root.child("model") or root).child("factory") is factory and kind.place.file != factory.place.file
    if both and isinstance(kind.value, str):
        raise factory.place.error(
            f"model.factory is short for kind: python, and {kind.place} sets kind: {kind.value}, which is inherited. "
            "Extend a file that has no model, such as a protocol."
        )


def _without_foreign_fit(root: Node) -> dict[str, Any]:
    """Return a file's plain values, without a ``model.fit`` of an extended file where the kind is not fitted.

    A protocol that says what reference models are fitted on is then one for models from elsewhere too.
    """
    plain: dict[str, Any] = root.plain()
    node = root.child("model")
    model = plain.get("model")
    if node is None or not isinstance(model, dict):
        return plain
    kind, fit = node.child("kind") or node.child("factory"), node.child("fit")
    if kind is None or fit is None:
        return plain
    on = fit.child("on") or fit
    if on.place.line is None:  # an override says what it means
        return plain
    if kind.place.file != fit.place.file and not _is_fitted(_without_shorthand(model).get("kind")):
        del model["fit"]
    return plain


def _without_shorthand(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model with its kind: a ``factory`` beside ``params`` is short for kind ``python`` with both."""
    if "factory" not in model or "kind" in model:
        return model
    short = {"factory": model["factory"], "init": model.get("params", {})}
    return {key: value for key, value in model.items() if key != "factory"} | {"kind": "python", "params": short}


def _takes_seed(kind: Any) -> bool:
    try:
        return isinstance(kind, str) and "seed" in option_names(component_class("models", kind))
    except FaultError:
        return False


def _is_fitted(kind: Any) -> bool:
    try:
        return not isinstance(kind, str) or bool(component_class("models", kind).fitted)
    except FaultError:
        return True


def _keys_at(cls: Any, plain: Any, path: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the keys that a map at a path of a section takes."""
    if path[:2] == _PARAMS and cls is Experiment:
        return keys_at(component_class("models", plain["model"]["kind"]), path[2:])
    return keys_at(cls, path)


def _report(root: Node, faults: list[FaultError]) -> ExperimentError:
    placed = sorted(((root.find(fault.path).place, fault) for fault in faults), key=_reading_order)
    lines = list(dict.fromkeys(f"{place}: {_worded(root, fault)}" for place, fault in placed))
    if len(lines) > MOST_ERRORS:
        lines[MOST_ERRORS:] = [f"… and {len(lines) - MOST_ERRORS} more."]
    return ExperimentError("\n".join(lines))


def _reading_order(placed: tuple[Place, FaultError]) -> tuple[str, int]:
    return placed[0].file, placed[0].line or 0


def _worded(root: Node, fault: FaultError) -> str:
    remedy = None
    if fault.message.startswith("missing key"):
        kind = root.find(("model", "kind")).plain() if fault.path == ("model", "checkpoint") else None
        remedy = _REMEDIES.get(".".join(map(str, fault.path)), _CHECKPOINTS.get(str(kind)))
    if remedy is not None:
        return f"{fault.message}. {remedy}"
    return fault.message.rstrip(".") + hint if (hint := _inherited(root, fault)) else fault.message


def _inherited(root: Node, fault: FaultError) -> str:
    """Return where the kind was chosen, if the wrong option is one that maps merged under it."""
    path = fault.path
    if len(path) < 2:
        return ""
    if path[0] == "model":
        section, where = path[:1], path[:2]
        if where != ("model", "params"):
            return ""
    else:
        section = where = path[:-1]
    option, kind = root.find(path).place, root.find(section).child("kind")
    if kind is None or option.line is None or option.file == kind.place.file:
        return ""
    if kind.place.line is not None and kind.place.file != root.place.file:
        return f". The kind is inherited from {kind.place}" if fault.message.startswith("unknown option") else ""
    return (
        f". {kind.place} sets kind: {kind.value}, and maps merge: keep the options of a kind in the file "
        f"that names it, or set them whole: {dotted(where)}={{…}}"
    )
