"""Audit models and the lists that they make themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.artifacts import (
    NO_ITEM,
    AnyRecommender,
    ExternalModel,
    ExternalRecommender,
    Finding,
    RecommendationTask,
)
from harness.artifacts.array_types import Int64Array
from harness.models.torch_module.torch_model import TorchModel
from harness.pipeline.stages.fitting import ModelCheckpoint
from harness.pipeline.workers.shard_jobs import Job

if TYPE_CHECKING:
    from harness.experiment import Experiment

_CASES = 5


def model_findings(
    experiment: Experiment, task: RecommendationTask, fitted: ModelCheckpoint | None
) -> tuple[Finding, ...]:
    """Return the findings about the configuration or the checkpoint of a model, whatever lists it makes.

    Parameters
    ----------
    experiment
        The experiment of the model.
    task
        The task of the run.
    fitted
        The checkpoint of the model; None for an external model, see ``checkpoint_findings``.
    """
    params = experiment.model.params
    if isinstance(params, ExternalModel):
        return tuple(_pickles(params))
    return (*_stopped(experiment, task), *(() if fitted is None else params.audit(fitted.tensors)))


def cases_of(task: RecommendationTask, rows: Int64Array) -> tuple[str, ...]:
    """Return the external ids of the first few users of some rows of a task, for the cases of a finding."""
    return tuple(f"user {user}" for user in task.user_ids.ids[task.users[rows[:_CASES]]])


def _pickles(params: ExternalModel) -> Iterator[Finding]:
    """Yield the finding that reading a checkpoint can run code."""
    if params.allow_pickle:
        sentence = "model.params.allow_pickle is set: reading the checkpoint could run any code that it contains."
        yield Finding("allow_pickle", 1, 1, sentence)


def checkpoint_findings(recommender: AnyRecommender, task: RecommendationTask) -> Iterator[Finding]:
    """Yield how many tensors the checkpoint of an external model lacks, and how many items share a semantic id."""
    external = ExternalRecommender.of(recommender)
    tensors, collisions = external.missing_tensors, external.collisions
    if tensors is not None and tensors.missing:
        what = "they are not in the checkpoint (state.strict is false), and keep the random values they begin with."
        yield Finding.counted("missing_tensors", tensors.missing, tensors.total, "tensors of the module", what)
    if collisions is not None:
        sentence = (
            f"{collisions:,} items have the semantic id of one before them in the table, so that they are never "
            "recommended."
        )
        yield Finding("semantic_id_collisions", collisions, task.n_items, sentence)


def _stopped(experiment: Experiment, task: RecommendationTask) -> Iterator[Finding]:
    """Yield the finding that a model is evaluated on the part that stopped its training."""
    recipe = experiment.model.params.recipe
    if experiment.evaluation.part == "validation" and recipe is not None and recipe.patience is not None:
        yield Finding.counted(
            "stopped_on_validation",
            task.n_users,
            task.n_users,
            "lists",
            "they are measured on the part on which the training kept its best epoch, which flatters the model.",
        )


def _longer(params: Any) -> str:
    """Return a sentence on the options that make lists longer; empty where none is known."""
    if not isinstance(params, TorchModel):
        return ""
    output = params.output
    if not output.count_arguments:
        return (
            " The module does not know how many items are needed: name the argument that takes the number, such as a "
            "number of beams, in model.params.output.k, and raise output.k_factor where its output has seen items."
        )
    return (
        f" The module is asked for {output.k_factor} times as many items ({', '.join(output.count_arguments)}): raise "
        "model.params.output.k_factor."
    )


def list_findings(job: Job, params: Any) -> Iterator[Finding]:
    """Yield the findings about the lists of a model that makes them itself, before they were cleaned.

    Parameters
    ----------
    job
        The lists.
    params
        The model's configuration, for advice on its options.
    """
    shards = job.shards
    if shards.task.scored:
        return
    oddities = np.zeros((shards.task.n_users, 4), dtype=np.int64)
    lengths = np.zeros(shards.task.n_users, dtype=np.int64)
    for rows, found in job.all_found():
        assert found.oddities is not None  # noqa: S101  (of lists that a model made)
        oddities[rows] = found.oddities
        lengths[rows] = (found.items != NO_ITEM).sum(axis=1)
    given, invalid, repeated, barred = oddities.T
    total = int(given.sum())
    for name, counts, what in (
        ("invalid_ids", invalid, "no item of the catalogue"),
        ("repeated_items", repeated, "in the list already, such as duplicate beams"),
        ("barred_items", barred, "not to be recommended to the user, such as seen ones"),
    ):
        count = int(counts.sum())
        sentence = f"{count:,} of {total:,} items that the model gave were {what}; they were left out."
        yield Finding(name, count, total, sentence, cases=cases_of(shards.task, np.flatnonzero(counts)))
    k = shards.task.k
    short = np.flatnonzero(lengths < np.minimum(k, shards.task.n_candidates()))
    empty = int((lengths[short] == 0).sum())
    nothing = f"; {empty:,} of them are empty" if empty else ""
    sentence = (
        f"{len(short):,} of {len(lengths):,} lists have fewer than {k} items (runner.k), although there are more "
        f"candidates{nothing}. Each missing item counts as a miss.{_longer(params) if len(short) else ''}"
    )
    yield Finding("short_beams", len(short), len(lengths), sentence, cases=cases_of(shards.task, short))
