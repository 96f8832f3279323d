"""A trial of a model from elsewhere on a few users, before it makes lists for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import stats

from harness.artifacts import (
    NO_ITEM,
    AnyRecommender,
    History,
    ListRecommender,
    ListsAsked,
    UserBatch,
    VectorRecommender,
)
from harness.artifacts.arrays import Float64Array, Int64Array
from harness.errors import HarnessError
from harness.pipeline.jobs import ModelSource
from harness.runner import Options, PredictionTask, found_by

_USERS = 32  # whose lists are made
_LAST_ITEMS = 256  # users whose last item is looked for
_CELLS = 1 << 24  # scores that are held at once
_LIST = 100  # how far down a list is looked for the last item
_CASES = 5
_P_VALUE, _BETTER = 1e-6, 0.1  # what has to be below and above for items to be called off by one


def tried(params: Any, model: ModelSource, task: PredictionTask, *, device: str) -> tuple[dict[str, Any], ...]:
    """Return what is odd in what a model gives to a few users, as audits have it.

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
    findings: list[dict[str, Any]] = []
    with torch.inference_mode():
        if getattr(params, "reads_history", False):
            findings.extend(_reaction(recommender, task, chosen[lengths[chosen] > 0]))
        findings.extend(_off_by_one(params, recommender, task, lengths))
    collisions = getattr(recommender, "collisions", None)
    if collisions is not None:
        findings.append(_collisions(int(collisions), task))
    return tuple(findings)


def _by_hash(task: PredictionTask, among: Int64Array) -> Int64Array:
    """Return rows of a task in a random order that goes by the users' own ids."""
    return among[np.argsort(task.user_ids.keys[task.users[among]], kind="stable")]


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
    if given == 0 or invalid < given:
        return
    told = getattr(recommender, "given_ids", "")
    raise HarnessError(
        f"none of the {given:,} entries that the model gave {len(oddities):,} users is an item of the catalogue of "
        f"{task.n_items:,}{f'; what it gave is {told}' if told else ''}. Look at the offset of the ids and at the file "
        "that says which item each stands for (model.params)."
    )


def _reaction(recommender: AnyRecommender, task: PredictionTask, chosen: Int64Array) -> Iterator[dict[str, Any]]:
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
    alike = (_scores(recommender, users, own) == _scores(recommender, users, other)).all(dim=1).cpu().numpy() & differ
    count, of = int(alike.sum()), int(differ.sum())
    sentence = f"{count:,} of {of:,} users who were tried get the same scores with the history of another user."
    if count == of:
        sentence += " The model does not react to the history; is it given where the module reads it?"
    yield _finding(
        "ignores_history", "warning" if count == of else "info", count, of, sentence, _cases(task, chosen[alike])
    )


def _lists(history: History) -> list[np.ndarray]:
    return np.split(history.items, history.indptr[1:-1])


def _scores(recommender: AnyRecommender, users: Int64Array, history: History) -> torch.Tensor:
    """Return float32 ``(users, items)``; of a list the negative ranks, and the same for all that it lacks."""
    batch = UserBatch(users, history, np.arange(len(users)))
    if isinstance(recommender, VectorRecommender):
        return recommender.user_vectors(batch) @ recommender.item_vectors().T
    if not isinstance(recommender, ListRecommender):
        return recommender.score(batch)
    made = recommender.recommend(batch, ListsAsked(min(_LIST, history.n_items)))
    scores = np.full((len(users), history.n_items), -float(made.items.shape[1]), dtype=np.float32)
    rows, places = np.nonzero(made.items != NO_ITEM)
    scores[rows, made.items[rows, places]] = -places
    return torch.from_numpy(scores)


@dataclass(frozen=True, eq=False)
class _Moved:
    """Where the last items stand once the items are moved."""

    words: str
    percentiles: Float64Array
    remedy: str


