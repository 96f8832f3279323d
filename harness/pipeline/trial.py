"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from harness.artifacts import AnyRecommender, Finding, History, Severity
from harness.artifacts.arrays import Int64Array
from harness.errors import HarnessError
from harness.pipeline.jobs import ModelSource
from harness.pipeline.last_items import LastItems, at_chance, cases_of, off_by_one, padded_wrongly, scores_of
from harness.runner import Options, PredictionTask, found_by
from harness.topk import Found

_USERS = 32  # whose lists are made
_LAST_ITEMS = 256  # users whose last item is looked for
_CELLS = 1 << 24  # scores that are held at once
_OTHER_SEED, _ALIKE = 1, 1e-4


def tried(params: Any, model: ModelSource, task: PredictionTask, *, device: str) -> tuple[Finding, ...]:
    """Return what is odd in what a model gives to a few users.

    The users are chosen by a hash of their own ids; the one with the longest history, one with the shortest and one
    without any, if there is one, are among them.

    Parameters
    ----------
    params
        The model's configuration. Its ``reads_history`` says whether its lists should depend on the history, and its
        ``trial`` whether items that are off by one are refused (as they are where it has none) or told.
    model, task
        What recommends, and what is asked of it.
    device
        Where.

    Raises
    ------
    HarnessError
        It gives another shape than asked for, numbers that are not finite, nothing that is an item, or the items are
        off by one.
    """
    task.check()
    if task.n_users == 0:
        return ()
    recommender = model.recommender(task, device)
    lengths = task.history.lengths[task.history_rows]
    _try_empty(recommender, task, lengths, device)
    chosen = _chosen(task, lengths)
    found = found_by(recommender, task.of_users(chosen), Options(device=device))
    if found.oddities is not None and not task.scored:
        _refuse_strange(recommender, found.oddities, task)
    findings: list[Finding] = [*_lacking(recommender)]
    with torch.inference_mode():
        findings.extend(_asked_again(recommender, task, chosen, found, device))
        if getattr(params, "reads_history", False):
            findings.extend(_reaction(recommender, task, chosen[lengths[chosen] > 0]))
        some = _by_hash(task, np.flatnonzero(lengths >= 2))[: _enough(task.n_items)]
        if len(some) > 0 and task.n_items >= 3:
            last = LastItems.of(task, some)
            as_it_is = last.places(recommender)
            findings.extend(off_by_one(params, recommender, last, as_it_is))
            findings.extend(padded_wrongly(recommender, last, as_it_is))
            findings.extend(at_chance(recommender, last, as_it_is))
    collisions = getattr(recommender, "collisions", None)
    if collisions is not None:
        findings.append(_collisions(int(collisions), task))
    return tuple(findings)


def _by_hash(task: PredictionTask, among: Int64Array) -> Int64Array:
    """Return rows of a task in a random order that goes by the users' own ids."""
    return among[np.argsort(task.user_ids.keys[task.users[among]], kind="stable")]


