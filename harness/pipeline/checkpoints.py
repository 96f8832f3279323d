"""A model's checkpoint: fitted when it is missing, checked when it is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import storage
from harness.artifacts import Split, Tensors
from harness.errors import CheckpointError
from harness.models.checkpoint import check_checkpoint, load_checkpoint, save_checkpoint
from harness.pipeline.fingerprints import code_version, home_of
from harness.pipeline.preparation import FIT_PARTS, prepare

if TYPE_CHECKING:
    from harness.experiment import Experiment

logger = logging.getLogger("harness")


@dataclass(frozen=True, eq=False)
class Fitted:
    """A checkpoint that belongs to its experiment's model and split.

    Parameters
    ----------
    path, sha256
        The file, and the digest of its bytes.
    tensors
        What the model needs to score.
    was_there
        Whether it was loaded rather than fitted now.
    """

    path: Path
    sha256: str
    tensors: Tensors
    was_there: bool


def fit(experiment: Experiment, *, force: bool = False) -> Fitted:
    """Make the checkpoint of an experiment's model, or check the one that is there.

    Parameters
    ----------
    force
        Fit again, also where a checkpoint exists.

    Raises
    ------
    CheckpointError
        The checkpoint that is there is damaged, or of another model, parameters or split.
    """
    return obtain_checkpoint(experiment, prepare(experiment).split, force=force)


def obtain_checkpoint(experiment: Experiment, split: Split, *, force: bool = False) -> Fitted:
    """Return the checkpoint of an experiment whose data is split already; see ``fit``."""
    if experiment.model.fit is None:
        raise CheckpointError(
            f"a model of kind '{experiment.model.kind}' is not fitted: there is no checkpoint to make."
        )
    path = Path(experiment.model.checkpoint)
    # A checkpoint that is there is whole, and its folder need not be writable.
    was_there = path.exists() and not force
    if not was_there:
        with storage.lock(path):
            was_there = path.exists() and not force  # another process may have been quicker
            if not was_there:
                _fit(experiment, split, path)
    checkpoint = load_checkpoint(path)
    check_checkpoint(checkpoint.header, path=path, **_identity(experiment, split))
    if checkpoint.header.code != _code(experiment):
        logger.warning(
            "the checkpoint %s was fitted by another version of the model's code; `harness fit --force` makes it anew",
            path,
        )
    return Fitted(path, storage.sha256_file(path), checkpoint.tensors, was_there)


def _fit(experiment: Experiment, split: Split, path: Path) -> None:
    assert experiment.model.fit is not None  # noqa: S101  (asked before)
    parts = FIT_PARTS[experiment.model.fit.on]
    logger.info("fitting %s on %s", experiment.model.kind, " and ".join(parts))
    tensors = experiment.model.params.fit(split.history(parts))
    save_checkpoint(path, tensors, _identity(experiment, split) | {"code": _code(experiment)})


def _code(experiment: Experiment) -> str:
    return code_version(home_of(experiment.model.params))


def _identity(experiment: Experiment, split: Split) -> dict[str, Any]:
    model = experiment.to_dict()["model"]
    return {
        "kind": model["kind"],
        "params": model["params"],
        "fit_on": model["fit"]["on"],
        "split_digest": split.digest,
        "items_digest": split.interactions.item_ids.digest,
    }
