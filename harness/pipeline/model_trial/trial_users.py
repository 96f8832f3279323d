"""A few users, asked for as the whole run asks for all, each list once, within the time of a trial."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from harness.artifacts import AnyRecommender, CandidateLists, ListRecommender, RecommendationTask, VectorRecommender
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.errors import HarnessError
from harness.pipeline.model_trial.time_budget import Budget, OutOfTimeError
from harness.runner import Options, compute_topk
from harness.runner.memory_budget import batch_size_of
from harness.topk import TopKResult, is_out_of_memory


@dataclass(eq=False)
class Few:
    """Asks a model for the lists of a few users, with the options and the batches of its run.

    Parameters
    ----------
    recommender
        The model.
    task
        That of the run; its lists may be shorter.
    options
        Those of the run.
    budget
        The time that there is.
    warns
        Whether a failed check reports a finding, where it otherwise raises.
    """

    recommender: AnyRecommender
    task: RecommendationTask
    options: Options
    budget: Budget
    warns: bool = False
    checks: int = field(init=False, default=0)
    skipped: list[str] = field(init=False, default_factory=list)  # names of checks, in their order
    failed: list[str] = field(init=False, default_factory=list)  # messages
    _made: dict[int, TopKResult] = field(init=False, default_factory=dict)  # row of the task to its list
    _calls: list[Int64Array] = field(init=False, default_factory=list)  # rows that were first asked for together

    @contextlib.contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Skip the rest of the block where there is no time left for it, and note a failure if that is to warn only."""
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
        """Make the lists of some rows of the task, and return the rows that there was time for.

        One user is asked for first, so that all is loaded and compiled. Then come so few that they take a tenth of the
        run at most, and their time says how many more there is time for.

        Raises
        ------
        HarnessError
            What is wrong with the model, or that so many users do not fit into memory.
        """
        if not self.budget.is_warm:
            with contextlib.suppress(HarnessError):  # which more users say more of
                self.found(self.recommender, self.task.of_users(rows[:1]))
        done, at_once = 0, self.whole_batches(self.budget.users_at_first)
        while done < len(rows) and at_once > 0:
            call = rows[done : done + at_once]
            try:
                self.lists(call)
            except OutOfTimeError:
                at_once = len(call) // 2
            else:
                self._calls.append(call)
                done, at_once = done + len(call), len(rows)
        return rows[:done]

    def lists(self, rows: Int64Array) -> TopKResult:
        """Return the model's lists for some rows of the task. Those that were made before are not made again.

        Parameters
        ----------
        rows
            int64 ``(users,)``, each once, 1 or more.

        Raises
        ------
        HarnessError
            As for ``first``.
        OutOfTimeError
            There is no time for the lists that are missing.
        """
        missing = np.array([row for row in rows.tolist() if row not in self._made], dtype=np.int64)
        if len(missing):
            task = self.task.of_users(missing)
            made = _by_user(self.found(self.recommender, task), task)
            self._made.update(zip(missing.tolist(), made, strict=True))
        return _joined([self._made[row] for row in rows.tolist()])

    def again(self, recommender: AnyRecommender) -> TopKResult:
        """Return what a model finds for the rows that ``first`` returned, asked for in the same calls."""
        return _joined([self.found(recommender, self.task.of_users(call)) for call in self._calls])

    def alone(self, rows: Int64Array) -> TopKResult:
        """Return the lists of the first of some rows, as many as there is time for, when each is asked for by itself.

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
        """Return what a model finds for the users of a task, in batches no larger than those of the run.

        Raises
        ------
        HarnessError, OutOfTimeError
            As for ``lists``; the first call of a trial is always made.
        """
        users = max(1, task.n_users)
        size = self._batch_size(recommender, users)
        options = replace(self.options, batch_size=size)
        if isinstance(recommender, VectorRecommender):
            # It is asked for thousands at once, which a few are not to be filled up to.
            options = replace(self.options, fixed_batches=False, precision="float32")
        with self.budget.measured(users, size=size):
            try:
                return compute_topk(recommender, task, options)
            except (MemoryError, RuntimeError) as error:
                if not isinstance(recommender, VectorRecommender) or not is_out_of_memory(error):
                    raise
                raise HarnessError(
                    f"the vectors of {users:,} users do not fit into the memory of {options.device}. Set how many a "
                    "module is called for at once, such as model.params.call.users_at_once: 16."
                ) from error

    def whole_batches(self, users: int) -> int:
        """Return how many of some users make whole batches, or all of them where they are fewer than one."""
        return users - users % self._batch_size(self.recommender, users)

    def _batch_size(self, recommender: AnyRecommender, users: int) -> int:
        """Return how many of some users are asked for at once."""
        if isinstance(recommender, VectorRecommender):
            return users
        if not isinstance(recommender, ListRecommender):
            return min(batch_size_of(self.task, self.options), users)
        size = recommender.users_at_once if self.options.batch_size == "auto" else self.options.batch_size
        return min(size, users)


def by_hash(task: RecommendationTask, among: Int64Array) -> Int64Array:
    """Return rows of a task in a random order that goes by the users' external ids."""
    return among[np.argsort(task.user_ids.keys[task.users[among]], kind="stable")]