def _enough(n_items: int) -> int:
    return min(_LAST_ITEMS, max(_USERS, _CELLS // n_items))


def _chosen(task: PredictionTask, lengths: Int64Array) -> Int64Array:
    some = _by_hash(task, np.arange(task.n_users))[:_USERS]
    with_history = np.flatnonzero(lengths > 0)
    ends = [] if len(with_history) == 0 else [np.argmax(lengths), with_history[np.argmin(lengths[with_history])]]
    return np.unique(np.concatenate([some, np.array(ends, dtype=np.int64)]))


def _try_empty(recommender: AnyRecommender, task: PredictionTask, lengths: Int64Array, device: str) -> None:
    empty = np.flatnonzero(lengths == 0)
    if len(empty) == 0:
        return
    try:
        found_by(recommender, task.of_users(empty[:1]), Options(device=device))
    except HarnessError as error:
        raise HarnessError(
            f"{len(empty):,} of {task.n_users:,} users have an empty history, and the model fails for "
            f"'{task.user_ids.ids[task.users[empty[0]]]}', who is one of them: {error}"
        ) from error


def _refuse_strange(recommender: AnyRecommender, oddities: np.ndarray, task: PredictionTask) -> None:
    given, invalid = int(oddities[:, 0].sum()), int(oddities[:, 1].sum())
    if given == 0:
        raise HarnessError(
            f"the model gave none of the {len(oddities):,} users who were tried any item. Does it know these users, or "
            "read the history where it is given? (model.params)"
        )
    if invalid < given:
        return
    told = getattr(recommender, "given_ids", "")
    raise HarnessError(
        f"none of the {given:,} entries that the model gave {len(oddities):,} users is an item of the catalogue of "
        f"{task.n_items:,}{f'; what it gave is {told}' if told else ''}. Look at the offset of the ids and at the file "
        "that says which item each stands for (model.params)."
    )


def _lacking(recommender: AnyRecommender) -> Iterator[Finding]:
    """Yield how many tensors of a module its checkpoint lacks."""
    lacking: tuple[int, int] | None = getattr(recommender, "missing_tensors", None)
    if lacking is not None and lacking[0]:
        count, of = lacking
        what = "they are not in the checkpoint (state.strict is false), and keep the random values they begin with."
        yield Finding.counted("missing_tensors", count, of, "tensors of the module", what)


def _asked_again(
    recommender: AnyRecommender, task: PredictionTask, chosen: Int64Array, found: Found, device: str
) -> Iterator[Finding]:
    """Yield whether users get something else when they are asked for again, with another seed if there is one."""
    reseeded: Callable[[int], AnyRecommender] | None = getattr(recommender, "reseeded", None)
    other = recommender if reseeded is None else reseeded(_OTHER_SEED)
    again = found_by(other, task.of_users(chosen), Options(device=device))
    alike = np.isclose(found.scores, again.scores, rtol=_ALIKE, atol=_ALIKE, equal_nan=True)
    if not task.scored:
        alike &= found.items == again.items
    differ = np.asarray(~alike.all(axis=1))
    count = int(differ.sum())
    sentence = f"{count:,} of {len(differ):,} users who were tried get something else when they are asked for again" + (
        ": the model draws random numbers, such as by dropout that eval() leaves on, or remembers what it was "
        "asked. These numbers hold for one draw alone."
        if count
        else "."
    )
    yield Finding("differs_when_asked_again", count, len(differ), sentence, cases=cases_of(task, chosen[differ]))


def _reaction(recommender: AnyRecommender, task: PredictionTask, chosen: Int64Array) -> Iterator[Finding]:
    """Yield whether users get something else when they have the history of the next one."""
    own = task.history.rows(task.history_rows[chosen])
    other = own.rows(np.roll(np.arange(len(chosen)), 1))
    differ = np.array(
        [not np.array_equal(one, two) for one, two in zip(_lists(own), _lists(other), strict=True)],
        dtype=bool,
    )
    if not differ.any():
        return
    users = task.users[chosen]
    alike = (scores_of(recommender, users, own) == scores_of(recommender, users, other)).all(
        dim=1
    ).cpu().numpy() & differ
    count, of = int(alike.sum()), int(differ.sum())
    sentence = f"{count:,} of {of:,} users who were tried get the same scores with the history of another user."
    if count == of:
        sentence += " The model does not react to the history; is it given where the module reads it?"
    severity: Severity = "warning" if count == of else "info"
    yield Finding("ignores_history", count, of, sentence, severity, cases_of(task, chosen[alike]))


def _lists(history: History) -> list[np.ndarray]:
    return np.split(history.items, history.indptr[1:-1])


def _collisions(count: int, task: PredictionTask) -> Finding:
    sentence = (
        f"{count:,} items have the semantic id of one before them in the table, so that they are never recommended."
    )
    return Finding("semantic_id_collisions", count, task.n_items, sentence)
