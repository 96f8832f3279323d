"""The trial of an experiment, which leaves no trace in the numbers of its run."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.artifacts import RecommendationTask
from harness.pipeline.model_trial.trial import How, Tried, tried
from harness.pipeline.workers.shard_cache import options_of
from harness.pipeline.workers.shard_jobs import ModelSource

if TYPE_CHECKING:
    from harness.experiment import Experiment


def trial_of(
    experiment: Experiment, model: ModelSource, task: RecommendationTask, *, device: str, quiet: bool = False
) -> Tried:
    """Return what the trial of an experiment's model finds; nothing where it has none, or the trial is off.

    The model is loaded for the trial alone, and the generators of random numbers are put back afterwards, so that the
    run gives the same numbers with a trial as without.

    Parameters
    ----------
    experiment
        Whose model, and whose ``model.trial``.
    model, task
        What recommends, and what the run asks of it.
    device
        Where.
    quiet
        No progress.

    Raises
    ------
    HarnessError
        The model cannot be loaded, or a check failed; see ``tried``.
    """
    trial = experiment.model.trial
    if trial is None or trial.on_failure == "off":
        return Tried()
    with _random_numbers_put_back(device):
        recommender = model.recommender(task, device)
        how = How(trial, experiment.model.params, quiet=quiet)
        return tried(recommender, task, options_of(experiment, device), how)


@contextlib.contextmanager
def _random_numbers_put_back(device: str) -> Iterator[None]:
    """Put the global generators of Python, NumPy and torch back at the end of the block."""
    own, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  (models from elsewhere draw from it)
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(own)
            np.random.set_state(of_numpy)  # noqa: NPY002
