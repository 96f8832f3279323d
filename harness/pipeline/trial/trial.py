"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.artifacts import AnyRecommender, Finding
from harness.artifacts.arrays import Int64Array
from harness.errors import HarnessError
from harness.pipeline.jobs import ModelSource
from harness.pipeline.trial.chance import against_chance
from harness.pipeline.trial.few import Few
from harness.pipeline.trial.last_items import LastItems, relevant_standing
from harness.pipeline.trial.moved import off_by_one, padded_wrongly
from harness.pipeline.trial.repeats import asked_again, asked_alone, longer_lists, reaction
from harness.pipeline.trial.standing import Standing
from harness.runner import Options, PredictionTask

_USERS = 32  # whose lists are made
_LAST_ITEMS = 256  # users whose last item is looked for
_CELLS = 1 << 24  # scores that are made at once


def tried(params: Any, model: ModelSource, task: PredictionTask, options: Options) -> tuple[Finding, ...]:
    """Return what is odd in what a model gives to a few users.

    The users are chosen by a hash of their own ids; the one with the longest history, one with the shortest and one
    without any, if there is one, are among them.

    Parameters
    ----------
    params
        The model's configuration. Its ``reads_history`` says whether its lists should depend on the history, its
        ``batch_invariant`` that they do not depend on the batch, and its ``trial`` whether items that are off by one,
        or a dependence on padding, are refused (as they are where it has none) or told.
    model, task
        What recommends, and what is asked of it.
    options
        How the run asks.

    Raises
    ------
    HarnessError
        It gives another shape than asked for, numbers that are not finite, nothing that is an item, or other lists
        with other padding; or the items are off by one; or so many users at once do not fit into memory.
    """
    task.check()
    if task.n_users == 0:
        return ()
    few = Few(task, options)
    recommender = model.recommender(task, options.device)
    lengths = task.history.lengths[task.history_rows]
    _try_empty(few, recommender, lengths)
    chosen = _chosen(task, lengths)
    found = few.found(recommender, task.of_users(chosen))
    if found.oddities is not None and not task.scored:
        _refuse_strange(recommender, found.oddities, task)
    again, differ = asked_again(few, recommender, chosen, found)
    findings = [*_lacking(recommender), again]
    findings.extend(asked_alone(params, few, recommender, chosen[~differ]))
    findings.extend(longer_lists(few, recommender, chosen[~differ]))
    if getattr(params, "reads_history", False):
        findings.extend(reaction(few, recommender, chosen[lengths[chosen] > 0]))
    findings.extend(_ranked(params, few, recommender, lengths))
    collisions = getattr(recommender, "collisions", None)
    if collisions is not None:
        findings.append(_collisions(int(collisions), task))
    return tuple(findings)


def _ranked(params: Any, few: Few, recommender: AnyRecommender, lengths: Int64Array) -> Iterator[Finding]:
    """Yield what the places of last items, and of relevant ones, say of the ids of a model."""
    task = few.task
    if task.n_items < 3:
        return
    rows = _by_hash(task, np.flatnonzero(lengths >= 2))[: _enough(task.n_items)]
    standing, left_out = Standing(np.empty(0), np.empty(0)), np.zeros(0, dtype=bool)
    if len(rows):
        last = LastItems.of(few, rows)
        standing, left_out = last.as_it_is(recommender)
        shows = standing.of(~left_out)
        if not shows.is_at_bottom:  # where moves would show that items beside those at the bottom stand higher
            last = last.of_users(~left_out)
            yield from off_by_one(params, recommender, last, shows)
            yield from padded_wrongly(recommender, last, shows)
    with_truth = _by_hash(task, np.flatnonzero(np.diff(task.truth.indptr) > 0))[: _enough(task.n_items)]
    relevant = relevant_standing(few, recommender, with_truth)
    found = against_chance(standing, left_out, relevant, reads_history=getattr(params, "reads_history", False))
    if found is not None:
        yield found


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


def _try_empty(few: Few, recommender: AnyRecommender, lengths: Int64Array) -> None:
    task, empty = few.task, np.flatnonzero(lengths == 0)
    if len(empty) == 0:
        return
    try:
        few.found(recommender, task.of_users(empty[:1]))
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


def _collisions(count: int, task: PredictionTask) -> Finding:
    sentence = (
        f"{count:,} items have the semantic id of one before them in the table, so that they are never recommended."
    )
    return Finding("semantic_id_collisions", count, task.n_items, sentence)
