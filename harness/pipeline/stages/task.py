"""Build the recommendation task of an experiment: users, histories, candidates and relevant items."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import data
from harness.artifacts import VALIDATION_CUTOFF, Finding, Part, RecommendationTask, Split, Truth
from harness.artifacts.array_types import BoolArray
from harness.errors import DataError
from harness.storage import sha256_json

if TYPE_CHECKING:
    from harness.experiment import Experiment

# The parts that a user's history holds when a part is predicted, whatever the model was fitted on. Fold-in is history
# of users who are in no earlier part, and no model is fitted on it.
HISTORY_OF: dict[Part, tuple[Part, ...]] = {
    "test": ("train", "validation", "fold_in"),
    "validation": ("train", "fold_in"),
}


def task_of(experiment: Experiment, split: Split) -> RecommendationTask:
    """Return the task of the part that an experiment evaluates.

    Raises
    ------
    DataError
        The part has no interactions, a metric needs ratings that the data set does not have, or rolling history meets
        candidates per user.
    """
    task = _with_truth(experiment, split, experiment.evaluation.part, graded=True, limit=experiment.runner.limit_users)
    return with_candidates(task, experiment, split)


def validation_task(experiment: Experiment, split: Split) -> RecommendationTask:
    """Return the task that measures a model on the validation part while it is trained.

    It covers all users, with binary relevance. ``candidates.lists`` and ``candidates.sampled`` do not apply, as they
    belong to the part that is evaluated.

    Raises
    ------
    DataError
        The split has no validation part, or rolling history meets candidates per user.
    """
    task = _with_truth(experiment, split, "validation", graded=False, limit=None)
    return with_candidates(replace(task, k=VALIDATION_CUTOFF, scored=False), experiment, split, per_user=False)


def with_candidates(
    task: RecommendationTask, experiment: Experiment, split: Split, *, per_user: bool = True
) -> RecommendationTask:
    """Return a task with the candidates that an experiment gives its users, by rule, file or draw.

    Parameters
    ----------
    per_user
        Whether ``candidates.lists`` and ``candidates.sampled`` apply.
    """
    settings, n_items = experiment.candidates, task.n_items
    facts: dict[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    allowed: BoolArray | None = None
    if settings.items == "train":
        allowed = np.zeros(n_items, dtype=np.bool_)
        allowed[split.part("train").items] = True
    if settings.allow is not None:
        listed = data.allow_list(Path(settings.allow), task.item_ids)
        allowed = listed.items if allowed is None else allowed & listed.items
        facts["allow"] = {"path": settings.allow, "items": int(listed.items.sum())}
        findings += listed.findings
    found = None
    if per_user and settings.lists is not None:
        found = data.lists_from(Path(settings.lists), task)
        facts["lists"] = found.facts
    elif per_user and settings.sampled is not None:
        found = data.sampled_negatives(
            task,
            negatives=settings.sampled.negatives,
            by=settings.sampled.by,
            seed=settings.sampled.seed,
            allowed=allowed,
            popularity=np.bincount(split.part("train").items, minlength=n_items),
        )
        facts["sampled"] = found.facts
    if found is not None:
        findings += found.findings
    lists = None if found is None else found.lists
    return replace(task, candidates=allowed, lists=lists, candidate_facts=facts, findings=findings)


def candidates_digest(task: RecommendationTask) -> str | None:
    """Return the SHA-256 of the candidates that files or draws give; None where neither decides anything."""
    if not task.candidate_facts:
        return None
    allowed = None if task.candidates is None else hashlib.sha256(task.candidates.tobytes()).hexdigest()
    return sha256_json([allowed, None if task.lists is None else task.lists.digest])


def depth_of(experiment: Experiment) -> int:
    """Return the largest cutoff of the metrics, 1 or more."""
    return max(metric.cutoff or 1 for metric in experiment.metrics)


def length_of(experiment: Experiment, split: Split) -> int:
    """Return the length of lists: ``runner.k``, or less where no item and no metric can use more places."""
    return min(experiment.runner.k, max(len(split.interactions.item_ids), depth_of(experiment)))


def _with_truth(
    experiment: Experiment, split: Split, part: Part, *, graded: bool, limit: int | None
) -> RecommendationTask:
    """Return the task of a part without its candidates.

    Parameters
    ----------
    graded
        Whether ratings are gains, where a metric reads them.
    limit
        The number of users, chosen by a hash of their external ids; None: all users.
    """
    holdout = split.part(part)
    if len(holdout) == 0:
        raise DataError(
            f"the split has no {part} part, which evaluation.part asks for. "
            "Ask the split for one (validation: true), or evaluate part: test."
        )
    # Rows are in the order of users, so each user's relevant items lie together.
    distinct, starts = np.unique(holdout.users, return_index=True)
    users = distinct.astype(np.int64)
    indptr = np.append(starts, len(holdout)).astype(np.int64)
    truth = _gains(Truth(indptr, holdout.items, holdout.values, holdout.user_ids.ids[users]), experiment, graded=graded)
    if limit is not None and limit < len(users):
        chosen = np.sort(np.argsort(holdout.user_ids.keys[users], kind="stable")[:limit])
        users, truth = users[chosen], truth.rows(chosen)
    parts = _history_parts(split, part)
    times = places = None
    if split.rolling:
        _refuse_candidates_per_user(experiment)
        is_user = np.zeros(len(holdout.user_ids), dtype=np.bool_)
        is_user[users] = True
        moments = data.rolling_holdout(split, part, parts).of_users(is_user)
        users, history, times = moments.users, moments.history, moments.times
        truth, places = _gains(moments.truth, experiment, graded=graded), np.arange(len(users))
    else:
        history = split.history(parts)
    return RecommendationTask(
        users=users,
        truth=truth,
        history=history,
        user_ids=holdout.user_ids,
        item_ids=holdout.item_ids,
        places=places,
        exclude_seen=experiment.candidates.exclude == "seen",
        k=length_of(experiment, split),
        seed=experiment.runner.seed,
        scored=experiment.model.params.ranks_targets,
        history_parts=parts,
        times=times,
        time_unit=split.interactions.time_unit if split.rolling else None,
    )


def _history_parts(split: Split, part: Part) -> tuple[Part, ...]:
    has_fold_in = len(split.part("fold_in")) > 0
    return tuple(known for known in HISTORY_OF[part] if known != "fold_in" or has_fold_in)


def _gains(truth: Truth, experiment: Experiment, *, graded: bool) -> Truth:
    """Return a truth with ratings as gains where a metric reads them, and binary otherwise."""
    labels = [metric.label for metric in experiment.metrics if graded and "gains" in metric.required]
    if not labels:
        return replace(truth, gains=None)
    if truth.gains is None:
        raise DataError(
            f"{labels[0]} needs graded relevance, and the data set has no ratings. "
            "Name their column by dataset.columns.rating, or use gain: binary."
        )
    if not (truth.gains > 0).all():  # NaN is neither
        odd = truth.gains[~(truth.gains > 0)][0]
        raise DataError(
            f"{labels[0]} takes ratings as gains, and one of the {experiment.evaluation.part} part is {odd:g}. Gains "
            "are above 0: leave such rows out by a filter (min_rating), or use gain: binary."
        )
    return truth


def _refuse_candidates_per_user(experiment: Experiment) -> None:
    settings = experiment.candidates
    for key, value in (("lists", settings.lists), ("sampled", settings.sampled)):
        if value is not None:
            raise DataError(
                f"candidates.{key} gives each user a single set of candidates, but rolling history predicts for each "
                "user many times. Use history: frozen, or rank all items."
            )
