"""What is asked of a model in an experiment: for whom, of what, and how many items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.artifacts import Split
from harness.pipeline.stages.preparation import Task

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.runner import PredictionTask


def asked_of(experiment: Experiment, split: Split, task: Task, *, k: int | None = None) -> PredictionTask:
    """Return what is asked of a model for a task, with the candidates and the order of an experiment.

    Parameters
    ----------
    k
        Length of the lists; None for that of the experiment.
    """
    from harness.runner import PredictionTask  # needs torch, which predictions from a file do not

    rows = split.interactions
    return PredictionTask(
        users=task.users,
        truth=task.truth,
        history=task.history,
        user_ids=rows.user_ids,
        item_ids=rows.item_ids,
        places=task.places,
        candidates=task.candidates,
        lists=task.lists,
        exclude_seen=experiment.candidates.exclude == "seen",
        k=length_of(experiment, split) if k is None else k,
        seed=experiment.runner.seed,
        scored=experiment.model.params.ranks_targets,
    )


def depth_of(experiment: Experiment) -> int:
    """Return how many places of a list the metrics look at."""
    return max(metric.cutoff or 1 for metric in experiment.metrics)


def length_of(experiment: Experiment, split: Split) -> int:
    """Return the length of lists: ``runner.k``, but no places that neither an item nor a metric can use."""
    return min(experiment.runner.k, max(len(split.interactions.item_ids), depth_of(experiment)))
