"""Check the files and the model that an experiment names, before it is run: ``harness validate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import data
from harness.artifacts import ExternalModel
from harness.errors import HarnessError, did_you_mean
from harness.models.checkpoints.inspect import check_format
from harness.models.mlflow_model.mlflow_model import MLflowModel
from harness.storage.input_files import special_file_kind

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


def check_inputs(*experiments: Experiment, refit: bool = False) -> None:
    """Check what experiments name, before any data is read and any code of a model is run.

    The files must exist. The table of interactions must have a known format. A checkpoint must have a format that its
    kind of model reads, and must not be a pickle unless pickles are allowed. The source files of a factory must exist
    and define it. Tables of ids must have the column. A checkpoint that ``fit`` makes may be missing.

    Parameters
    ----------
    experiments
        All of them are checked before the first is run.
    refit
        Whether the checkpoints of fitted kinds are made again, so that the existing ones are not checked.

    Raises
    ------
    HarnessError
        Something is missing or cannot be used; the message names the line of the experiment.
    """
    for experiment in experiments:
        if experiment.seeds:
            raise HarnessError(
                f"{experiment.where(('seeds',))}: the experiment has {len(experiment.seeds)} seeds, and this command "
                "takes one. Choose one by --set seeds=[] --set seed=0; `harness eval`, `fit` and `compare` take all."
            )
        for keys, name in _named(experiment):
            _check_file(experiment, keys, name)
        data.check_source(experiment.dataset)
        _check_model(experiment, refit=refit)


def _check_file(experiment: Experiment, keys: tuple[str | int, ...], name: str) -> None:
    path = Path(name)
    odd = special_file_kind(path)
    if odd is not None and not (path.is_dir() and keys[-1] not in _NO_FOLDER):
        raise HarnessError(f"{experiment.where(keys)}: {name} is {odd}, where a regular file is needed.")
    if path.exists():
        return
    beside = [str(entry) for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(name, beside)
    raise HarnessError(
        f"{experiment.where(keys)}: there is no file {name}. {f'{hint} ' if hint.startswith('Did') else ''}"
        "Relative paths start at the working directory."
    )


def _check_model(experiment: Experiment, *, refit: bool) -> None:
    params, checkpoint = experiment.model.params, experiment.model.checkpoint
    try:
        if isinstance(params, MLflowModel):
            params.check_allowed(checkpoint)
        if isinstance(params, ExternalModel):
            if not _is_address(checkpoint):
                params.files(checkpoint)
        elif params.fitted and checkpoint is not None and not refit:
            check_format(Path(checkpoint))
    except HarnessError as error:
        key = "params" if isinstance(params, ExternalModel) else "checkpoint"
        raise type(error)(f"{experiment.where(('model', key))}: {error}") from error


def _named(experiment: Experiment) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the keys and the value of each file that an experiment names."""
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
    # An external model may have no checkpoint, or the address of one, such as in MLflow.
    if not experiment.model.params.fitted and checkpoint is not None and not _is_address(checkpoint):
        yield ("model", "checkpoint"), checkpoint


def _is_address(checkpoint: str | None) -> bool:
    return checkpoint is not None and ":/" in checkpoint[2:]


def _at(plain: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(plain, dict):
            return None
        plain = plain.get(key)
    return plain
