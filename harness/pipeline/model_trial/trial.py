"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from harness.artifacts import AnyRecommender, Finding, ModelConfig, RecommendationTask
from harness.artifacts.array_types import Int64Array
from harness.errors import HarnessError
from harness.execution import progress
from harness.experiment import TrialSettings
from harness.pipeline.model_trial.rank_checks import Ranking
from harness.pipeline.model_trial.repeat_checks import alone_name, asked_again, asked_alone, longer_lists, reaction
from harness.pipeline.model_trial.time_budget import Budget, Clock
from harness.pipeline.model_trial.trial_users import Few, by_hash
from harness.runner import Options

logger = logging.getLogger("harness")

_SILENT = 5.0  # seconds that a trial may take without a word
_AGAIN = "differs_when_asked_again"

Check = Callable[[], Iterator[Finding]]


@dataclass(frozen=True)
class Tried:
    """What a trial found.

    Parameters
    ----------
    findings
        Each of them marked as the trial's.
    seconds
        Time that it took.
    """

    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class How:
    """How a trial is made.

    Parameters
    ----------
    trial
        Its configuration, which is not ``off``.
    params
        The model's configuration. Its ``reads_history`` says whether its lists should depend on the history, its
        ``batch_invariant`` that they do not depend on the batch.
    clock
        Returns seconds.
    quiet
        No progress.
    """

    trial: TrialSettings
    params: ModelConfig = field(default_factory=ModelConfig)
    clock: Clock = time.perf_counter
    quiet: bool = False


def tried(recommender: AnyRecommender, task: RecommendationTask, options: Options, how: How) -> Tried:
    """Return what is odd in what a model gives to a few users.

    The users are chosen by a hash of their external ids; the one with the longest history, one with the shortest and
    one without any, if there is one, are among them. No list is longer than those of the run. A check that there is no
    time for is skipped, and the finding ``trial_skipped`` names it.

    Parameters
    ----------
    recommender
        What recommends.
    task
        What the run asks of it.
    options
        How the run asks.
    how
        What the trial may cost, and what a failed check does.

    Raises
    ------
    HarnessError
        A check failed, and that is not to warn only: the model gives another shape than asked for, numbers that are
        not finite, nothing that is an item, or other lists with other padding; or the items are off by one; or so many
        users at once do not fit into memory.
    """
    task.check()
    if task.n_users == 0:
        return Tried()
    budget = Budget(how.trial.seconds, task.n_users, how.clock)
    task = replace(task, k=min(task.k, how.trial.depth or task.k))
    few = Few(recommender, task, options, budget, warns=how.trial.on_failure == "warn")
    findings = list(_found(few, how))
    findings.extend(_not_passed(few))
    return Tried(tuple(replace(finding, trial=True) for finding in findings), budget.spent)


def _found(few: Few, how: How) -> Iterator[Finding]:
    lengths = few.task.history.lengths[few.task.history_rows]
    chosen = np.zeros(0, dtype=np.int64)
    with few.check("first_lists"):
        _try_empty(few, lengths)
        chosen = few.first(_chosen(few.task, lengths, how.trial.users))
        _refuse_strange(few, chosen)
    if len(chosen) == 0:
        return
    differ = np.zeros(len(chosen), dtype=bool)

    def again() -> Iterator[Finding]:
        nonlocal differ
        finding, differ = asked_again(few, chosen)
        yield finding

    reads_history = how.params.reads_history
    ranking = Ranking.of(few, lengths, users=how.trial.users, reads_history=reads_history)
    checks: list[tuple[str, Check]] = [(_AGAIN, again)]
    if reads_history:
        checks.append(("ignores_history", lambda: reaction(few, chosen[lengths[chosen] > 0])))
    checks.extend(ranking.checks())
    checks.extend(_repeats(few, how.params, lambda: chosen[~differ]))
    quiet = how.quiet or not _announced(few, ranking, len(chosen), quiet=how.quiet)
    with progress("trying the model", len(checks), unit="checks", quiet=quiet) as advance:
        for name, check in checks:
            with few.check(name):
                yield from check()
            advance(1)


