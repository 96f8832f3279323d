"""Try an external model on a few users before it makes the lists of all users."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import AnyRecommender, Finding, ModelConfig, RecommendationTask
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.execution import progress
from harness.experiment import TrialSettings
from harness.pipeline.model_trial.repeat_checks import (
    BatchCheck,
    depends_on_batch,
    depends_on_length,
    differs_when_repeated,
    ignores_history,
)
from harness.pipeline.model_trial.shift_checks import ShiftChecks
from harness.pipeline.model_trial.time_budget import Clock, TimeBudget
from harness.pipeline.model_trial.trial_users import TrialUsers, in_hash_order
from harness.runner import Options

logger = logging.getLogger("harness")

DEFAULT_CONFIG = ModelConfig()

_SILENT = 5.0  # seconds; a longer trial is announced

Check = Callable[[], Iterator[Finding]]


@dataclass(frozen=True)
class TrialReport:
    """What a trial found.

    Parameters
    ----------
    findings
        The findings, each with ``trial`` set.
    seconds
        Time that the trial took; None if there was none.
    is_repeatable
        Whether the model gave the same lists when it was called again, so that its calls leave no trace in it.
    """

    findings: tuple[Finding, ...] = ()
    seconds: float | None = None
    is_repeatable: bool = False


def try_model(
    recommender: AnyRecommender,
    task: RecommendationTask,
    options: Options,
    settings: TrialSettings,
    *,
    params: ModelConfig = DEFAULT_CONFIG,
    clock: Clock = time.perf_counter,
    quiet: bool = False,
) -> TrialReport:
    """Return what is odd in the lists that a model makes for a few users.

    The users are drawn by a hash of their external ids. The user with the longest history, the one with the shortest,
    and one without any history, if there is one, are among them. No list is longer than those of the run. A check for
    which there is no time is skipped, and the finding ``trial_skipped`` names it.

    Parameters
    ----------
    recommender
        The model.
    task, options
        The task of the run, and how the run makes lists.
    settings
        What the trial may cost, and what a failed check does; not ``off``.
    params
        The configuration of the model.
    clock
        Returns seconds.
    quiet
        Whether to hide the progress.

    Raises
    ------
    HarnessError
        A check failed, and failures are not to be reported only: the model gives arrays of a wrong shape, numbers that
        are not finite, no item of the catalogue, or other lists with other padding; its ids are off by one; or so many
        users do not fit into memory.
    """
    task.check()
    if task.n_users == 0:
        return TrialReport(seconds=0.0)
    budget = TimeBudget(settings.seconds, task.n_users, clock)
    task = replace(task, k=min(task.k, settings.depth or task.k))
    trial = _Trial(TrialUsers(recommender, task, options, budget, settings.on_failure == "warn"), params)
    findings = [*trial.findings(settings.users, quiet=quiet), *_unfinished(trial.users)]
    differ = trial.differ
    return TrialReport(
        tuple(replace(finding, trial=True) for finding in findings),
        budget.spent,
        is_repeatable=differ is not None and not differ.any(),
    )


@dataclass(eq=False)
class _Trial:
    """The checks of a trial in their order."""

    users: TrialUsers
    params: ModelConfig
    differ: BoolArray | None = None  # the users whose lists differ when repeated; None if that was not checked

    def findings(self, n_users: int, *, quiet: bool) -> Iterator[Finding]:
        """Yield what the checks find; ``n_users`` is the number of users whose lists are compared."""
        users = self.users
        lengths = users.task.history.lengths[users.task.history_rows]
        rows = np.zeros(0, dtype=np.int64)
        with users.check("first_lists"):
            _check_empty_history(users, lengths)
            rows = users.first(_chosen_rows(users.task, lengths, n_users))
            _check_known_items(users, rows)
        if len(rows) == 0:
            return
        reads_history = self.params.reads_history
        shifts = ShiftChecks(users, lengths, n_users=n_users, reads_history=reads_history)
        checks: list[tuple[str, Check]] = [("differs_when_asked_again", lambda: self._repeated(rows))]
        if reads_history:
            checks.append(("ignores_history", lambda: ignores_history(users, rows[lengths[rows] > 0])))
        checks += [*shifts, *self._repeatable_checks(rows)]
        is_announced = _announce(users, shifts, len(rows), quiet=quiet)
        with progress("trying the model", len(checks), unit="checks", quiet=quiet or not is_announced) as advance:
            for name, check in checks:
                with users.check(name):
                    yield from check()
                advance(1)

    def _repeated(self, rows: Int64Array) -> Iterator[Finding]:
        finding, self.differ = differs_when_repeated(self.users, rows)
        yield finding

    def _repeatable_checks(self, rows: Int64Array) -> Iterator[tuple[str, Check]]:
        """Yield the checks that need users who get the same lists when the model is called again."""
        users, external = self.users, self.users.external

        def steady() -> Int64Array:
            return rows if self.differ is None else rows[~self.differ]

        if external.asks_for_more:
            yield "depends_on_length", lambda: depends_on_length(users, steady())
        if self.params.batch_invariant or external.pads_to_longest is False:
            return
        name: BatchCheck = "depends_on_padding" if external.pads_to_longest else "depends_on_batch"
        yield (
            name,
            lambda: depends_on_batch(name, users, steady(), dtype=self.params.dtype),
        )  # last: it can do with fewer users


def _announce(users: TrialUsers, shifts: ShiftChecks, n_users: int, *, quiet: bool) -> bool:
    """Return whether the trial takes more than some seconds, and log how many."""
    budget = users.budget
    expected = budget.spent + min(budget.left, budget.per_user * (5 * n_users + shifts.n_lists))
    if expected > _SILENT and not quiet:
        logger.info(
            "trying the model on a few users takes up to %.0f s, and the run about %.0f s (model.trial)",
            expected,
            budget.run,
        )
    return expected > _SILENT


def _chosen_rows(task: RecommendationTask, lengths: Int64Array, n_users: int) -> Int64Array:
    """Return rows of a task for a number of users, those with the longest and the shortest history first."""
    drawn = in_hash_order(task, np.arange(task.n_users))[:n_users]
    with_history = np.flatnonzero(lengths > 0)
    ends = [] if len(with_history) == 0 else [np.argmax(lengths), with_history[np.argmin(lengths[with_history])]]
    return np.array(list(dict.fromkeys([*map(int, ends), *drawn.tolist()]))[:n_users], dtype=np.int64)


def _check_empty_history(users: TrialUsers, lengths: Int64Array) -> None:
    """Raise if the model fails for a user without history."""
    task, empty = users.task, np.flatnonzero(lengths == 0)
    if len(empty) == 0:
        return
    try:
        users.found(users.recommender, task.of_users(empty[:1]))
    except HarnessError as error:
        raise HarnessError(
            f"{len(empty):,} of {task.n_users:,} users have an empty history, and the model fails for one of them, "
            f"'{task.user_ids.ids[task.users[empty[0]]]}': {error}"
        ) from error


def _check_known_items(users: TrialUsers, rows: Int64Array) -> None:
    """Raise if no list holds an item of the catalogue."""
    if len(rows) == 0 or users.task.scored:
        return
    oddities = users.lists(rows).oddities
    assert oddities is not None  # noqa: S101  (of lists that a model made)
    given, invalid = int(oddities[:, 0].sum()), int(oddities[:, 1].sum())
    if given == 0:
        raise HarnessError(
            f"the model recommended no item to any of the {len(oddities):,} users of the trial. Does it know these "
            "users, or read the history where it is passed? (model.params)"
        )
    if invalid < given:
        return
    ids = users.external.recommended_ids
    raise HarnessError(
        f"none of the {given:,} entries that the model recommended to {len(oddities):,} users is an item of the "
        f"catalogue of {users.task.n_items:,}{f'; its ids are {ids}' if ids else ''}. Look at the offset of the ids "
        "and at the file that says which item each of them is (model.params)."
    )


def _unfinished(users: TrialUsers) -> Iterator[Finding]:
    """Yield which checks failed, if failures are to be reported only, and which were skipped."""
    if users.failed:
        count = len(users.failed)
        sentence = f"{count:,} of {users.checks:,} checks of the trial failed. {'; '.join(users.failed)}"
        yield Finding("trial_failed", count, users.checks, sentence)
    if users.skipped:
        budget, count = users.budget, len(users.skipped)
        sentence = (
            f"{count:,} of {users.checks:,} checks of the trial were skipped for lack of time: "
            f"{', '.join(users.skipped)}. The trial may take {budget.limit:,.0f} s; the run takes about "
            f"{budget.run:,.0f} s. Set model.trial.seconds higher for all checks, or model.trial.users lower for "
            "cheaper ones."
        )
        logger.warning(sentence)
        yield Finding("trial_skipped", count, users.checks, sentence)
