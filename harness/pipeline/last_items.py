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
from harness.artifacts.arrays import BoolArray, Float64Array, Int64Array
from harness.errors import HarnessError
from harness.runner import PredictionTask

_LIST = 100  # how far down a list is looked for the last item
_CASES = 5
_P_VALUE = 1e-6  # what has to be below for another way to be called the right one
_MOVED, _PADDED = 0.1, 0.02  # by how much of the ranking the last items have to stand higher

_ENOUGH = 32  # users, fewer of whom show nothing
_CHANCE = 0.01  # p above which a model is no better than chance
_WORST = 0.75  # of the ranking: what stands below on average is put there, as seen items are

_ITEMS_REMEDY = (
    "Look at the ids of the model's items (model.params.items): is there a row of padding that they lack, or have?"
)
_USERS_REMEDY = (
    "Look at the ids of the model's users (model.params.users, and call.user_offset of kind torch): is there a row of "
    "padding that they lack, or have?"
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

    def beside_history(self, positions: Int64Array, by: int) -> BoolArray:
        """Return whose last item has, so many positions on, an item of the same history, bool ``(users,)``.

        Where users go from each item to the one beside it, and a model ranks the history itself first, that is no sign
        of items that are off.
        """
        first = np.arange(len(self.items)) * (int(positions.max(initial=0)) + 5)  # of each user, with room for -2
        known = np.repeat(first, np.diff(self.before.indptr)) + positions[self.before.items]
        return np.isin(first + positions[self.items] + by, known)


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


def off_by_one(params: Any, recommender: AnyRecommender, last: LastItems, as_it_is: Float64Array) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the model's items, or its users, are moved by one.

    Parameters
    ----------
    params
        The model's configuration; its ``trial`` says whether that is refused (the default) or told.
    recommender
        Nothing is yielded of one that cannot be moved.
    last
        What is looked for.
    as_it_is
        Where the last items stand.

    Raises
    ------
    HarnessError
        They do.
    """
    positions = getattr(recommender, "item_positions", None)
    of_items = (
        ("shifted", "all items are"),
        ("shifted_input", "the items that it is given are"),
        ("shifted_output", "the items that it gives are"),
    )
    for what, moves, remedy in (
        ("items", of_items, _ITEMS_REMEDY),
        ("users", (("shifted_users", "the users are"),), _USERS_REMEDY),
    ):
        best, words, moved = as_it_is, "", False
        for by in (1, -1):
            for name, said in moves:
                other = _moved(recommender, name, by)
                if other is None:
                    continue
                moved = True
                shows = np.ones(len(as_it_is), dtype=bool)
                if what == "items" and positions is not None:
                    shows = ~last.beside_history(positions, -by if name == "shifted_input" else by)
                try:
                    found = last.places(other)
                except HarnessError:
                    continue  # the model takes no such tokens
                if found.mean() < best.mean() and _is_better(found[shows], as_it_is[shows], by=_MOVED):
                    better_remedy = getattr(recommender, "shift_remedy", None)
                    best, words = found, f"{said} moved by {by:+d}"
                    if what == "items" and better_remedy is not None:
                        remedy = better_remedy(by, name)
        if moved:
            yield _off(params, last, what, as_it_is, best, words, remedy)


def _moved(recommender: AnyRecommender, name: str, by: int) -> AnyRecommender | None:
    move: Callable[[int], AnyRecommender | None] | None = getattr(recommender, name, None)
    return None if move is None else move(by)


def _off(
    params: Any,
    last: LastItems,
    what: str,
    as_it_is: Float64Array,
    best: Float64Array,
    words: str,
    remedy: str,
) -> Finding:
    if not words:
        sentence = (
            f"The last item of a history, left out of it, stands at {as_it_is.mean():.2f} of the ranking on average "
            f"(0 is the top; {len(best):,} users), and not much higher when the {what} are moved by one."
        )
        return Finding(f"{what}_off_by_one", 0, len(best), sentence)
    better = best < as_it_is
    sentence = f"{_compared(as_it_is, best, f'when {words}')}: the {what} are off by one. {remedy}"
    if getattr(params, "trial", "refuse") != "warn":
        raise HarnessError(f"{sentence} If they are right as they are, set model.params.trial: warn.")
    return Finding(f"{what}_off_by_one", int(better.sum()), len(better), sentence, cases=last.cases(last.rows[better]))


def padded_wrongly(recommender: AnyRecommender, last: LastItems, as_it_is: Float64Array) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the history is padded on the other side.

    Nothing is yielded of a recommender that pads nothing.
    """
    repadded: Callable[[str], AnyRecommender] | None = getattr(recommender, "repadded", None)
    side = getattr(recommender, "padding", None)
    if repadded is None or side is None:
        return
    other = "right" if side == "left" else "left"
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


def at_chance(recommender: AnyRecommender, last: LastItems, as_it_is: Float64Array) -> Iterator[Finding]:
    """Yield whether a model ranks the last items no better than chance, as one whose ids are mixed up does."""
    n = len(as_it_is)
    if n < _ENOUGH:
        return
    if isinstance(recommender, ListRecommender):
        scores = scores_of(recommender, last.users, last.before)
        lengths = (scores > scores.min(dim=1, keepdim=True).values).sum(dim=1).double()
        own = scores.gather(1, torch.from_numpy(last.items).to(scores.device)[:, None])[:, 0]
        hits = int((own > scores.min(dim=1).values).sum())
        expected = float((lengths / scores.shape[1]).mean())
        # None at all: it leaves out what its users had when it was trained.
        poor = hits > 0 and expected < 1 and _p_value(hits, n, expected) > _CHANCE
        where = f"is in {hits:,} of {n:,} lists, of which chance would have it in {expected * n:,.0f}"
    else:
        poor = as_it_is.mean() <= _WORST and not _beats_chance(as_it_is)
        where = f"stands at {as_it_is.mean():.2f} of the ranking on average (0 is the top, 0.5 chance; {n:,} users)"
    if poor:
        sentence = (
            f"The last item of a history, left out of it, {where}: the model is no better than chance. Are the ids of "
            "its items and users those of the data set, in their order (model.params), and is higher better?"
        )
    else:
        sentence = f"The last item of a history, left out of it, {where}."
    yield Finding("no_better_than_chance", n if poor else 0, n, sentence)


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
    return _p_value(wins, wins + losses, 0.5) < _P_VALUE and _beats_chance(other)


def _beats_chance(places: Float64Array) -> bool:
    wins, losses = int((places < 0.5).sum()), int((places > 0.5).sum())
    return wins + losses > 0 and _p_value(wins, wins + losses, 0.5) <= _CHANCE


def _p_value(count: int, of: int, expected: float) -> float:
    return float(stats.binomtest(count, of, expected, alternative="greater").pvalue)
