"""The users of a trial, and the lists that the model gives them under the options of its run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from harness.artifacts import (
    AnyRecommender,
    ExternalRecommender,
    ListRecommender,
    RecommendationTask,
    VectorRecommender,
)
from harness.artifacts.array_types import Int64Array
from harness.errors import HarnessError
from harness.pipeline.model_trial.time_budget import OutOfTimeError, TimeBudget
from harness.runner import Options, compute_topk
from harness.runner.memory_budget import batch_size_of
from harness.topk import TopKResult, is_out_of_memory


@dataclass(eq=False)
class TrialUsers:
    """The users of a trial: each list is made once, with the options and batches of the run, within a time budget.

    Parameters
    ----------
    recommender
        The model.
    task
        The task of the run; its lists may be shorter.
    options
        The options of the run.
    budget
        The time that the trial may take.
    warns
        Whether a failed check is reported as a finding, rather than raised.

    Attributes
    ----------
    checks
        Number of checks so far.
    skipped
        Names of the checks for which there was no time.
    failed
        Messages of the checks that failed.
    """

    recommender: AnyRecommender
    task: RecommendationTask
    options: Options
    budget: TimeBudget
    warns: bool = False
    checks: int = field(init=False, default=0)
    skipped: list[str] = field(init=False, default_factory=list)
    failed: list[str] = field(init=False, default_factory=list)
    _found: dict[int, TopKResult] = field(init=False, default_factory=dict)  # row of the task to its list
    _calls: list[Int64Array] = field(init=False, default_factory=list)  # rows that were first called for together

    @property
    def external(self) -> ExternalRecommender:
        """What the model declares for the trial."""
        return ExternalRecommender.of(self.recommender)

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Run a check: note it if there is no time left for it, or if it fails and failures are to be reported."""
        self.checks += 1
        try:
            yield
        except OutOfTimeError:
            self.skipped.append(name)
        except HarnessError as error:
            if not self.warns:
                raise
            self.failed.append(f"{name}: {error}")

    def first(self, rows: Int64Array) -> Int64Array:
        """Make the lists of some rows of the task, and return the rows for which there was time.

        The first call is for one user, so that everything is loaded and compiled. The second is for at most a tenth of
        the users of the run; its time says for how many more there is time.

        Raises
        ------
        HarnessError
            The model fails, or the users do not fit into memory.
        """
        if not self.budget.is_warm:
            with contextlib.suppress(HarnessError):  # more users give a better message
                self.found(self.recommender, self.task.of_users(rows[:1]))
        done, size = 0, self.whole_batches(self.budget.first_users)
        while done < len(rows) and size > 0:
            call = rows[done : done + size]
            try:
                self.lists(call)
            except OutOfTimeError:
                size = len(call) // 2
            else:
                self._calls.append(call)
                done, size = done + len(call), len(rows)
        return rows[:done]

    def lists(self, rows: Int64Array) -> TopKResult:
        """Return the model's lists for one or more distinct rows of the task, int64 ``(users,)``.

        Lists that were made before are not made again.

        Raises
        ------
        HarnessError
            The model fails, or the users do not fit into memory.
        OutOfTimeError
            There is no time for the missing lists.
        """
        missing = np.array([row for row in rows.tolist() if row not in self._found], dtype=np.int64)
        if len(missing):
            task = self.task.of_users(missing)
            found = _per_user(self.found(self.recommender, task), task)
            self._found.update(zip(missing.tolist(), found, strict=True))
        return _joined([self._found[row] for row in rows.tolist()])

    def repeated(self, recommender: AnyRecommender) -> TopKResult:
        """Return the lists of a model for the rows that ``first`` returned, by the same calls."""
        return _joined([self.found(recommender, self.task.of_users(call)) for call in self._calls])

    def one_by_one(self, rows: Int64Array) -> TopKResult:
        """Return the lists of the first of some rows, as many as there is time for, each made by a call of its own.

        Raises
        ------
        HarnessError, OutOfTimeError
            As for ``lists``.
        """
        parts: list[TopKResult] = []
        for row in rows:
            try:
                parts.append(self.found(self.recommender, self.task.of_users(np.array([row]))))
            except OutOfTimeError:
                if not parts:
                    raise
                break
        return _joined(parts)

    def found(self, recommender: AnyRecommender, task: RecommendationTask) -> TopKResult:
        """Return the lists of a model for a task, in batches no larger than those of the run.

        Raises
        ------
        HarnessError, OutOfTimeError
            As for ``lists``; the first call of a trial is always made.
        """
        users = max(1, task.n_users)
        size = self._batch_size(recommender, users)
        options = replace(self.options, batch_size=size)
        if isinstance(recommender, VectorRecommender):
            # Its batches have thousands of users, and few users are not to be filled up to that.
            options = replace(self.options, fixed_batches=False, precision="float32")
        with self.budget.measured(users, size=size):
            try:
                return compute_topk(recommender, task, options)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(recommender, VectorRecommender) or not is_out_of_memory(error):
                    raise
                raise HarnessError(
                    f"the vectors of {users:,} users do not fit into the memory of {options.device}. Set the number of "
                    "users per call of the module, such as model.params.call.users_at_once: 16."
                ) from error

    def whole_batches(self, users: int) -> int:
        """Return a number of users rounded down to whole batches, if it is one batch or more."""
        return users - users % self._batch_size(self.recommender, users)

    def _batch_size(self, recommender: AnyRecommender, users: int) -> int:
        if isinstance(recommender, VectorRecommender):
            return users
        if not isinstance(recommender, ListRecommender):
            return min(batch_size_of(self.task, self.options), users)
        size = recommender.users_at_once if self.options.batch_size == "auto" else self.options.batch_size
        return min(size, users)


def in_hash_order(task: RecommendationTask, rows: Int64Array) -> Int64Array:
    """Return rows of a task in a random order that depends on the users' external ids alone."""
    return rows[np.argsort(task.user_ids.keys[task.users[rows]], kind="stable")]


def _per_user(found: TopKResult, task: RecommendationTask) -> Iterator[TopKResult]:
    """Yield the lists of a task user by user."""
    targets = task.truth.indptr if task.scored else np.zeros(task.n_users + 1, dtype=np.int64)
    for row in range(task.n_users):
        user, own = slice(row, row + 1), slice(targets[row], targets[row + 1])
        oddities = None if found.oddities is None else found.oddities[user]
        yield TopKResult(
            found.items[user], found.scores[user], found.above[own], found.tied[own], found.candidates[user], oddities
        )


def _joined(parts: list[TopKResult]) -> TopKResult:
    """Return the lists of several calls as one."""

    def join(arrays: list[Any]) -> Any:
        return None if arrays[0] is None else np.concatenate(arrays)

    return TopKResult(*(join([getattr(part, array.name) for part in parts]) for array in fields(TopKResult)))
