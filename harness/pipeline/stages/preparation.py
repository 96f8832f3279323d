"""From an experiment's ``dataset`` to a split, and to what is asked of the model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import data
from harness.artifacts import CandidateLists, DatasetRecord, Finding, History, Part, Split, TimeUnit, Truth, Vocabulary
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.errors import DataError
from harness.storage import sha256_json

if TYPE_CHECKING:
    from harness.experiment import Experiment

# What a user's history is when a part is predicted, whatever the model was fitted on. Fold-in is history
# of users who are in no other part before, and is never fitted on.
HISTORY_OF: dict[Part, tuple[Part, ...]] = {
    "test": ("train", "validation", "fold_in"),
    "validation": ("train", "fold_in"),
}
FIT_PARTS: dict[str, tuple[Part, ...]] = {"train": ("train",), "train_validation": ("train", "validation")}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set, read, filtered and split."""

    source: data.SourceData
    filtered: data.FilterResult
    split: Split

    def record(self, experiment: Experiment) -> DatasetRecord:
        """Return what the record of a run holds about the data set."""
        return DatasetRecord(
            name=self.source.name,
            sha256=self.source.sha256,
            source=self.source.facts,
            warnings=self.source.cautions,
            raw=data.describe(self.source.interactions),
            filtered=data.describe(self.filtered.interactions),
            filters=self.filtered.steps,
            split={**experiment.to_dict()["dataset"]["split"], "facts": dict(self.split.facts)},
        )


@dataclass(frozen=True, eq=False)
class Task:
    """Who is asked for, what they did before, and what they did next.

    Parameters
    ----------
    users
        int64 ``(users,)``: indices of the users with something relevant in the part.
    truth
        Row by row for ``users``.
    history
        Over all users of the vocabulary; with ``times`` row by row for ``users``.
    candidates
        bool ``(items,)``: what may be recommended, or None for every item.
    lists
        The candidates of each user, or None for all of ``candidates``.
    candidate_facts
        What was counted of candidates, for the report.
    findings
        What is odd in the candidates.
    history_parts
        The parts that the history holds, fold-in only where there is any.
    item_ids
        The catalogue.
    times
        With rolling history the moment of each row of ``users``, who repeat then; else None.
    time_unit
        The unit of ``times``, None where they are numbers without one.
    """

    users: Int64Array
    truth: Truth
    history: History
    candidates: BoolArray | None
    history_parts: tuple[Part, ...]
    item_ids: Vocabulary
    lists: CandidateLists | None = None
    candidate_facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    times: Int64Array | Float64Array | None = None
    time_unit: TimeUnit | None = None

    @property
    def places(self) -> Int64Array | None:
        """The row of ``history`` for each of ``users``, None where it has a row a user of the vocabulary."""
        return None if self.times is None else np.arange(len(self.users))

    @property
    def history_rows(self) -> Int64Array:
        """The row of ``history`` for each of ``users``; int64 ``(users,)``."""
        return self.users if self.places is None else self.places

    @property
    def candidates_digest(self) -> str | None:
        """SHA-256 of what files or draws decide of the candidates; None where they decide nothing."""
        if not self.candidate_facts:
            return None
        allowed = None if self.candidates is None else hashlib.sha256(self.candidates.tobytes()).hexdigest()
        return sha256_json([allowed, None if self.lists is None else self.lists.digest])


def prepare(experiment: Experiment) -> Prepared:
    """Read, filter and split an experiment's data set."""
    source = data.load_source(experiment.dataset)
    filtered = data.apply_filters(source.interactions, experiment.dataset.filters)
    return Prepared(source, filtered, experiment.dataset.split.split(filtered.interactions))


def task_of(experiment: Experiment, split: Split, *, judging: bool = False) -> Task:
    """Return the prediction task of an experiment's part.

    Parameters
    ----------
    judging
        The task of the validation part instead, by which a training is judged: all users, binary relevance, and all
        that may be recommended (``candidates.lists`` and ``sampled`` are of the part that is evaluated).

    Raises
    ------
    DataError
        The part has no interactions.
    """
    part: Part = "validation" if judging else experiment.evaluation.part
    holdout = split.part(part)
    if len(holdout) == 0:
        raise DataError(
            f"the split has no {part} part, which evaluation.part asks for. "
            "Ask the split for one (validation: true), or evaluate part: test."
        )
    # Rows are in the order of users, so each user's relevant items lie together.
    users, starts = np.unique(holdout.users, return_index=True)
    indptr = np.append(starts, len(holdout)).astype(np.int64)
    truth = Truth(indptr, holdout.items, holdout.values, users=holdout.user_ids.ids[users])
    truth = replace(truth, gains=None) if judging else _as_asked(truth, experiment)
    limit = None if judging else experiment.runner.limit_users
    if limit is not None and limit < len(users):
        # By hash of the own id: the same users whatever the order of the file.
        chosen = np.sort(np.argsort(holdout.user_ids.keys[users], kind="stable")[:limit])
        users, truth = users[chosen], truth.rows(chosen)
    if split.rolling:
        return _rolling_task(experiment, split, part, users.astype(np.int64), judging=judging)
    parts = _history_parts(split, part)
    task = Task(
        users.astype(np.int64), truth, split.history(parts), _candidates(experiment, split), parts, holdout.item_ids
    )
    return with_candidates(task, experiment, split, drawn=not judging)


