"""Audit the data of a run: its split, its candidates, and its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness import data
from harness.artifacts import Finding, RecommendationTask, Split, candidate_counts, cutoff_beyond_candidates, few_users
from harness.pipeline.stages.task import depth_of

if TYPE_CHECKING:
    from harness.experiment import Experiment


def data_findings(experiment: Experiment, split: Split, task: RecommendationTask) -> tuple[Finding, ...]:
    """Return the findings about the split, the candidates and the size of a task."""
    return (*split_findings(experiment, split), *task.findings, *size_findings(experiment, task))


def split_findings(experiment: Experiment, split: Split) -> tuple[Finding, ...]:
    """Return the findings about the part of a split that an experiment evaluates."""
    return data.audit(split, experiment.evaluation.part, excludes_seen=experiment.candidates.exclude == "seen")


def size_findings(experiment: Experiment, task: RecommendationTask) -> tuple[Finding, ...]:
    """Return the findings that a task is too small for the metrics of an experiment.

    ``few_users`` counts the users where there are fewer than 30. ``cutoff_beyond_candidates`` counts the lists whose
    user has no more candidates than the largest cutoff.
    """
    depth, n_lists = depth_of(experiment), task.truth.n_users
    allowed = np.ones(task.history.n_items, dtype=np.bool_) if task.candidates is None else task.candidates
    lengths = task.history.lengths[task.history_rows]
    most = np.full(n_lists, int(allowed.sum())) if task.lists is None else np.diff(task.lists.indptr)
    excludes = experiment.candidates.exclude == "seen"
    # Counting what each user has seen is expensive, and only these few users can fall short.
    rows = np.flatnonzero(most - (lengths if excludes else 0) <= depth)
    counts = candidate_counts(
        allowed=allowed,
        lists=None if task.lists is None else task.lists.of(rows),
        seen=task.history.rows(task.history_rows[rows]) if excludes else None,
        n_users=len(rows),
    )
    return (
        few_users(len(np.unique(task.users))),
        cutoff_beyond_candidates(depth, counts[counts <= depth], n_lists),
    )
