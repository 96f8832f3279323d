"""Where the last item of a history stands in what a model gives to the rest of it, called as declared and otherwise.

A model that stands much better when it is called another way was trained that other way.
"""

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
    Finding,
    History,
    ListRecommender,
    ListsAsked,
    UserBatch,
    VectorRecommender,
)
from harness.artifacts.arrays import Float64Array, Int64Array
from harness.errors import HarnessError
from harness.runner import PredictionTask

_LIST = 100  # how far down a list is looked for the last item
_CASES = 5
_P_VALUE = 1e-6  # what has to be below for another way to be called the right one
_MOVED, _PADDED = 0.1, 0.02  # by how much of the ranking the last items have to stand higher

_REMEDY = (
    "Look at the ids of the model's items (model.params.items): is there a row of padding that they lack, or have?"
)


@dataclass(frozen=True, eq=False)
class LastItems:
    """Histories without their last item, which is what to look for.

    Parameters
    ----------
    rows
        int64 ``(users,)``: rows of the task.
    users
        int64 ``(users,)``: indices of the users.
    before
        Their histories, each without its last item.
    items
        int64 ``(users,)``: the last items.
    cases
        Words for some rows of the task.
    """

    rows: Int64Array
    users: Int64Array
    before: History
    items: Int64Array
    cases: Callable[[Int64Array], tuple[str, ...]]

    @classmethod
    def of(cls, task: PredictionTask, rows: Int64Array) -> LastItems:
        """Take the last item off the histories of some rows of a task, of at least two items each."""
        whole = task.history.rows(task.history_rows[rows])
        ends = whole.indptr[1:] - 1
        kept = np.ones(len(whole.items), dtype=bool)
        kept[ends] = False
        before = History(whole.indptr - np.arange(len(rows) + 1), whole.items[kept], whole.n_items)
        return cls(
            rows,
            task.users[rows],
            before,
            whole.items[ends].astype(np.int64),
            lambda chosen: cases_of(task, chosen),
        )

    def places(self, recommender: AnyRecommender) -> Float64Array:
        """Return the share of other items above each last item, ties counted half, ``(users,)``; 0 is the top."""
        scores = scores_of(recommender, self.users, self.before)
        own = scores.gather(1, torch.from_numpy(self.items).to(scores.device)[:, None])
        above = (scores > own).sum(dim=1) + ((scores == own).sum(dim=1) - 1) / 2
        return (above.double() / (scores.shape[1] - 1)).cpu().numpy()


def cases_of(task: PredictionTask, rows: Int64Array) -> tuple[str, ...]:
    """Return words for the first users of some rows of a task."""
    return tuple(f"user {user}" for user in task.user_ids.ids[task.users[rows[:_CASES]]])


def scores_of(recommender: AnyRecommender, users: Int64Array, history: History) -> torch.Tensor:
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


def off_by_one(params: Any, recommender: AnyRecommender, last: LastItems) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the model's items are moved by one.

    Parameters
    ----------
    params
        The model's configuration; its ``trial`` says whether that is refused (the default) or told.
    recommender
        Nothing is yielded of one that cannot be moved.
    last
        What is looked for.

    Raises
    ------
    HarnessError
        They do.
    """
    if getattr(recommender, "shifted", None) is None:
        return
    as_it_is = last.places(recommender)
    best, words, remedy = as_it_is, "", ""
    for by in (1, -1):
        for name, what in (("shifted", "all items are"), ("shifted_output", "the items that it gives are")):
            move = getattr(recommender, name, None)
            if move is None:
                continue
            try:
                found = last.places(move(by))
            except HarnessError:
                continue  # the model takes no such tokens
            if found.mean() < best.mean() and _is_better(found, as_it_is, by=_MOVED):
                said = getattr(recommender, "shift_remedy", None)
                best, words = found, f"{what} moved by {by:+d}"
                remedy = _REMEDY if said is None else said(by, whole=name == "shifted")
    better = best < as_it_is
    if not words:
        sentence = (
            f"The last item of a history, left out of it, stands at {as_it_is.mean():.2f} of the ranking on average "
            f"(0 is the top; {len(better):,} users), and not much higher when the items are moved by one."
        )
        yield Finding("items_off_by_one", 0, len(better), sentence)
        return
    sentence = f"{_compared(as_it_is, best, f'when {words}')}: the items are off by one. {remedy}"
    if getattr(params, "trial", "refuse") != "warn":
        raise HarnessError(f"{sentence} If they are right as they are, set model.params.trial: warn.")
    yield Finding("items_off_by_one", int(better.sum()), len(better), sentence, cases=last.cases(last.rows[better]))


def padded_wrongly(recommender: AnyRecommender, last: LastItems) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the history is padded on the other side.

    Nothing is yielded of a recommender that pads nothing.
    """
    repadded: Callable[[str], AnyRecommender] | None = getattr(recommender, "repadded", None)
    side = getattr(recommender, "padding", None)
    if repadded is None or side is None:
        return
    other = "right" if side == "left" else "left"
    as_it_is = last.places(recommender)
    try:
        found = last.places(repadded(other))
    except HarnessError:
        return  # the module takes it on one side alone
    differ = found != as_it_is
    if not _is_better(found[differ], as_it_is[differ], by=_PADDED):
        sentence = (
            f"The last item of a history, left out of it, stands no higher in the ranking when the padding is on the "
            f"{other} ({len(found):,} users)."
        )
        yield Finding("padding_side", 0, len(found), sentence)
        return
    better = found < as_it_is
    sentence = (
        f"{_compared(as_it_is, found, f'when the padding is on the {other}')}. Was the model trained so? Then set "
        f"model.params.call.padding: {other}."
    )
    yield Finding("padding_side", int(better.sum()), len(better), sentence, cases=last.cases(last.rows[better]))


def _compared(as_it_is: Float64Array, other: Float64Array, when: str) -> str:
    return (
        f"The last item of a history, left out of it, stands at {as_it_is.mean():.2f} of the ranking on average (0 is "
        f"the top), and at {other.mean():.2f} {when}, which is better for {int((other < as_it_is).sum()):,} of "
        f"{len(other):,} users"
    )


def _is_better(other: Float64Array, as_it_is: Float64Array, *, by: float) -> bool:
    """Return whether most users' items stand higher, beyond chance (sign test) and by so much on average."""
    wins, losses = int((other < as_it_is).sum()), int((other > as_it_is).sum())
    if wins <= losses or as_it_is.mean() - other.mean() <= by:
        return False
    return float(stats.binomtest(wins, wins + losses, alternative="greater").pvalue) < _P_VALUE
