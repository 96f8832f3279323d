"""Detect lists that depend on repetition, on the batch, on the padding or on k, or that ignore the history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from harness.artifacts import Finding, History, RecommendationTask, Severity, Truth
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.pipeline.model_trial.trial_users import TrialUsers
from harness.pipeline.stages.list_audit import cases_of
from harness.topk import TopKResult

BatchCheck = Literal["depends_on_batch", "depends_on_padding"]

_OTHER_SEED, _TOLERANCE = 1, 1e-4
_ONE_BY_ONE = 8  # users of a Python object that are called for alone
_SHOWN = 3  # items of a list
# Relative differences of scores that are rounding errors of sums in another order.
_ROUNDING = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
_PLACES, _USERS = 0.2, 0.05  # shares of a list, and of the users, that may differ by near ties


def differs_when_repeated(users: TrialUsers, rows: Int64Array) -> tuple[Finding, BoolArray]:
    """Return who gets other lists when the same calls are repeated, with another seed if the model takes one.

    Parameters
    ----------
    users
        The users of the trial.
    rows
        int64 ``(users,)``: the rows of the task that were called for first.

    Returns
    -------
    tuple
        The finding, and the users it is about, bool ``(users,)``.
    """
    other = users.external.with_seed(_OTHER_SEED) or users.recommender
    found, repeated = users.lists(rows), users.repeated(other)
    same = np.isclose(found.scores, repeated.scores, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True)
    if not users.task.scored:
        same &= found.items == repeated.items
    differ = np.asarray(~same.all(axis=1))
    count = int(differ.sum())
    sentence = f"{count:,} of {len(differ):,} users of the trial get other lists when the model is called again" + (
        ": it draws random numbers, as dropout does when eval() leaves it on, or remembers earlier calls. These "
        "numbers hold for one draw only."
        if count
        else "."
    )
    cases = cases_of(users.task, rows[differ])
    return Finding("differs_when_asked_again", count, len(differ), sentence, cases=cases), differ


def depends_on_batch(name: BatchCheck, users: TrialUsers, rows: Int64Array, *, dtype: str) -> Iterator[Finding]:
    """Yield who gets another list alone than together with others.

    Parameters
    ----------
    name
        ``depends_on_padding`` for a model that pads histories to the longest of a batch, else ``depends_on_batch``.
    users
        The users of the trial.
    rows
        int64 ``(users,)``: rows of the task, of users who get the same lists when the model is called again.
    dtype
        The type of the model's numbers.

    Raises
    ------
    HarnessError
        The lists depend on the padding, and failures are not to be reported only.
    OutOfTimeError
        There is no time for the check.
    """
    if name == "depends_on_batch":
        rows = rows[:_ONE_BY_ONE]
    if len(rows) == 0:
        return
    task, width = users.task.of_users(rows), 0
    if name == "depends_on_batch":
        together = users.lists(rows)
    else:  # padded to the longest history, as in a run, whatever its batches
        width = _longest(users, rows)
        together = users.found(users.external.with_length(width) or users.recommender, task)
    alone = users.one_by_one(rows)
    of = len(alone.items)
    if of < len(rows):
        users.skipped.append(f"{name} for {len(rows) - of:,} of {len(rows):,} users")
    first = replace(together, items=together.items[:of], scores=together.scores[:of])
    differ = _differ(first, alone, scored=task.scored, rounding=_ROUNDING[dtype])
    count = int(differ.sum())
    sentence = f"{count:,} of {of:,} users of the trial get another list when the model is called for them alone"
    cases = cases_of(task, np.flatnonzero(differ))
    if count == 0 or (not task.scored and count <= _USERS * len(rows)):
        yield Finding(name, count, of, f"{sentence}.", "info", cases)
        return
    shown = _shown(task, alone, together, int(np.argmax(differ)))
    if name == "depends_on_batch":
        sentence += (
            f" than together with others, such as {shown}. These numbers hold for batches of this size only "
            "(runner.batch_size)."
        )
    else:
        sentence += (
            f" than with their histories padded to {width:,}, the length of the longest, such as {shown}. "
            "call.length is not set, so histories are padded to the longest of a batch, and the numbers would depend "
            "on the batch. Set model.params.call.length to the length that the model was trained with. A module that "
            "should ignore padding may lack call.mask or call.lengths, or need the other call.padding."
        )
        if not users.warns and of >= min(_ONE_BY_ONE, len(rows)):  # fewer may be chance
            raise HarnessError(f"{sentence} If the model is right as it is, set model.trial: warn.")
    yield Finding(name, count, of, sentence, cases=cases)


def depends_on_length(users: TrialUsers, rows: Int64Array) -> Iterator[Finding]:
    """Yield who gets another list of half the length than the first half of a whole list.

    This is for models that are asked for more than k items because seen items are removed afterwards: for how many
    depends on the histories. Lists of one item are not checked.

    Raises
    ------
    OutOfTimeError
        There is no time for the check.
    """
    long = min(users.task.k, users.task.n_items)
    short = long // 2
    if short == 0 or len(rows) == 0:
        return
    task = replace(users.task.of_users(rows), exclude_seen=False, candidates=None, lists=None, k=long)
    half = users.found(users.recommender, replace(task, k=short))
    whole = users.found(users.recommender, task)
    beginning = replace(whole, items=whole.items[:, :short], scores=whole.scores[:, :short])
    differ = _differ(half, beginning, scored=False)
    count, of = int(differ.sum()), len(differ)
    sentence = f"{count:,} of {of:,} users of the trial get another list of {short:,} than the start of one of {long:,}"
    severity: Severity = "info"
    if count > _USERS * of:
        severity = "warning"
        sentence += (
            f", such as {_shown(task, half, beginning, int(np.argmax(differ)))}. Seen items are removed from lists, "
            "so the model is asked for as many more as the longest history has, and its lists depend on that number. "
            "Let the model leave seen items out, so that it is asked for runner.k items (model.params.exclude: model)"
        )
    cases = cases_of(task, np.flatnonzero(differ))
    yield Finding("depends_on_length", count, of, f"{sentence}.", severity, cases)


def ignores_history(users: TrialUsers, rows: Int64Array) -> Iterator[Finding]:
    """Yield who gets the same scores with the history of the next user.

    Raises
    ------
    OutOfTimeError
        There is no time for the check.
    """
    task = users.task
    own = task.history.rows(task.history_rows[rows])
    other = own.rows(np.roll(np.arange(len(rows)), 1))
    pairs = zip(_lists(own), _lists(other), strict=True)
    differ = np.array([not np.array_equal(*pair) for pair in pairs], dtype=bool)
    if not differ.any():
        return
    task = replace(
        task.of_users(rows),
        truth=Truth.from_lists([[]] * len(rows)),
        places=np.arange(len(rows)),
        candidates=None,
        lists=None,
        exclude_seen=False,
    )
    one, two = (users.found(users.recommender, replace(task, history=history)) for history in (own, other))
    same = ((one.items == two.items) & (one.scores == two.scores)).all(axis=1) & differ
    count, of = int(same.sum()), int(differ.sum())
    sentence = f"{count:,} of {of:,} users of the trial get the same scores with the history of another user."
    if count == of:
        sentence += " The model does not react to the history; is it passed to the argument that the module reads?"
    severity: Severity = "warning" if count == of else "info"
    yield Finding("ignores_history", count, of, sentence, severity, cases_of(users.task, rows[same]))


def _lists(history: History) -> list[np.ndarray]:
    return np.split(history.items, history.indptr[1:-1])


def _longest(users: TrialUsers, rows: Int64Array) -> int:
    """Return the largest number of items that the model knows in a history, 1 or more."""
    history = users.task.history.rows(users.task.history_rows[rows])
    positions = users.external.item_positions
    known = np.ones(len(history.items), dtype=bool) if positions is None else positions[history.items] >= 0
    counts = np.concatenate([[0], np.cumsum(known)])
    return max(1, int(np.diff(counts[history.indptr]).max(initial=0)))


def _differ(one: TopKResult, other: TopKResult, *, scored: bool, rounding: float = 0.0) -> BoolArray:
    """Return whose lists differ by more than rounding errors, bool ``(users,)``.

    Scores show near ties, which may stand in any order. In lists that a model makes itself a few places may differ.
    """
    if not scored:
        return np.asarray((one.items != other.items).mean(axis=1) > _PLACES)
    pairs = zip(one.items, one.scores, other.items, other.scores, strict=True)
    return np.array([_contradicts(*pair, rounding) or _contradicts(*pair[2:], *pair[:2], rounding) for pair in pairs])


def _contradicts(
    items: np.ndarray, scores: np.ndarray, other_items: np.ndarray, other_scores: np.ndarray, rounding: float
) -> bool:
    """Return whether another ranking puts an item where the scores of this one clearly would not."""
    count = int((items >= 0).sum())
    if count != int((other_items >= 0).sum()):
        return True
    if count == 0:
        return False
    allowed = rounding * max(abs(float(scores[0])), float(np.median(np.abs(scores[:count]))))
    known = dict(zip(items[:count].tolist(), scores[:count].tolist(), strict=True))
    lowest = float(scores[count - 1])  # an item that is not in the list stands no higher
    theirs = np.array([known.get(item, lowest) for item in other_items[:count].tolist()])
    return bool((scores[:count] - theirs > allowed).any())


def _shown(task: RecommendationTask, one: TopKResult, other: TopKResult, row: int) -> str:
    """Return two lists of a user as text, from the first place where they differ."""
    first = int(np.argmax(one.items[row] != other.items[row]))
    texts = []
    for found in (one, other):
        items = found.items[row, first : first + _SHOWN]
        texts.append(", ".join(f"'{item}'" for item in task.item_ids.ids[items[items >= 0]]) or "nothing")
    user = task.user_ids.ids[task.users[row]]
    return f"user '{user}', from place {first + 1:,} on {texts[0]} … rather than {texts[1]} …"
