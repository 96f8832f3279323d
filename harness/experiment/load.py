"""Load an experiment from a YAML file and overrides, and report errors with file and line."""

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
from harness.experiment.yaml_nodes import Node, Step, YamlLocation

MOST_ERRORS = 5  # shown in one message
BENCHMARK_KEY = "experiments"  # only benchmark files have this key

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
    "baseline": "Name the experiment that the others are compared with.",
}


_CHECKPOINTS = {
    "predictions": "Name the file of predictions, such as 'checkpoint: lists.parquet'.",
    "torch": "Name the file of the module's state dict, such as 'checkpoint: model.safetensors'.",
    "mlflow": "Name the model, such as 'checkpoint: models:/name/1', or its folder.",
}
_PARAMS = ("model", "params")


def load_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Load an experiment from a YAML file.

    Parameters
    ----------
    path
        The file, as errors show it.
    overrides
        Values such as ``runner.k=20`` that replace those of the file.

    Raises
    ------
    ExperimentError
        The file or an override is invalid. The message has one line per error, with its file and line.
    """
    return experiment_of(apply_overrides(load_tree(path), overrides))


def as_experiment(source: Experiment | str | Path) -> Experiment:
    """Return an experiment unchanged, or load it from a YAML file.

    Raises
    ------
    HarnessError
        The argument is neither an experiment nor a path, or the file is invalid.
    """
    if isinstance(source, Experiment):
        return source
    if isinstance(source, (str, Path)):
        return load_experiment(source)
    raise HarnessError(
        f"an experiment is needed, from load_experiment or as the path of its file; got {type(source).__name__}."
    )


def experiment_of(root: Node) -> Experiment:
    """Validate the tree of a file and return its experiment."""
    benchmark = root.child(BENCHMARK_KEY)
    if benchmark is not None:
        raise benchmark.location.error(
            "the file is a benchmark, since it lists 'experiments'. Run 'harness compare' on it, "
            "or pass one of its experiments."
        )
    _check_short_form(root)
    experiment = validate(Experiment, root, with_defaults(_without_inherited_fit(root)))
    object.__setattr__(experiment, "source", root)
    return experiment


def validate(cls: type[Section], root: Node, plain: Any) -> Section:
    """Validate plain values and return the section that they describe.

    Parameters
    ----------
    cls
        Class of the section.
    root
        Tree of the file, for the locations in errors.
    plain
        The values as dicts, lists and scalars. They may include defaults that the tree lacks.

    Raises
    ------
    ExperimentError
        A value is invalid.
    """
    try:
        # Validate from JSON: strict validation of Python values rejects lists as tuples and maps as classes.
        return TypeAdapter(cls).validate_json(json.dumps(plain, allow_nan=False))
    except ValidationError as error:
        faults = faults_of(error, plain, keys_at=functools.partial(_keys_at, cls, plain))
    raise _report(root, faults)


def with_defaults(plain: dict[str, Any]) -> dict[str, Any]:
    """Fill in defaults that depend on other sections: checkpoint, model seed and MLflow experiment."""
    name = str(plain.get("name"))
    seed = plain.get("seed", 0)
    model = plain.get("model")
    if isinstance(model, dict):
        model = plain["model"] = _without_shorthand(model)
        # External models have no default path.
        if model.get("checkpoint") is None and _is_fitted(model.get("kind")):
            model["checkpoint"] = f"checkpoints/{name}.safetensors"
        params = model.setdefault("params", {})
        if isinstance(params, dict) and isinstance(seed, int) and _takes_seed(model.get("kind")):
            params.setdefault("seed", seed)
    tracking = plain.setdefault("tracking", {})
    if isinstance(tracking, dict) and tracking.get("experiment") is None:
        tracking["experiment"] = name.partition("/")[0] or "default"
    return plain


def _check_short_form(root: Node) -> None:
    """Raise if a model in the short form, with ``factory`` instead of ``kind``, inherits a kind."""
    factory, kind = root.find(("model", "factory")), root.find(("model", "kind"))
    both = (root.child("model") or root).child("factory") is factory and kind.location.file != factory.location.file
    if both and isinstance(kind.value, str):
        raise factory.location.error(
            f"model.factory is short for kind: python, and this file inherits kind: {kind.value} from {kind.location}. "
            "Extend a file that names no model, such as a protocol."
        )


def _without_inherited_fit(root: Node) -> dict[str, Any]:
    """Return the plain values of a file, without an inherited ``model.fit`` if the model is not fitted.

    This lets external models extend a protocol that sets ``model.fit`` for the reference models.
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
    if on.location.line is None:  # an override is explicit, so an error reports it
        return plain
    if kind.location.file != fit.location.file and not _is_fitted(_without_shorthand(model).get("kind")):
        del model["fit"]
    return plain


def _without_shorthand(model: dict[str, Any]) -> dict[str, Any]:
    """Expand the short form of a model: ``factory`` with ``params`` stands for kind ``python``."""
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
    """Return the keys allowed in the map at a path of a section."""
    if path[:2] == _PARAMS and cls is Experiment:
        return keys_at(component_class("models", plain["model"]["kind"]), path[2:])
    return keys_at(cls, path)


def _report(root: Node, faults: list[FaultError]) -> ExperimentError:
    placed = sorted(((root.find(fault.path).location, fault) for fault in faults), key=_reading_order)
    lines = list(dict.fromkeys(f"{location}: {_with_remedy(root, fault)}" for location, fault in placed))
    if len(lines) > MOST_ERRORS:
        lines[MOST_ERRORS:] = [f"… and {len(lines) - MOST_ERRORS} more."]
    return ExperimentError("\n".join(lines))


def _reading_order(placed: tuple[YamlLocation, FaultError]) -> tuple[str, int]:
    return placed[0].file, placed[0].line or 0


def _with_remedy(root: Node, fault: FaultError) -> str:
    remedy = None
    if fault.message.startswith("missing key"):
        kind = root.find(("model", "kind")).plain() if fault.path == ("model", "checkpoint") else None
        remedy = _REMEDIES.get(".".join(map(str, fault.path)), _CHECKPOINTS.get(str(kind)))
    if remedy is not None:
        return f"{fault.message}. {remedy}"
    return fault.message.rstrip(".") + hint if (hint := _merge_hint(root, fault)) else fault.message


def _merge_hint(root: Node, fault: FaultError) -> str:
    """Return a hint if a wrong option was merged under a kind that another file or override sets."""
    path = fault.path
    if len(path) < 2:
        return ""
    if path[0] == "model":
        section, where = path[:1], path[:2]
        if where != ("model", "params"):
            return ""
    else:
        section = where = path[:-1]
    option, kind = root.find(path).location, root.find(section).child("kind")
    if kind is None or option.line is None or option.file == kind.location.file:
        return ""
    if kind.location.line is not None and kind.location.file != root.location.file:
        return f". The kind is inherited from {kind.location}" if fault.message.startswith("unknown option") else ""
    return (
        f". {kind.location} sets kind: {kind.value}, and maps merge: keep the options of a kind in the file "
        f"that names it, or replace the whole map: {dotted(where)}={{…}}"
    )