def _repeats(few: Few, params: ModelConfig, steady: Callable[[], Int64Array]) -> Iterator[tuple[str, Check]]:
    """Yield the checks of users who get the same when they are asked for again."""
    if getattr(few.recommender, "asks_for_more", False):
        yield "depends_on_length", lambda: longer_lists(few, steady())
    name = alone_name(params, few.recommender)
    if name is not None:  # last, since fewer users will do
        yield name, lambda: asked_alone(name, few, steady(), dtype=params.dtype)


def _announced(few: Few, ranking: Ranking, chosen: int, *, quiet: bool) -> bool:
    """Return whether the trial takes more than some seconds, and log how many."""
    budget = few.budget
    expected = min(budget.left, budget.per_user * (5 * chosen + ranking.lists))
    if budget.spent + expected <= _SILENT:
        return False
    if not quiet:
        logger.info(
            "trying the model on a few users first takes up to %.0f s, and the run about %.0f s (model.trial)",
            budget.spent + expected,
            budget.run,
        )
    return True


def _chosen(task: RecommendationTask, lengths: Int64Array, users: int) -> Int64Array:
    """Return so many rows of a task, those of the longest and of the shortest history first."""
    some = by_hash(task, np.arange(task.n_users))[:users]
    with_history = np.flatnonzero(lengths > 0)
    ends = [] if len(with_history) == 0 else [np.argmax(lengths), with_history[np.argmin(lengths[with_history])]]
    return np.array(list(dict.fromkeys([*map(int, ends), *some.tolist()]))[:users], dtype=np.int64)


def _try_empty(few: Few, lengths: Int64Array) -> None:
    task, empty = few.task, np.flatnonzero(lengths == 0)
    if len(empty) == 0:
        return
    try:
        few.found(few.recommender, task.of_users(empty[:1]))
    except HarnessError as error:
        raise HarnessError(
            f"{len(empty):,} of {task.n_users:,} users have an empty history, and the model fails for "
            f"'{task.user_ids.ids[task.users[empty[0]]]}', who is one of them: {error}"
        ) from error


def _refuse_strange(few: Few, chosen: Int64Array) -> None:
    """Raise where lists hold no item of the catalogue."""
    if len(chosen) == 0 or few.task.scored:
        return
    oddities = few.lists(chosen).oddities
    assert oddities is not None  # noqa: S101  (of lists that a model made)
    given, invalid = int(oddities[:, 0].sum()), int(oddities[:, 1].sum())
    if given == 0:
        raise HarnessError(
            f"the model gave none of the {len(oddities):,} users who were tried any item. Does it know these users, or "
            "read the history where it is given? (model.params)"
        )
    if invalid < given:
        return
    told = getattr(few.recommender, "given_ids", "")
    raise HarnessError(
        f"none of the {given:,} entries that the model gave {len(oddities):,} users is an item of the catalogue of "
        f"{few.task.n_items:,}{f'; what it gave is {told}' if told else ''}. Look at the offset of the ids and at the "
        "file that says which item each stands for (model.params)."
    )


def _not_passed(few: Few) -> Iterator[Finding]:
    """Yield which checks failed, where that is to warn only, and which there was no time for."""
    of = few.checks
    if few.failed:
        count = len(few.failed)
        sentence = f"{count:,} of {of:,} checks of the trial failed. {'; '.join(few.failed)}"
        yield Finding("trial_failed", count, of, sentence)
    if few.skipped:
        budget, names, count = few.budget, ", ".join(few.skipped), len(few.skipped)
        sentence = (
            f"{count:,} of {of:,} checks of the trial were skipped for lack of time: {names}. The trial may take "
            f"{budget.limit:,.0f} s; the run takes about {budget.run:,.0f} s. Set model.trial.seconds higher for all "
            "checks, or model.trial.users lower for cheaper ones."
        )
        logger.warning(sentence)
        yield Finding("trial_skipped", count, of, sentence)
