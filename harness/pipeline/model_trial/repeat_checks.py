"""The same users asked for in another way: again, alone, with longer lists, and with the history of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from harness.artifacts import AnyRecommender, Finding, History, ModelConfig, RecommendationTask, Severity, Truth
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.pipeline.model_trial.trial_users import Few
from harness.pipeline.stages.list_audit import cases_of
from harness.topk import TopKResult

_OTHER_SEED, _ALIKE = 1, 1e-4
_ALONE = 8  # users of a Python object who are asked for one by one
_SHOWN = 3  # items of a list
# What of two scores is noise, as a share of what they are: of sums in another order, in few bits.
_NOISE = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
_PLACES, _USERS = 0.2, 0.05  # of a list that may differ by near ties, and of users whose lists may differ by more


def asked_again(few: Few, chosen: Int64Array) -> tuple[Finding, BoolArray]:
    """Return who gets something else when asked for again, with another seed if there is one.

    Parameters
    ----------
    few
        What asks.
    chosen
        int64 ``(users,)``: the rows of the task that were asked for first.

    Returns
    -------
    tuple
        The finding, and whom it is about, bool ``(users,)``.
    """
    reseeded: Callable[[int], AnyRecommender] | None = getattr(few.recommender, "reseeded", None)
    other = few.recommender if reseeded is None else reseeded(_OTHER_SEED)
    found, again = few.lists(chosen), few.again(other)
    alike = np.isclose(found.scores, again.scores, rtol=_ALIKE, atol=_ALIKE, equal_nan=True)
    if not few.task.scored:
        alike &= found.items == again.items
    differ = np.asarray(~alike.all(axis=1))
    count = int(differ.sum())
    sentence = f"{count:,} of {len(differ):,} users who were tried get something else when they are asked for again" + (
        ": the model draws random numbers, such as by dropout that eval() leaves on, or remembers what it was "
        "asked. These numbers hold for one draw alone."
        if count
        else "."
    )
    cases = cases_of(few.task, chosen[differ])
    return Finding("differs_when_asked_again", count, len(differ), sentence, cases=cases), differ


def alone_name(params: ModelConfig, recommender: AnyRecommender) -> str | None:
    """Return the name of the finding on lists that depend on who else is asked for; None where none can.

    None can where the model's configuration says ``batch_invariant``, or all histories are padded to one length.
    """
    if params.batch_invariant:
        return None
    if getattr(recommender, "padded_to", None) is None:
        return "depends_on_batch"
    return "depends_on_padding" if getattr(recommender, "pads_to_longest", False) else None


def asked_alone(name: str, few: Few, chosen: Int64Array, *, dtype: str) -> Iterator[Finding]:
    """Yield who gets another list when asked for alone than together with others.

    Parameters
    ----------
    name
        As ``alone_name`` returns it.
    few
        What asks.
    chosen
        int64 ``(users,)``: rows of the task, of users who get the same when they are asked for again.
    dtype
        Of the model's numbers.

    Raises
    ------
    HarnessError
        A module goes by how far the histories are padded, and a failure is not to warn only.
    OutOfTimeError
        There is no time for it.
    """
    if name == "depends_on_batch":
        chosen = chosen[:_ALONE]
    if len(chosen) == 0:
        return
    task, width = few.task.of_users(chosen), 0
    if name == "depends_on_batch":
        one = few.lists(chosen)
    else:  # to the longest there is, as the run may, whatever its batches
        width = _longest(few.task, few.recommender, chosen)
        padded_to: Callable[[int], AnyRecommender] = getattr(few.recommender, "padded_to")  # noqa: B009
        one = few.found(padded_to(width), task)
    other = few.alone(chosen)
    of = len(other.items)
    if of < len(chosen):
        few.skipped.append(f"{name} for {len(chosen) - of:,} of {len(chosen):,} users")
    differ = _differ(_head(one, of), other, scored=task.scored, noise=_NOISE[dtype])
    count = int(differ.sum())
    sentence = f"{count:,} of {of:,} users who were tried get another list when they are asked for alone"
    cases = cases_of(task, np.flatnonzero(differ))
    if count == 0 or (not task.scored and count <= _USERS * len(chosen)):
        yield Finding(name, count, of, f"{sentence}.", "info", cases)
        return
    shown = _shown(task, other, one, int(np.argmax(differ)))
    if name == "depends_on_batch":
        sentence += (
            f" than together with others, such as {shown}. These numbers hold for batches of this size alone "
            "(runner.batch_size)."
        )
    else:
        sentence += (
            f" than with their histories padded to {width:,}, the length of the longest, such as {shown}. "
            "call.length is not set, so that histories are padded to the longest of those called for together, and the "
            "numbers would depend on the batch. Set model.params.call.length to the length that the model was trained "
            "with. A module that tells padding apart may lack call.mask or call.lengths, or the other call.padding."
        )
        if not few.warns and of >= min(_ALONE, len(chosen)):  # fewer may be chance
            raise HarnessError(f"{sentence} If it is right as it is, set model.trial: warn.")
    yield Finding(name, count, of, sentence, cases=cases)


def longer_lists(few: Few, chosen: Int64Array) -> Iterator[Finding]:
    """Yield who gets another list of half the length than the beginning of a whole one.

    Nothing is yielded of models that are asked for k items alone; of others seen items are left out afterwards, so
    that how many they are asked for depends on the histories. Nor is it of lists of one item.

    Raises
    ------
    OutOfTimeError
        There is no time for it.
    """
    if not getattr(few.recommender, "asks_for_more", False):
        return
    long = min(few.task.k, few.task.n_items)
    short = long // 2
    whole = replace(few.task.of_users(chosen), exclude_seen=False, candidates=None, lists=None, k=long)
    if short == 0 or len(chosen) == 0:
        return
    one = few.found(few.recommender, replace(whole, k=short))
    other = few.found(few.recommender, whole)
    head = replace(other, items=other.items[:, :short], scores=other.scores[:, :short])
    differ = _differ(one, head, scored=False, noise=0.0)
    count, of = int(differ.sum()), len(differ)
    sentence = (
        f"{count:,} of {of:,} users who were tried get another list of {short:,} than the beginning of one of {long:,}"
    )
    severity: Severity = "info"
    if count > _USERS * of:
        severity = "warning"
        sentence += (
            f", such as {_shown(whole, one, head, int(np.argmax(differ)))}. It is asked for as many more as the "
            "longest history has, since seen items are left out afterwards, and these lists depend on how many that "
            "is. Leave seen items out in the model, which is then asked for runner.k items (model.params.exclude: "
            "model)"
        )
    cases = cases_of(whole, np.flatnonzero(differ))
    yield Finding("depends_on_length", count, of, f"{sentence}.", severity, cases)


def reaction(few: Few, chosen: Int64Array) -> Iterator[Finding]:
    """Yield who gets something else with the history of the next user.

    Raises
    ------
    OutOfTimeError
        There is no time for it.
    """
    task = few.task
    own = task.history.rows(task.history_rows[chosen])
    other = own.rows(np.roll(np.arange(len(chosen)), 1))
    differ = np.array(
        [not np.array_equal(one, two) for one, two in zip(_lists(own), _lists(other), strict=True)],
        dtype=bool,
    )
    if not differ.any():
        return
    one, two = (few.found(few.recommender, _with_history(task, chosen, history)) for history in (own, other))
    alike = ((one.items == two.items) & (one.scores == two.scores)).all(axis=1) & differ
    count, of = int(alike.sum()), int(differ.sum())
    sentence = f"{count:,} of {of:,} users who were tried get the same scores with the history of another user."
    if count == of:
        sentence += " The model does not react to the history; is it given where the module reads it?"
    severity: Severity = "warning" if count == of else "info"
    yield Finding("ignores_history", count, of, sentence, severity, cases_of(task, chosen[alike]))


def _with_history(task: RecommendationTask, chosen: Int64Array, history: History) -> RecommendationTask:
    """Return the task of some rows with other histories, all items being candidates."""
    return replace(
        task,
        users=task.users[chosen],
        truth=Truth.from_lists([[]] * len(chosen)),
        history=history,
        places=np.arange(len(chosen)),
        candidates=None,
        lists=None,
        exclude_seen=False,
    )


def _lists(history: History) -> list[np.ndarray]:
    return np.split(history.items, history.indptr[1:-1])


def _longest(task: RecommendationTask, recommender: Any, chosen: Int64Array) -> int:
    """Return how many items that the model knows the longest history has, 1 or more."""
    history = task.history.rows(task.history_rows[chosen])
    known = np.concatenate([[0], np.cumsum(recommender.item_positions[history.items] >= 0)])
    return max(1, int(np.diff(known[history.indptr]).max(initial=0)))


def _head(found: TopKResult, users: int) -> TopKResult:
    """Return the lists of the first users."""
    return replace(found, items=found.items[:users], scores=found.scores[:users])


def _differ(one: TopKResult, other: TopKResult, *, scored: bool, noise: float) -> BoolArray:
    """Return whose lists differ by more than noise, bool ``(users,)``.

    Scores tell near ties, which may stand in any order; of lists that a model makes itself a few places may differ.
    """
    if not scored:
        return np.asarray((one.items != other.items).mean(axis=1) > _PLACES)
    pairs = zip(one.items, one.scores, other.items, other.scores, strict=True)
    return np.array([_contradicts(*pair, noise) or _contradicts(*pair[2:], *pair[:2], noise) for pair in pairs])


def _contradicts(
    items: np.ndarray, scores: np.ndarray, other_items: np.ndarray, other_scores: np.ndarray, noise: float
) -> bool:
    """Return whether another ranking puts an item where the scores of this one clearly would not have it."""
    count = int((items >= 0).sum())
    if count != int((other_items >= 0).sum()):
        return True
    if count == 0:
        return False
    allowed = noise * max(abs(float(scores[0])), float(np.median(np.abs(scores[:count]))))
    known = dict(zip(items[:count].tolist(), scores[:count].tolist(), strict=True))
    lowest = float(scores[count - 1])  # what is not in the list stands no higher
    theirs = np.array([known.get(item, lowest) for item in other_items[:count].tolist()])
    return bool((scores[:count] - theirs > allowed).any())


def _shown(task: RecommendationTask, one: TopKResult, other: TopKResult, row: int) -> str:
    """Return words for two lists of a user, from where they begin to differ."""
    first = int(np.argmax(one.items[row] != other.items[row]))
    both = []
    for found in (one, other):
        items = found.items[row, first : first + _SHOWN]
        both.append(", ".join(f"'{own}'" for own in task.item_ids.ids[items[items >= 0]]) or "nothing")
    user = task.user_ids.ids[task.users[row]]
    return f"user '{user}', from place {first + 1:,} on {both[0]} … rather than {both[1]} …"