def _history_parts(split: Split, part: Part) -> tuple[Part, ...]:
    has_fold_in = len(split.part("fold_in")) > 0
    return tuple(known for known in HISTORY_OF[part] if known != "fold_in" or has_fold_in)


def _as_asked(truth: Truth, experiment: Experiment) -> Truth:
    """Return a truth with its gains, ratings, where a metric reads them, and binary otherwise."""
    graded = [metric.label for metric in experiment.metrics if "gains" in metric.required]
    if not graded:
        return replace(truth, gains=None)
    if truth.gains is None:
        raise DataError(
            f"{graded[0]} needs graded relevance, and the data set has no ratings. "
            "Name their column by dataset.columns.rating, or use gain: binary."
        )
    if not (truth.gains > 0).all():  # NaN is neither
        odd = truth.gains[~(truth.gains > 0)][0]
        raise DataError(
            f"{graded[0]} takes ratings as gains, and one of the {experiment.evaluation.part} part is {odd:g}. Gains "
            "are above 0: leave such rows out by a filter (min_rating), or use gain: binary."
        )
    return truth


def _rolling_task(experiment: Experiment, split: Split, part: Part, users: Int64Array, *, judging: bool) -> Task:
    """Return the task of predicting some users at each of their held-out moments."""
    for key in ("lists", "sampled"):
        if getattr(experiment.candidates, key) is not None:
            raise DataError(
                f"candidates.{key} gives a user one set of candidates, and rolling history predicts them many times. "
                "Use history: frozen, or rank all items."
            )
    asked = np.zeros(len(split.interactions.user_ids), dtype=np.bool_)
    asked[users] = True
    parts = _history_parts(split, part)
    found = data.occasions_of(split, part, parts).of_users(asked)
    item_ids = split.interactions.item_ids
    candidates = _candidates(experiment, split)
    truth = replace(found.truth, gains=None) if judging else _as_asked(found.truth, experiment)
    task = Task(found.users, truth, found.history, candidates, parts, item_ids, times=found.times)
    task = replace(task, time_unit=split.interactions.time_unit)
    return with_candidates(task, experiment, split, drawn=not judging)


def with_candidates(task: Task, experiment: Experiment, split: Split, *, drawn: bool = True) -> Task:
    """Return a task with the candidates that files and draws give its users.

    Parameters
    ----------
    drawn
        Whether users have lists of their own, where the experiment says so.
    """
    chosen, rows = experiment.candidates, split.interactions
    facts: dict[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    candidates, lists = task.candidates, None
    if chosen.allow is not None:
        allowed = data.allow_list(Path(chosen.allow), rows.item_ids)
        candidates = allowed.items if candidates is None else candidates & allowed.items
        facts["allow"] = {"path": chosen.allow, "items": int(allowed.items.sum())}
        findings += allowed.findings
    users = data.AskedUsers(task.users, task.truth, task.history, rows.user_ids, rows.item_ids)
    found = None
    if drawn and chosen.lists is not None:
        found = data.lists_from(Path(chosen.lists), users)
        facts["lists"] = found.facts
    elif drawn and chosen.sampled is not None:
        sampled = chosen.sampled
        popularity = np.bincount(split.part("train").items, minlength=len(rows.item_ids))
        found = data.sampled_negatives(
            users,
            negatives=sampled.negatives,
            by=sampled.by,
            seed=sampled.seed,
            allowed=candidates,
            popularity=popularity,
        )
        facts["sampled"] = found.facts
    if found is not None:
        lists, findings = found.lists, findings + found.findings
    return replace(task, candidates=candidates, lists=lists, candidate_facts=facts, findings=findings)


def _candidates(experiment: Experiment, split: Split) -> BoolArray | None:
    if experiment.candidates.items == "all":
        return None
    known = np.zeros(len(split.interactions.item_ids), dtype=np.bool_)
    known[split.part("train").items] = True
    return known