def _off_by_one(
    params: Any, recommender: AnyRecommender, task: PredictionTask, lengths: Int64Array
) -> Iterator[dict[str, Any]]:
    """Yield whether the last item of a history stands higher when the model's items are moved by one."""
    shifted: Callable[[int], AnyRecommender] | None = getattr(recommender, "shifted", None)
    enough = min(_LAST_ITEMS, max(_USERS, _CELLS // task.n_items))
    chosen = _by_hash(task, np.flatnonzero(lengths >= 2))[:enough]
    if shifted is None or len(chosen) == 0 or task.n_items < 3:
        return
    # Each history without its last item, which is what to look for.
    whole = task.history.rows(task.history_rows[chosen])
    ends = whole.indptr[1:] - 1
    kept = np.ones(len(whole.items), dtype=bool)
    kept[ends] = False
    before = History(whole.indptr - np.arange(len(chosen) + 1), whole.items[kept], whole.n_items)
    users, last = task.users[chosen], whole.items[ends].astype(np.int64)
    as_it_is = _percentiles(_scores(recommender, users, before), last)
    best: _Moved | None = None
    for by in (1, -1):
        for name, words in (("shifted", "all items are"), ("shifted_output", "the items that it gives are")):
            move = getattr(recommender, name, None)
            if move is None:
                continue
            try:
                found = _percentiles(_scores(move(by), users, before), last)
            except HarnessError:
                continue  # the model takes no such tokens
            better = _is_better(found, as_it_is)
            if better and (best is None or found.mean() < best.percentiles.mean()):
                remedy = getattr(recommender, "shift_remedy", None)
                said = remedy(by, whole=name == "shifted") if remedy is not None else _REMEDY
                best = _Moved(f"{words} moved by {by:+d}", found, said)
    count = 0 if best is None else int((best.percentiles < as_it_is).sum())
    if best is None:
        sentence = (
            f"The last item of a history, left out of it, stands at {as_it_is.mean():.2f} of the ranking on average "
            f"(0 is the top; {len(chosen):,} users), and not much higher when the items are moved by one."
        )
    else:
        sentence = (
            f"The last item of a history, left out of it, stands at {as_it_is.mean():.2f} of the ranking on average (0 "
            f"is the top), and at {best.percentiles.mean():.2f} when {best.words}, which is better for {count:,} of "
            f"{len(chosen):,} users: the items are off by one. {best.remedy}"
        )
        if getattr(params, "trial", "refuse") != "warn":
            raise HarnessError(f"{sentence} If they are right as they are, set model.params.trial: warn.")
    better_for = chosen[:0] if best is None else chosen[best.percentiles < as_it_is]
    severity = "warning" if count else "info"
    yield _finding("items_off_by_one", severity, count, len(chosen), sentence, _cases(task, better_for))


_REMEDY = (
    "Look at the ids of the model's items (model.params.items): is there a row of padding that they lack, or have?"
)


def _percentiles(scores: torch.Tensor, items: Int64Array) -> Float64Array:
    """Return the share of other items above each item, ties counted half; 0 is the top."""
    own = scores.gather(1, torch.from_numpy(items).to(scores.device)[:, None])
    above = (scores > own).sum(dim=1) + ((scores == own).sum(dim=1) - 1) / 2
    return (above.double() / (scores.shape[1] - 1)).cpu().numpy()


def _is_better(moved: Float64Array, as_it_is: Float64Array) -> bool:
    """Return whether most users' items stand higher, beyond chance (sign test) and by much."""
    wins, losses = int((moved < as_it_is).sum()), int((moved > as_it_is).sum())
    if wins <= losses or as_it_is.mean() - moved.mean() <= _BETTER:
        return False
    return float(stats.binomtest(wins, wins + losses, alternative="greater").pvalue) < _P_VALUE


def _collisions(count: int, task: PredictionTask) -> dict[str, Any]:
    return _finding(
        "semantic_id_collisions",
        "warning" if count else "info",
        count,
        task.n_items,
        f"{count:,} items have the semantic id of one before them in the table, so that they are never recommended.",
        [],
    )


def _cases(task: PredictionTask, rows: Int64Array) -> list[dict[str, str]]:
    return [{"user": str(user)} for user in task.user_ids.ids[task.users[rows[:_CASES]]]]


def _finding(
    name: str, severity: str, count: int, of: int, sentence: str, cases: list[dict[str, str]]
) -> dict[str, Any]:
    share = count / of if of else 0.0
    return {
        "name": name,
        "severity": severity,
        "count": count,
        "of": of,
        "share": share,
        "sentence": sentence,
        "cases": cases,
    }
