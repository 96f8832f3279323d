"""Files without a model, which others extend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.experiment.experiment import Experiment
from harness.experiment.extends import load_tree
from harness.experiment.load import BENCHMARK_KEY, validate, with_defaults
from harness.experiment.overrides import apply_overrides
from harness.experiment.yaml_nodes import Node

_SPLIT = {"kind": "leave_last_out"}
_MODEL = {"kind": "popularity", "fit": {"on": "train"}}
_LONG = 1_000_000


def load_base_file(path: str | Path, overrides: Iterable[str] = ()) -> Experiment | None:
    """Return a base file with stand-ins for what it leaves to the files that extend it.

    A base file names no model. What it says is checked as in any other file.

    Parameters
    ----------
    path
        The file.
    overrides
        ``a.b=value``.

    Returns
    -------
    Experiment or None
        None where the file is an experiment or a benchmark. A data set that the file does not name
        is stood in for by the file itself.

    Raises
    ------
    ExperimentError
        A key or a value of the file is wrong.
    """
    root = apply_overrides(load_tree(path), overrides)
    model = root.child("model")
    kinds = () if model is None else (model.child("kind"), model.child("factory"))
    if root.child(BENCHMARK_KEY) is not None or any(kinds):
        return None
    experiment = validate(Experiment, root, with_defaults(_filled(root, str(path))))
    object.__setattr__(experiment, "source", root)
    return experiment


def _filled(root: Node, path: str) -> dict[str, Any]:
    plain: dict[str, Any] = root.plain()
    dataset, model = plain.get("dataset") or {}, plain.get("model") or {}
    if isinstance(dataset, Mapping):
        split = dataset.get("split")
        # Options of a split mean nothing without its kind.
        complete = split is not None and not (isinstance(split, Mapping) and "kind" not in split)
        named = dataset.get("path") is not None or dataset.get("catalog") is not None
        dataset = {**dataset, **({} if complete else {"split": _SPLIT}), **({} if named else {"path": path})}
    if isinstance(model, Mapping):
        model = _MODEL | {key: value for key, value in model.items() if key != "params"}
    return {"name": "base", **plain, "dataset": dataset, "model": model, "runner": _deep_enough(plain)}


def _deep_enough(plain: Mapping[str, Any]) -> Any:
    """Return the section ``runner``, with lists that are long enough for cutoffs that are given elsewhere."""
    runner, evaluation = plain.get("runner") or {}, plain.get("evaluation") or {}
    if not isinstance(runner, Mapping) or not isinstance(evaluation, Mapping):
        return runner
    k = runner.get("k", _LONG)
    both = "k" in runner and "cutoffs" in evaluation
    return runner if both or type(k) is not int or k < 1 else {**runner, "k": _LONG}
