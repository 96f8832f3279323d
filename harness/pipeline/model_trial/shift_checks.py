"""Detect mixed-up ids, ids that are off by one, and padding on the wrong side, by where known items rank."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from harness.artifacts import AnyRecommender, ExternalRecommender, Finding, PaddingSide, ShiftTarget
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.pipeline.model_trial.last_items import LastItems, relevant_positions
from harness.pipeline.model_trial.rank_positions import ENOUGH_USERS, RankPositions, chance_finding
from harness.pipeline.model_trial.time_budget import OutOfTimeError
from harness.pipeline.model_trial.trial_users import TrialUsers, in_hash_order

_MORE_USERS = 8  # times as many users as have their lists compared
_MAX_SCORES = 1 << 24  # of one call
_SHIFT_MARGIN, _PADDING_MARGIN = 0.1, 0.02  # how much better the variant has to rank the last items
_ITEM_SHIFTS: dict[ShiftTarget, str] = {
    "items": "all items are",
    "input items": "the items of the histories are",
    "output items": "the items that it recommends are",
}
_REMEDIES = {
    "items": "Look at the ids of the model's items (model.params.items): do they lack a row for the padding, or have "
    "one too many?",
    "users": "Look at the ids of the model's users (model.params.users, and call.user_offset of kind torch): do they "
    "lack a row for the padding, or have one too many?",
}


@dataclass(frozen=True, eq=False)
class ModelVariant:
    """A model that is called in another way than declared.

    Parameters
    ----------
    recommender
        The variant.
    when
        The other way, as a clause.
    remedy
        A sentence that says what to set if the variant is right.
    history_shift
        By how many indices an item of the history itself would move to the last item; 0 if none would.
    """

    recommender: AnyRecommender
    when: str
    remedy: str
    history_shift: int = 0


def shifted_variants(external: ExternalRecommender) -> dict[str, list[ModelVariant]]:
    """Return a model with its items moved by one index in each possible way, and with its users moved."""
    targets: dict[ShiftTarget, tuple[str, str]] = {target: ("items", text) for target, text in _ITEM_SHIFTS.items()}
    targets["users"] = ("users", "the users are")
    variants: dict[str, list[ModelVariant]] = {"items": [], "users": []}
    for by in (1, -1):
        for target, (what, text) in targets.items():
            recommender = external.with_shift(target, by)
            if recommender is not None:
                remedy = external.shift_remedy(target, by) or _REMEDIES[what]
                beside = {"users": 0, "input items": -by}.get(target, by)
                variants[what].append(ModelVariant(recommender, f"when {text} moved by {by:+d}", remedy, beside))
    return variants


def repadded_variant(external: ExternalRecommender) -> ModelVariant | None:
    """Return a model with its histories padded on the other side; None if it does not pad histories."""
    if external.padding is None:
        return None
    other: PaddingSide = "right" if external.padding == "left" else "left"
    recommender = external.with_padding(other)
    if recommender is None:
        return None
    remedy = f"Was the model trained so? Then set model.params.call.padding: {other}."
    return ModelVariant(recommender, f"when the padding is on the {other}", remedy)


class ShiftChecks:
    """The checks of where the last items of histories, and the relevant items of the run, rank.

    Parameters
    ----------
    users
        The users of the trial.
    lengths
        int64 ``(users,)``: lengths of the histories of the task.
    n_users
        Number of users whose lists are compared; these checks look at up to eight times as many.
    reads_history
        Whether the model reads the history.
    """

    def __init__(self, users: TrialUsers, lengths: Int64Array, *, n_users: int, reads_history: bool) -> None:
        self._users, self._reads_history = users, reads_history
        task = users.task
        limit = min(_MORE_USERS * n_users, max(n_users, _MAX_SCORES // max(1, task.n_items)))
        self._rows = in_hash_order(task, np.flatnonzero(lengths >= 2))[:limit]
        self._relevant_rows = in_hash_order(task, np.flatnonzero(np.diff(task.truth.indptr) > 0))[:limit]
        self._shifts, self._repadded = shifted_variants(users.external), repadded_variant(users.external)

    def __iter__(self) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
        """Yield each check with the name of its finding."""
        if self._users.task.n_items < 3:
            return
        yield "no_better_than_chance", self._chance
        if len(self._rows) == 0:
            return
        for what, variants in self._shifts.items():
            if variants:
                yield f"{what}_off_by_one", functools.partial(self._off_by_one, what, variants)
        if self._repadded is not None:
            yield "padding_side", functools.partial(self._padding_side, self._repadded)

    @property
    def n_lists(self) -> int:
        """Number of lists that the checks need at most."""
        return len(self._rows) * (self._n_calls - 1) + len(self._relevant_rows)

    @property
    def _n_calls(self) -> int:
        """How many times last or relevant items are looked up."""
        return 2 + sum(map(len, self._shifts.values())) + (self._repadded is not None)

    @functools.cached_property
    def _n_users(self) -> int:
        """Number of users for whom there is time in all of these checks and two more; enough to show something."""
        return self._users.whole_batches(max(ENOUGH_USERS, self._users.budget.users_for(self._n_calls + 2)))

    @functools.cached_property
    def _declared(self) -> tuple[LastItems, RankPositions, BoolArray]:
        """The last items, where they rank, and whose whole history the model leaves out."""
        last = LastItems.of(self._users, self._rows[: self._n_users])
        return last, *last.declared_positions()

    def _chance(self) -> Iterator[Finding]:
        positions, left_out = RankPositions.empty(), np.zeros(0, dtype=bool)
        if len(self._rows):
            _, positions, left_out = self._declared
        relevant = relevant_positions(self._users, self._relevant_rows[: self._n_users])
        finding = chance_finding(positions, left_out, relevant, reads_history=self._reads_history)
        if finding is not None:
            yield finding

    def _comparable(self) -> tuple[LastItems, RankPositions] | None:
        """Return the last items that can show a shift, and where they rank.

        None if the model ranks last items at the bottom: then any other item ranks higher, shifted or not.
        """
        last, positions, left_out = self._declared
        shown = positions.of(~left_out)
        return None if shown.is_at_bottom else (last.of_users(~left_out), shown)

    def _off_by_one(self, what: str, variants: list[ModelVariant]) -> Iterator[Finding]:
        """Yield whether the last items rank higher when the items, or the users, are moved by one.

        Raises
        ------
        HarnessError
            They do, and failures are not to be reported only.
        OutOfTimeError
            There was no time for all variants, and no earlier one ranks them higher.
        """
        if (comparable := self._comparable()) is None:
            return
        (last, declared), better, listed, out_of_time = comparable, [], comparable[1].listed, None
        for variant in variants:
            try:
                positions = _positions(variant, last)
            except OutOfTimeError as error:
                out_of_time = error
                break
            if positions is not None:
                listed, shows = max(listed, positions.listed), self._can_show(variant, last)
                if positions.of(shows).is_better_than(declared.of(shows), by=_SHIFT_MARGIN):
                    better.append((variant, positions))
        if better:
            variant, best = min(better, key=lambda one: one[1].mean)
            sentence = f"{_compared(declared, best, variant)}: the {what} are off by one. {variant.remedy}"
            if not self._users.warns:
                raise HarnessError(f"{sentence} If they are right as they are, set model.trial: warn.")
            yield _warning(f"{what}_off_by_one", sentence, last, declared, best)
            return
        if out_of_time is not None:
            raise out_of_time
        sentence = (
            f"The last item of each history, withheld from the model, ranks at {declared.mean:.2f} on average (0 is "
            f"the top; {len(last):,} users), and not much higher when the {what} are moved by one."
        )
        yield Finding(f"{what}_off_by_one", 0, len(last), sentence + _short_lists(last, listed, by=_SHIFT_MARGIN))

    def _padding_side(self, variant: ModelVariant) -> Iterator[Finding]:
        """Yield whether the last items rank higher when histories are padded on the other side.

        Raises
        ------
        OutOfTimeError
            There is no time for the check.
        """
        if (comparable := self._comparable()) is None:
            return
        last, declared = comparable
        positions = _positions(variant, last)
        if positions is None:
            return  # the module accepts one side only
        differ = np.asarray(positions.positions != declared.positions)
        if positions.of(differ).is_better_than(declared.of(differ), by=_PADDING_MARGIN):
            sentence = f"{_compared(declared, positions, variant)}. {variant.remedy}"
            yield _warning("padding_side", sentence, last, declared, positions)
            return
        sentence = (
            f"The last item of each history, withheld from the model, ranks no higher {variant.when} ({len(last):,} "
            "users)."
        )
        listed = max(positions.listed, declared.listed)
        yield Finding("padding_side", 0, len(last), sentence + _short_lists(last, listed, by=_PADDING_MARGIN))

    def _can_show(self, variant: ModelVariant, last: LastItems) -> BoolArray:
        """Return whose last item would show that a variant is right, bool ``(users,)``."""
        positions = self._users.external.item_positions
        if positions is None or variant.history_shift == 0:
            return np.ones(len(last), dtype=bool)
        return ~last.beside_history(positions, variant.history_shift)


def _positions(variant: ModelVariant, last: LastItems) -> RankPositions | None:
    """Return where a variant ranks the last items; None if the model fails, as with tokens that it does not have."""
    try:
        return last.positions(variant.recommender)
    except HarnessError:
        return None


def _short_lists(last: LastItems, listed: int, *, by: float) -> str:
    """Return a sentence if lists hold too few last items to show a difference, else nothing.

    An item that moves from the middle of the unlisted candidates to the top moves by half of the ranking.
    """
    if listed / len(last) >= 2 * by:
        return ""
    return (
        f" Lists of {last.task.k:,} items, which are no longer than runner.k, hold it for at most {listed:,} users: "
        "too few to tell."
    )


def _compared(declared: RankPositions, other: RankPositions, variant: ModelVariant) -> str:
    better = int((other.positions < declared.positions).sum())
    return (
        f"The last item of each history, withheld from the model, ranks at {declared.mean:.2f} on average (0 is the "
        f"top), and at {other.mean:.2f} {variant.when}, which is better for {better:,} of {len(other):,} users"
    )


def _warning(name: str, sentence: str, last: LastItems, declared: RankPositions, other: RankPositions) -> Finding:
    better = np.asarray(other.positions < declared.positions)
    return Finding(name, int(better.sum()), len(better), sentence, cases=last.cases(better))
