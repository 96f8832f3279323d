"""Measure a model on the validation part while it is trained: NDCG at 10 of the lists that a run would make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import NO_ITEM, VALIDATION_CUTOFF, AnyRecommender, Split, Truth, ValidationMetric
from harness.pipeline.stages.task import validation_task

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.experiment import Experiment

_MOST_LISTS = 10_000  # whose mean is precise enough to choose an epoch


def validation_metric_of(experiment: Experiment, split: Split) -> ValidationMetric | None:
    """Return the metric that decides when training stops; None where the split has no validation part.

    Histories and candidates are those of a run on that part. Relevance is binary. All users count, whatever
    ``runner.limit_users`` says, or a sample of 10,000 by a hash of their external ids.
    """
    if len(split.part("validation")) == 0:
        return None
    task = validation_task(experiment, split)
    if task.n_users > _MOST_LISTS:
        order = np.argsort(task.user_ids.keys[task.users], kind="stable")
        task = task.of_users(np.sort(order[:_MOST_LISTS]))
    return ndcg_on(task)


def ndcg_on(task: RecommendationTask) -> ValidationMetric:
    """Return the function that measures NDCG at 10 of a recommender on a task, as the mean over its lists."""
    relevant = _rows(task.truth)

    def ndcg(recommender: AnyRecommender, device: str) -> float:
        from harness.modules import RecommendationMetrics  # needs torch
        from harness.runner import Options, compute_topk

        lists = compute_topk(recommender, task, Options(device=device)).items
        predictions = [row[row != NO_ITEM].tolist() for row in lists]
        return float(RecommendationMetrics.ndcg_at_k(predictions, relevant, VALIDATION_CUTOFF))

    return ndcg


def _rows(truth: Truth) -> list[list[int]]:
    return [part.tolist() for part in np.split(truth.items, truth.indptr[1:-1])]
