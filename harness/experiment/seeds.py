"""The key ``seeds``: an experiment that fits and evaluates its model once per training seed."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from harness.experiment.components import option_names
from harness.experiment.validation_errors import FaultError

if TYPE_CHECKING:
    from harness.experiment.experiment import Experiment

PATTERN = "{seed}"


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


def check_seeds(experiment: Experiment) -> None:
    """Check that each seed has a checkpoint of its own.

    Raises
    ------
    FaultError
        A seed repeats, or the seeds and the checkpoint do not fit together.
    """
    seeds, model = experiment.seeds, experiment.model
    twice = next((seed for place, seed in enumerate(seeds) if seed in seeds[:place]), None)
    if twice is not None:
        raise FaultError(("seeds",), f"the seed {twice} is repeated. Remove one.")
    if experiment.expected and seeds:
        raise FaultError(("expected",), "expected values are of one run, and there are seeds. Remove one of both.")
    has_pattern = model.checkpoint is not None and PATTERN in model.checkpoint
    if has_pattern and not seeds:
        raise FaultError(
            ("model", "checkpoint"), f"model.checkpoint has {PATTERN}, and there are no seeds. Add seeds: [0, 1, 2]."
        )
    if seeds and not has_pattern and not model.params.fitted:
        raise FaultError(
            ("model", "checkpoint"),
            f"each seed needs a checkpoint of its own. Name them by a pattern, such as checkpoint: runs/{PATTERN}.pt",
        )


def _of_seed(experiment: Experiment, seed: int) -> Experiment:
    model = experiment.model
    params: Any = model.params
    if "seed" in option_names(type(params)):
        params = dataclasses.replace(params, seed=seed)
    checkpoint = model.checkpoint
    if checkpoint is not None and PATTERN in checkpoint:
        checkpoint = checkpoint.replace(PATTERN, str(seed))
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
