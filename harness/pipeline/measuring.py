"""From lists to an experiment's metrics, a value a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from harness import evaluation
from harness.artifacts import MetricTable, TopK, Truth
from harness.pipeline.preparation import Task

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.recommending import Part


def measured_parts(experiment: Experiment, parts: Callable[[], Iterator[Part]], task: Task) -> MetricTable:
    """Return the metrics of a task's lists, part by part."""
    items = np.concatenate([part.topk.items for part in parts()])
    return measured(experiment, TopK(items, None, task.truth.users), task)


def measured(experiment: Experiment, topk: TopK, task: Task) -> MetricTable:
    """Return the metrics of a task's lists; where a user has several, their mean is the user's value."""
    lists, truth = topk, task.truth
    if task.times is not None:
        # Row by row: own ids repeat.
        lists, truth = TopK(topk.items, topk.scores), Truth(truth.indptr, truth.items)
    table = evaluation.evaluate(
        lists,
        truth,
        metrics=experiment.metrics,
        n_items=task.history.n_items,
        parallel=experiment.evaluation.parallel,
        confidence=experiment.statistics.confidence,
    )
    if task.times is None or task.truth.users is None:
        return table
    return evaluation.averaged(table, task.truth.users)
