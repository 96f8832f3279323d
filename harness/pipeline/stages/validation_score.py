"""How good a model is on the validation part while it is trained: NDCG at 10 of the lists that a run would make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import NO_ITEM, VALIDATION_CUTOFF, AnyRecommender, Split, Truth, ValidationMetric
from harness.pipeline.stages.task import validation_task

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.experiment import Experiment

_MOST_LISTS = 10_000  # of which a mean is close enough to choose by


def validation_metric_of(experiment: Experiment, split: Split) -> ValidationMetric | None:
    """Return what tells how good a model is on the validation part; None where the split has none.

    Histories, candidates and what is excluded are those of a run on that part; relevance is binary, and the users are
    all, whatever ``runner.limit_users`` says, or a sample by a hash of their ids.
    """
    if len(split.part("validation")) == 0:
        return None
    task = validation_task(experiment, split)
    if task.n_users > _MOST_LISTS:
        order = np.argsort(task.user_ids.keys[task.users], kind="stable")
        task = task.of_users(np.sort(order[:_MOST_LISTS]))
    return ndcg_on(task)


def ndcg_on(task: RecommendationTask) -> ValidationMetric:
    """Return what gives NDCG at 10 of a recommender's lists for a task, mean over its lists."""
    relevant = _rows(task.truth)

    def judge(recommender: AnyRecommender, device: str) -> float:
        from harness.modules import RecommendationMetrics  # needs torch
        from harness.runner import Options, found_by

        lists = found_by(recommender, task, Options(device=device)).items
        predictions = [row[row != NO_ITEM].tolist() for row in lists]
        return float(RecommendationMetrics.ndcg_at_k(predictions, relevant, VALIDATION_CUTOFF))

    return judge


def _rows(truth: Truth) -> list[list[int]]:
    return [part.tolist() for part in np.split(truth.items, truth.indptr[1:-1])]
