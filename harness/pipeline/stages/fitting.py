"""Fit a model where its checkpoint is missing, and check a checkpoint that is there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness import data, storage
from harness.artifacts import FittedModel, Part, Split, Tensors, TrainedModel, TrainingData, TrainingOptions
from harness.errors import CheckpointError, HarnessError
from harness.execution import hidden_progress
from harness.experiment import Experiment
from harness.models.checkpoints.checkpoint import check_checkpoint, load_checkpoint, save_checkpoint
from harness.pipeline.stages.fingerprints import code_version, home_of, with_imports
from harness.pipeline.stages.preparation import FIT_PARTS
from harness.pipeline.stages.validation_score import validation_metric_of

logger = logging.getLogger("harness")


@dataclass(frozen=True, eq=False)
class ModelCheckpoint:
    """The checkpoint of an experiment's model, checked against its split and parameters.

    Parameters
    ----------
    path, sha256
        The file, and the digest of its bytes.
    tensors
        The fitted parameters, which the model scores with.
    was_there
        Whether the checkpoint was loaded rather than fitted now.
    """

    path: Path
    sha256: str
    tensors: Tensors
    was_there: bool


def require_fitted_kind(experiment: Experiment) -> None:
    """Raise an error where the experiment's kind of model is not fitted by the harness.

    Raises
    ------
    CheckpointError
        There is no checkpoint to make.
    """
    if experiment.model.fit is None:
        raise CheckpointError(
            f"a model of kind '{experiment.model.kind}' is not fitted: there is no checkpoint to make."
        )


def fitted_model(experiment: Experiment, split: Split, *, force: bool = False, quiet: bool = False) -> ModelCheckpoint:
    """Return the checkpoint of an experiment whose data is split already; parameters as in ``fit``."""
    require_fitted_kind(experiment)
    assert experiment.model.checkpoint is not None  # noqa: S101  (a fitted model has one)
    path = Path(experiment.model.checkpoint)
    # An existing checkpoint is whole, and its folder need not be writable.
    was_there = path.exists() and not force
    if not was_there:
        with storage.lock(path, timeout=storage.LONG):
            was_there = path.exists() and not force  # another process may have been quicker
            if not was_there:
                _fit(experiment, split, path, force=force, quiet=quiet)
    checkpoint = load_checkpoint(path)
    check_checkpoint(checkpoint.header, path=path, **_identity(experiment, split))
    if checkpoint.header.code != _code(experiment):
        logger.warning(
            "the checkpoint %s was fitted by another version of the model's code; `harness fit --force` fits it again",
            path,
        )
    if checkpoint.header.judged_by != _judged_by(experiment, split):
        logger.warning(
            "the training of the checkpoint %s was stopped by lists with other candidates than those of this "
            "experiment (candidates); `harness fit --force` trains it with these candidates",
            path,
        )
    return ModelCheckpoint(path, storage.sha256_file(path), checkpoint.tensors, was_there)


def _fit(experiment: Experiment, split: Split, path: Path, *, force: bool, quiet: bool) -> None:
    assert experiment.model.fit is not None  # noqa: S101  (checked before)
    model, parts = experiment.model.params, FIT_PARTS[experiment.model.fit.on]
    identity = _identity(experiment, split) | {
        "judged_by": _judged_by(experiment, split),
        "code": _code(experiment),
    }
    logger.info("fitting %s on %s", experiment.model.kind, " and ".join(parts))
    if not isinstance(model, (FittedModel, TrainedModel)):
        raise HarnessError(
            f"the model '{experiment.model.kind}' can be neither fitted nor trained. Derive its class from "
            "FittedModel, TrainedModel or ExternalModel of harness.models."
        )
    if not isinstance(model, TrainedModel):
        with hidden_progress(hide=quiet):
            tensors = model.fit(split.history(parts))
        save_checkpoint(path, tensors, identity)
        return
    from harness.topk import choose_device

    state = path.with_name(f"{path.name}.training")
    if force:
        state.unlink(missing_ok=True)
    runner = experiment.runner
    device = choose_device((runner.device_names or (runner.device,))[0])
    training = TrainingOptions(device, state, storage.sha256_json(identity), quiet)
    save_checkpoint(path, model.train(_training_data(experiment, split, parts), training), identity)
    state.unlink(missing_ok=True)


def _training_data(experiment: Experiment, split: Split, parts: Sequence[Part]) -> TrainingData:
    metric, rows = validation_metric_of(experiment, split), split.interactions
    return TrainingData(
        train=split.history(["train"]),
        validation_metric=metric,
        whole=split.history(parts) if "validation" in parts and metric is not None else None,
        users=rows.user_ids,
        items=rows.item_ids,
        item_vectors=rows.item_vectors,
    )


def _code(experiment: Experiment) -> str:
    model = experiment.model.params
    return code_version(*with_imports(home_of(model)))


def _identity(experiment: Experiment, split: Split) -> dict[str, Any]:
    model = experiment.to_dict()["model"]
    return {
        "kind": model["kind"],
        "params": model["params"],
        "fit_on": model["fit"]["on"],
        "split_digest": split.digest,
        "items_digest": split.interactions.item_ids.digest,
        "vectors_digest": _vectors_digest(experiment, split),
    }


def _vectors_digest(experiment: Experiment, split: Split) -> str:
    vectors = split.interactions.item_vectors
    if vectors is None or not experiment.model.params.reads_item_vectors:
        return ""
    return hashlib.sha256(np.ascontiguousarray(vectors, dtype="<f4").data).hexdigest()


def _judged_by(experiment: Experiment, split: Split) -> str:
    """Return a digest of the candidates of the lists that decide when training stops; empty where none decide."""
    recipe = experiment.model.params.recipe
    if recipe is None or recipe.patience is None or len(split.part("validation")) == 0:
        return ""
    chosen = experiment.candidates
    allowed = None
    if chosen.allow is not None:
        items = data.allow_list(Path(chosen.allow), split.interactions.item_ids).items
        allowed = hashlib.sha256(items.tobytes()).hexdigest()
    return storage.sha256_json([chosen.exclude, chosen.items, allowed])
