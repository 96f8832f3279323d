"""Fit the model of an experiment: ``harness fit``."""

from __future__ import annotations

from pathlib import Path

from harness.experiment import Experiment, as_experiment
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.stages.fitting import ModelCheckpoint, fitted_model, require_fitted_kind
from harness.pipeline.stages.preparation import prepare


def fit(experiment: Experiment | str | Path, *, force: bool = False, quiet: bool = False) -> ModelCheckpoint:
    """Fit the model of an experiment and write its checkpoint, or check the checkpoint that is there.

    The training of a model that is trained step by step resumes where it was interrupted.

    Parameters
    ----------
    experiment
        From ``load_experiment``, or the path of its file.
    force
        Fit from the beginning, even where a checkpoint exists.
    quiet
        Show no progress.

    Raises
    ------
    CheckpointError
        The existing checkpoint is damaged, or belongs to another model, other parameters or another split.
    """
    experiment = as_experiment(experiment)
    require_fitted_kind(experiment)
    check_inputs(experiment, refit=force)
    return fitted_model(experiment, prepare(experiment).split, force=force, quiet=quiet)
