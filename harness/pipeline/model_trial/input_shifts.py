"""A model called otherwise than declared: where it is much better so, it was trained that other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.artifacts import AnyRecommender, Finding
from harness.artifacts.array_types import BoolArray
from harness.errors import HarnessError
from harness.pipeline.model_trial.item_ranks import Standing
from harness.pipeline.model_trial.last_items import LastItems
from harness.pipeline.model_trial.time_budget import OutOfTimeError

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
class Move:
    """A model with its items or users moved by one.

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
    beside
        By how many positions the item is moved that a move of the history itself would show; 0 where none would.
    """

    what: Literal["items", "users"]
    words: str
    remedy: str
    moved: AnyRecommender
    beside: int = 0

    def shows(self, last: LastItems) -> BoolArray:
        """Return whose last item would show that the move is right, bool ``(users,)``."""
        positions = getattr(last.few.recommender, "item_positions", None)
        if positions is None or self.beside == 0:
            return np.ones(len(last), dtype=bool)
        return ~last.beside_history(positions, self.beside)


def moves_of(recommender: AnyRecommender) -> list[Move]:
    """Return a model with its items moved by one, in each way that there is, and with its users moved."""
    remedy_of = getattr(recommender, "shift_remedy", None)
    moves = []
    for by in (1, -1):
        for name, said in _ITEMS.items():
            moved = _moved(recommender, name, by)
            if moved is not None:
                remedy = _REMEDIES["items"] if remedy_of is None else remedy_of(by, name)
                beside = -by if name == "shifted_input" else by
                moves.append(Move("items", f"when {said} moved by {by:+d}", remedy, moved, beside))
    for by in (1, -1):
        moved = _moved(recommender, "shifted_users", by)
        if moved is not None:
            moves.append(Move("users", f"when the users are moved by {by:+d}", _REMEDIES["users"], moved))
    return moves


def off_by_one(moves: Sequence[Move], last: LastItems, as_it_is: Standing) -> Finding:
    """Return whether the last items stand higher when the model's items, or its users, are moved by one.

    Parameters
    ----------
    moves
        All of its items, or all of its users.
    last
        What is looked for.
    as_it_is
        Where the last items stand.

    Raises
    ------
    HarnessError
        They do, and a failure is not to warn only.
    OutOfTimeError
        There was no time for all of the moves, and no other shows it.
    """
    what, better, listed, out_of_time = moves[0].what, [], as_it_is.listed, None
    for move in moves:
        try:
            standing = _standing(move.moved, last)
        except OutOfTimeError as error:
            out_of_time = error
            break
        if standing is None:
            continue
        listed, shows = max(listed, standing.listed), move.shows(last)
        if standing.of(shows).is_better_than(as_it_is.of(shows), by=_MOVED):
            better.append((move, standing))
    if better:
        move, best = min(better, key=lambda one: one[1].mean)
        sentence = f"{_compared(as_it_is, best, move.words)}: the {what} are off by one. {move.remedy}"
        if not last.few.warns:
            raise HarnessError(f"{sentence} If they are right as they are, set model.trial: warn.")
        return _found(f"{what}_off_by_one", sentence, last, as_it_is, best)
    if out_of_time is not None:
        raise out_of_time
    sentence = (
        f"The last item of a history, left out of it, stands at {as_it_is.mean:.2f} of the ranking on average "
        f"(0 is the top; {len(last):,} users), and not much higher when the {what} are moved by one."
    )
    return Finding(f"{what}_off_by_one", 0, len(last), sentence + _too_short(last, listed, by=_MOVED))


def repadded(recommender: AnyRecommender) -> tuple[str, AnyRecommender] | None:
    """Return the other side to pad histories on, and the model that does; None for a model that pads none."""
    padded_on: Callable[[str], AnyRecommender] | None = getattr(recommender, "repadded", None)
    side = getattr(recommender, "padding", None)
    if padded_on is None or side is None:
        return None
    other = "right" if side == "left" else "left"
    return other, padded_on(other)


def padded_wrongly(other: str, recommender: AnyRecommender, last: LastItems, as_it_is: Standing) -> Iterator[Finding]:
    """Yield whether the last items stand higher when the history is padded on the other side.

    Parameters
    ----------
    other, recommender
        As ``repadded`` returns them.
    last
        What is looked for.
    as_it_is
        Where the last items stand.

    Raises
    ------
    OutOfTimeError
        There is no time for it.
    """
    found = _standing(recommender, last)
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
    listed = max(found.listed, as_it_is.listed)
    yield Finding("padding_side", 0, len(last), sentence + _too_short(last, listed, by=_PADDED))


def _moved(recommender: AnyRecommender, name: str, by: int) -> AnyRecommender | None:
    move: Callable[[int], AnyRecommender | None] | None = getattr(recommender, name, None)
    return None if move is None else move(by)


def _standing(recommender: AnyRecommender, last: LastItems) -> Standing | None:
    """Return where the last items stand; None where the model cannot be called so, as with tokens it has not."""
    try:
        return last.standing(recommender)
    except HarnessError:
        return None


def _too_short(last: LastItems, listed: int, *, by: float) -> str:
    """Return that lists hold too few last items for a difference to show, or nothing.

    An item that moves from the middle of what is in no list to the top moves by half of the ranking.
    """
    if listed / len(last) >= 2 * by:
        return ""
    return (
        f" Lists of {last.before.k:,} items, which are no longer than runner.k, hold it for at most {listed:,} users: "
        "too few to tell."
    )


def _compared(as_it_is: Standing, other: Standing, when: str) -> str:
    return (
        f"The last item of a history, left out of it, stands at {as_it_is.mean:.2f} of the ranking on average (0 is "
        f"the top), and at {other.mean:.2f} {when}, which is better for "
        f"{int((other.places < as_it_is.places).sum()):,} of {len(other):,} users"
    )


def _found(name: str, sentence: str, last: LastItems, as_it_is: Standing, other: Standing) -> Finding:
    better = np.asarray(other.places < as_it_is.places)
    return Finding(name, int(better.sum()), len(better), sentence, cases=last.cases(better))
