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
_PADDING = "padding_side"
_SHIFTS: dict[ShiftTarget, str] = {
    "items": "all items are",
    "input items": "the items of the histories are",
    "output items": "the items that it recommends are",
    "users": "the users are",
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


def model_variants(external: ExternalRecommender) -> dict[str, list[ModelVariant]]:
    """Return a model with its items or users moved by one index, and with its histories padded on the other side.

    Only what applies to the model is a key: ``items``, ``users`` and ``padding``.
    """
    variants: dict[str, list[ModelVariant]] = {"items": [], "users": [], "padding": []}
    for by in (1, -1):
        for target, text in _SHIFTS.items():
            recommender = external.with_shift(target, by)
            if recommender is not None:
                what = "users" if target == "users" else "items"
                remedy = external.shift_remedy(target, by) or _REMEDIES[what]
                history_shift = {"users": 0, "input items": -by}.get(target, by)
                variants[what].append(ModelVariant(recommender, f"when {text} moved by {by:+d}", remedy, history_shift))
    other: PaddingSide = "right" if external.padding == "left" else "left"
    recommender = None if external.padding is None else external.with_padding(other)
    if recommender is not None:
        remedy = f"Was the model trained so? Then set model.params.call.padding: {other}."
        variants["padding"].append(ModelVariant(recommender, f"when the padding is on the {other}", remedy))
    return {what: some for what, some in variants.items() if some}


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
        self._variants = model_variants(users.external)

    def __iter__(self) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
        """Yield each check with the name of its finding."""
        if self._users.task.n_items < 3:
            return
        yield "no_better_than_chance", self._chance
        if len(self._rows) == 0:
            return
        for what, variants in self._variants.items():
            name = _PADDING if what == "padding" else f"{what}_off_by_one"
            yield name, functools.partial(self._compare, name, variants, what=what)

    @property
    def n_lists(self) -> int:
        """Number of lists that the checks need at most."""
        return len(self._rows) * (self._n_calls - 1) + len(self._relevant_rows)

    @property
    def _n_calls(self) -> int:
        """How many times last or relevant items are looked up."""
        return 2 + sum(map(len, self._variants.values()))

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

    def _compare(self, name: str, variants: list[ModelVariant], *, what: str) -> Iterator[Finding]:
        """Yield whether the last items rank higher with one of the variants of a model.

        Raises
        ------
        HarnessError
            Ids are off by one, and failures are not to be reported only.
        OutOfTimeError
            There was no time for all variants, and no earlier one ranks the items higher.
        """
        last, declared, left_out = self._declared
        last, declared = last.of_users(~left_out), declared.of(~left_out)
        if declared.is_at_bottom:
            return  # any other item ranks higher, whatever the variant
        is_padding = name == _PADDING
        margin = _PADDING_MARGIN if is_padding else _SHIFT_MARGIN
        better, listed, out_of_time = [], declared.listed, None
        for variant in variants:
            try:
                positions = last.positions(variant.recommender)
            except OutOfTimeError as error:
                out_of_time = error
                break
            except HarnessError:  # as with tokens that the model does not have
                if is_padding:
                    return  # the module accepts one side only
                continue
            listed = max(listed, positions.listed)
            shows = positions.positions != declared.positions if is_padding else self._can_show(variant, last)
            if positions.of(shows).is_better_than(declared.of(shows), by=margin):
                better.append((variant, positions))
        where = f"The last item of each history, withheld from the model, ranks at {declared.mean:.2f} on average (0 is"
        if better:
            variant, best = min(better, key=lambda one: one[1].mean)
            improved = np.asarray(best.positions < declared.positions)
            sentence = (
                f"{where} the top), and at {best.mean:.2f} {variant.when}, which is better for {int(improved.sum()):,} "
                f"of {len(best):,} users{'' if is_padding else f': the {what} are off by one'}. {variant.remedy}"
            )
            if not is_padding and not self._users.warns:
                raise HarnessError(f"{sentence} If they are right as they are, set model.trial: warn.")
            yield Finding(name, int(improved.sum()), len(improved), sentence, cases=last.cases(improved))
            return
        if out_of_time is not None:
            raise out_of_time
        when = variants[0].when if is_padding else f"when the {what} are moved by one"
        sentence = f"{where} the top; {len(last):,} users), and not much higher {when}."
        if listed / len(last) < 2 * margin:  # an unlisted item that moves to the top moves by half of the ranking
            sentence += (
                f" Lists of {last.task.k:,} items, which are no longer than runner.k, hold it for at most {listed:,} "
                "users: too few to tell."
            )
        yield Finding(name, 0, len(last), sentence)

    def _can_show(self, variant: ModelVariant, last: LastItems) -> BoolArray:
        """Return whose last item would show that a variant is right, bool ``(users,)``."""
        positions = self._users.external.item_positions
        if positions is None or variant.history_shift == 0:
            return np.ones(len(last), dtype=bool)
        return ~last.beside_history(positions, variant.history_shift)