def places(found: TopKResult, task: RecommendationTask) -> tuple[Float64Array, Float64Array]:
    """Return where the relevant items of a task stand in the ranking of a user's candidates.

    Parameters
    ----------
    found
        What was found for the task.
    task
        With the relevant items.

    Returns
    -------
    tuple
        The share of other candidates above each relevant item, ties counted half, ``(relevant items,)``, 0 at the
        top and NaN where it is no candidate; and the share of the candidates whose order is known, ``(users,)``,
        1 where all are scored. What is not in a list stands in the middle of what is left.
    """
    rows = np.repeat(np.arange(task.n_users), np.diff(task.truth.indptr))
    candidates = task.n_candidates()
    others = np.maximum(candidates - 1, 1)[rows]
    if task.scored:
        above = (found.above + found.tied / 2) / others
        return np.where(found.above < 0, np.nan, above), np.ones(task.n_users)
    lengths = (found.items >= 0).sum(axis=1)
    hits = found.items[rows] == task.truth.items[:, None]  # (relevant items, k)
    left = np.maximum(candidates - 1 - lengths, 0)[rows]
    above = np.where(hits.any(axis=1), hits.argmax(axis=1), lengths[rows] + left / 2) / others
    return np.where(_may_be(task, rows), above, np.nan), lengths / np.maximum(candidates, 1)


def _by_user(found: TopKResult, task: RecommendationTask) -> Iterator[TopKResult]:
    """Yield what was found for each user of a task."""
    targets = task.truth.indptr if task.scored else np.zeros(task.n_users + 1, dtype=np.int64)
    for row in range(task.n_users):
        one, own = slice(row, row + 1), slice(targets[row], targets[row + 1])
        oddities = None if found.oddities is None else found.oddities[one]
        yield TopKResult(
            found.items[one], found.scores[one], found.above[own], found.tied[own], found.candidates[one], oddities
        )


def _joined(parts: list[TopKResult]) -> TopKResult:
    """Return what was found for users, one after the other."""

    def join(array_of: Callable[[TopKResult], np.ndarray | None]) -> np.ndarray:
        return np.concatenate([array for array in map(array_of, parts) if array is not None])

    return TopKResult(
        join(lambda part: part.items),
        join(lambda part: part.scores),
        join(lambda part: part.above),
        join(lambda part: part.tied),
        join(lambda part: part.candidates),
        None if parts[0].oddities is None else join(lambda part: part.oddities),
    )


def _may_be(task: RecommendationTask, rows: Int64Array) -> BoolArray:
    """Return which of a task's relevant items are candidates, bool ``(relevant items,)``."""
    asked, keys = task.list_request(0, task.n_users), rows * task.n_items + task.truth.items
    may = np.ones(len(keys), dtype=bool) if asked.allowed is None else asked.allowed[task.truth.items]
    if asked.lists is not None:
        may = may & np.isin(keys, _keys(asked.lists, task.n_items))
    if asked.seen is not None:
        may = may & ~np.isin(keys, _keys(asked.seen, task.n_items))
    return may


def _keys(lists: CandidateLists, n_items: int) -> Int64Array:
    keys: Int64Array = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr)) * n_items + lists.items
    return keys
