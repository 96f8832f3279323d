"""A model called otherwise than declared: where it is much better so, it was trained that other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.artifacts import AnyRecommender, Finding
from harness.artifacts.arrays import BoolArray
from harness.errors import HarnessError
from harness.pipeline.trial.last_items import LastItems
from harness.pipeline.trial.standing import Standing

_MOVED, _PADDED = 0.1, 0.02  # by how much of the ranking the last items have to stand higher
_ITEMS = {
    "shifted": "all items are",
    "shifted_input": "the items that it is given are",
    "shifted_output": "the items that it gives are",
}
_REMEDIES = {
    "items": "Look at the ids of the model's items (model.params.items): is there a row of padding that they lack, or "
    "have?",
    "users": "Look at the ids of the model's users (model.params.users, and call.user_offset of kind torch): is there "
    "a row of padding that they lack, or have?",
}


@dataclass(frozen=True, eq=False)
class _Move:
    """A model with its items or users moved.

    Parameters
    ----------
    what
        Which are moved.
    words
        How.
    remedy
        What to set where that is right.
    moved
        The model.
    shows
        bool ``(users,)``: whose last item would show that it is.
    """

    what: Literal["items", "users"]
    words: str
    remedy: str
    moved: AnyRecommender
    shows: BoolArray


def off_by_one(params: Any, recommender: AnyRecommender, last: LastItems, as_it_is: Standing) -> Iterator[Finding]:
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
    moves = [*_item_moves(recommender, last), *_user_moves(recommender, last)]
    for what in dict.fromkeys(move.what for move in moves):
        found = [(move, _standing(move.moved, last)) for move in moves if move.what == what]
        better = [
            (move, standing)
            for move, standing in found
            if standing is not None and standing.of(move.shows).is_better_than(as_it_is.of(move.shows), by=_MOVED)
        ]
        if not better:
            sentence = (
                f"The last item of a history, left out of it, stands at {as_it_is.mean:.2f} of the ranking on average "
                f"(0 is the top; {len(last):,} users), and not much higher when the {what} are moved by one."
            )
            yield Finding(f"{what}_off_by_one", 0, len(last), sentence)
            continue
        move, best = min(better, key=lambda one: one[1].mean)
        sentence = f"{_compared(as_it_is, best, move.words)}: the {what} are off by one. {move.remedy}"
        if getattr(params, "trial", "refuse") != "warn":
            raise HarnessError(f"{sentence} If they are right as they are, set model.params.trial: warn.")
        yield _found(f"{what}_off_by_one", sentence, last, as_it_is, best)


def padded_wrongly(recommender: AnyRecommender, last: LastItems, as_it_is: Standing) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the history is padded on the other side.

    Nothing is yielded of a recommender that pads nothing.
    """
    repadded: Callable[[str], AnyRecommender] | None = getattr(recommender, "repadded", None)
    side = getattr(recommender, "padding", None)
    if repadded is None or side is None:
        return
    other = "right" if side == "left" else "left"
    found = _standing(repadded(other), last)
    if found is None:
        return  # the module takes it on one side alone
    differ = np.asarray(found.places != as_it_is.places)
    if found.of(differ).is_better_than(as_it_is.of(differ), by=_PADDED):
        sentence = (
            f"{_compared(as_it_is, found, f'when the padding is on the {other}')}. Was the model trained so? Then set "
            f"model.params.call.padding: {other}."
        )
        yield _found("padding_side", sentence, last, as_it_is, found)
        return
    sentence = (
        f"The last item of a history, left out of it, stands no higher in the ranking when the padding is on the "
        f"{other} ({len(last):,} users)."
    )
    yield Finding("padding_side", 0, len(last), sentence)


def _item_moves(recommender: AnyRecommender, last: LastItems) -> Iterator[_Move]:
    positions = getattr(recommender, "item_positions", None)
    remedy_of = getattr(recommender, "shift_remedy", None)
    for by in (1, -1):
        for name, said in _ITEMS.items():
            moved = _moved(recommender, name, by)
            if moved is None:
                continue
            shows = np.ones(len(last), dtype=bool)
            if positions is not None:
                shows = ~last.beside_history(positions, -by if name == "shifted_input" else by)
            remedy = _REMEDIES["items"] if remedy_of is None else remedy_of(by, name)
            yield _Move("items", f"when {said} moved by {by:+d}", remedy, moved, shows)


def _user_moves(recommender: AnyRecommender, last: LastItems) -> Iterator[_Move]:
    for by in (1, -1):
        moved = _moved(recommender, "shifted_users", by)
        if moved is not None:
            words, shows = f"when the users are moved by {by:+d}", np.ones(len(last), dtype=bool)
            yield _Move("users", words, _REMEDIES["users"], moved, shows)


def _moved(recommender: AnyRecommender, name: str, by: int) -> AnyRecommender | None:
    move: Callable[[int], AnyRecommender | None] | None = getattr(recommender, name, None)
    return None if move is None else move(by)


def _standing(recommender: AnyRecommender, last: LastItems) -> Standing | None:
    """Return where the last items stand; None where the model cannot be called so, as with tokens it has not."""
    try:
        return last.standing(recommender)
    except HarnessError:
        return None


def _compared(as_it_is: Standing, other: Standing, when: str) -> str:
    return (
        f"The last item of a history, left out of it, stands at {as_it_is.mean:.2f} of the ranking on average (0 is "
        f"the top), and at {other.mean:.2f} {when}, which is better for "
        f"{int((other.places < as_it_is.places).sum()):,} of {len(other):,} users"
    )


def _found(name: str, sentence: str, last: LastItems, as_it_is: Standing, other: Standing) -> Finding:
    better = np.asarray(other.places < as_it_is.places)
    return Finding(name, int(better.sum()), len(better), sentence, cases=last.cases(better))
