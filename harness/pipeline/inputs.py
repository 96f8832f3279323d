"""The files that an experiment names, looked for before it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import ForeignModel
from harness.errors import HarnessError, did_you_mean
from harness.storage.input_files import odd_kind

if TYPE_CHECKING:
    from harness.experiment import Experiment

_FILES: tuple[tuple[str, ...], ...] = (
    ("dataset", "path"),
    ("dataset", "items", "path"),
    ("dataset", "items", "vectors", "path"),
    ("dataset", "items", "vectors", "ids"),
    ("dataset", "users", "path"),
    ("candidates", "allow"),
    ("candidates", "lists"),
)
_OF_A_FILTER = ("allow_file", "deny_file")
_NO_FOLDER = ("ids", "allow", *_OF_A_FILTER)  # lists of ids; tables may be folders of parts
_OF_A_FIXED_SPLIT = ("train", "fold_in", "validation", "test")


def check_inputs(experiment: Experiment) -> None:
    """Check that the files which an experiment names are there; they are not read, nor is code of a model imported.

    A checkpoint that ``fit`` would make may be missing.

    Raises
    ------
    HarnessError
        A file is missing, or is no regular file; the message says where it is named.
    """
    for keys, name in _named(experiment):
        path = Path(name)
        odd = odd_kind(path)
        if odd is not None and not (path.is_dir() and keys[-1] not in _NO_FOLDER):
            raise HarnessError(f"{experiment.where(keys)}: {name} is {odd}, where a regular file is needed.")
        if path.exists():
            continue
        beside = [str(entry) for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(name, beside)
        raise HarnessError(
            f"{experiment.where(keys)}: there is no file {name}. {f'{hint} ' if hint.startswith('Did') else ''}"
            "A relative path starts at the working directory."
        )
    params, checkpoint = experiment.model.params, experiment.model.checkpoint
    if isinstance(params, ForeignModel) and not _is_address(checkpoint):
        try:
            params.files(checkpoint)
        except HarnessError as error:
            raise type(error)(f"{experiment.where(('model', 'params'))}: {error}") from error


def _named(experiment: Experiment) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the keys and the value of each file that is named."""
    plain = experiment.to_dict()
    for keys in _FILES:
        value = _at(plain, keys)
        if isinstance(value, str):
            yield keys, value
    for index, step in enumerate(plain["dataset"]["filters"]):
        for key in _OF_A_FILTER:
            if isinstance(step.get(key), str):
                yield ("dataset", "filters", index, key), step[key]
    split = plain["dataset"]["split"]
    for key in _OF_A_FIXED_SPLIT if split["kind"] == "fixed" else ():
        if split[key] is not None:
            yield ("dataset", "split", key), split[key]
    checkpoint = experiment.model.checkpoint
    # Of a model from elsewhere there may be none, or no file but an address, such as one of MLflow.
    if not getattr(experiment.model.params, "fitted", True) and checkpoint is not None and not _is_address(checkpoint):
        yield ("model", "checkpoint"), checkpoint


def _is_address(checkpoint: str | None) -> bool:
    return checkpoint is not None and ":/" in checkpoint[2:]


def _at(plain: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(plain, dict):
            return None
        plain = plain.get(key)
    return plain
