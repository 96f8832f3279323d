"""The key ``seeds``: an experiment that fits and evaluates its model once per training seed."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath
from typing import Any

from harness.experiment.components import option_names
from harness.experiment.experiment import Experiment
from harness.experiment.value_types import SEED_PATTERN


def seed_experiments(experiment: Experiment) -> tuple[Experiment, ...]:
    """Return one experiment per seed, or the experiment itself if it has no ``seeds``.

    The run of a seed is called ``<name>/seed-<seed>``. Its model has this seed, and its own checkpoint: ``{seed}`` in
    ``model.checkpoint`` is replaced; without it, fitted models get ``-seed-<seed>`` before the suffix. A deterministic
    model has one run, that of the first seed.
    """
    if not experiment.seeds:
        return (experiment,)
    seeds = experiment.seeds[:1] if experiment.model.params.deterministic else experiment.seeds
    return tuple(_of_seed(experiment, seed) for seed in seeds)


def _of_seed(experiment: Experiment, seed: int) -> Experiment:
    model = experiment.model
    params: Any = model.params
    if "seed" in option_names(type(params)):
        params = dataclasses.replace(params, seed=seed)
    checkpoint = model.checkpoint
    if checkpoint is not None and SEED_PATTERN in checkpoint:
        checkpoint = checkpoint.replace(SEED_PATTERN, str(seed))
    elif checkpoint is not None and not model.params.deterministic:
        path = PurePath(checkpoint)
        checkpoint = path.with_name(f"{path.stem}-seed-{seed}{path.suffix}").as_posix()
    one = dataclasses.replace(
        experiment,
        name=f"{experiment.name}/seed-{seed}",
        seed=seed,
        seeds=(),
        model=dataclasses.replace(model, params=params, checkpoint=checkpoint),
    )
    object.__setattr__(one, "source", experiment.source)
    return one
