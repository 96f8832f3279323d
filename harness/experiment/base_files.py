"""Base files: shared protocols that experiment files extend and that name no model."""

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
_LARGE_K = 1_000_000


def load_base_file(path: str | Path, overrides: Iterable[str] = ()) -> Experiment | None:
    """Read and check a base file, with placeholder values for the keys that it leaves out.

    A base file names no model. Its own keys are validated as in any experiment file.

    Parameters
    ----------
    path
        The file.
    overrides
        ``a.b=value``.

    Returns
    -------
    Experiment or None
        The completed experiment, or None if the file is an experiment or a benchmark. If the file names
        no data set, its own path serves as the placeholder of ``dataset.path``.

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
    experiment = validate(Experiment, root, with_defaults(_with_placeholders(root, str(path))))
    object.__setattr__(experiment, "source", root)
    return experiment


def _with_placeholders(root: Node, path: str) -> dict[str, Any]:
    plain: dict[str, Any] = root.plain()
    dataset, model = plain.get("dataset") or {}, plain.get("model") or {}
    if isinstance(dataset, Mapping):
        split = dataset.get("split")
        # Split options cannot be checked without the kind of the split.
        complete = split is not None and not (isinstance(split, Mapping) and "kind" not in split)
        named = dataset.get("path") is not None or dataset.get("catalog") is not None
        dataset = {**dataset, **({} if complete else {"split": _SPLIT}), **({} if named else {"path": path})}
    if isinstance(model, Mapping):
        model = _MODEL | {key: value for key, value in model.items() if key != "params"}
    return {"name": "base", **plain, "dataset": dataset, "model": model, "runner": _runner_with_long_lists(plain)}


def _runner_with_long_lists(plain: Mapping[str, Any]) -> Any:
    """Return the section ``runner`` with a ``k`` that is large enough for cutoffs set in another file."""
    runner, evaluation = plain.get("runner") or {}, plain.get("evaluation") or {}
    if not isinstance(runner, Mapping) or not isinstance(evaluation, Mapping):
        return runner
    k = runner.get("k", _LARGE_K)
    both = "k" in runner and "cutoffs" in evaluation
    return runner if both or type(k) is not int or k < 1 else {**runner, "k": _LARGE_K}
