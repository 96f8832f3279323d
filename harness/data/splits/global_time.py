"""Split at one point in time, the same for all users."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import PARTS, Interactions, Part, Split, SplitRule, TimeUnit
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.data.canonical_order import TieOrder, require_timestamps
from harness.data.repeated_pairs import count_distinct
from harness.data.splits.labelled_split import TRAIN, labelled_split, ordered_interactions
from harness.data.splits.split_options import check_seed, check_shares
from harness.data.times.date_text import date_text
from harness.data.times.time_options import (
    TimeOption,
    as_number,
    at_or_after,
    check_time_option,
    check_time_order,
    in_unit_of,
)
from harness.errors import DataError


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class GlobalTime(SplitRule):
    """Hold out all interactions from one point in time on, the same for all users.

    The time is an option, or the quantile of the timestamps that belongs to a share. All interactions at or after it
    are test. Equal timestamps are never divided, so the shares are approximate if timestamps repeat. A validation part
    comes just before test in the same way. The times and the exact shares are in the split's ``facts``. Users without
    history, and items that only occur in test, stay and are counted.

    Parameters
    ----------
    test
        Share of interactions for test; above 0. By default 0.2, unless ``test_from`` is set.
    validation
        Share of interactions for validation; 0 for none. The sum with ``test`` is below 1.
    test_from
        The time at which test begins, instead of ``test``: an ISO 8601 date (UTC unless it names a zone), or a
        number of seconds since 1970. If the data set's times are numbers without a unit, a number in their unit.
    validation_from
        The time at which validation begins, earlier than ``test_from``; None for no validation part.
    history
        The history when a held-out interaction is predicted. ``frozen``: the user's interactions before
        the part begins. ``rolling``: all of the user's interactions before the held-out one; the user is predicted
        once per held-out timestamp, and the user's value is the mean over them.
    ties
        The order of a user's interactions with the same timestamp, as in ``LeaveLastOut``, without ``error``. It only
        orders the histories.
    seed
        Seed of the shuffle; 0 or more.

    Raises
    ------
    ValueError
        A share is out of range, a time is invalid, shares and times are mixed, the seed is
        negative, or the tie rule does not use it.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1, 1]),
    ...     items=np.array([0, 1, 0, 1]),
    ...     timestamps=np.array([10, 20, 30, 30]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 8]),
    ... )
    >>> split = GlobalTime(test=0.25).split(rows)
    >>> split.labels, split.facts["moments"], split.facts["test"]["share"]
    (array([0, 0, 2, 2], dtype=int8), {'test': 30}, 0.5)
    """

    kind: ClassVar[str] = "global_time"
    test: float | None = None
    validation: float = 0.0
    test_from: TimeOption | None = None
    validation_from: TimeOption | None = None
    history: Literal["frozen", "rolling"] = "frozen"
    ties: TieOrder = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed, ties=self.ties)
        check_time_option("test_from", self.test_from)
        check_time_option("validation_from", self.validation_from)
        if self.test_from is None:
            if self.validation_from is not None:
                raise ValueError("validation_from needs test_from; give both times, or both shares")
            if self.test is None:
                object.__setattr__(self, "test", 0.2)
            check_shares(self._test, self.validation)
        elif self.test is not None:
            raise ValueError("test_from and test both say where test begins; leave one out")
        elif self.validation != 0:
            raise ValueError("validation is a share, and test_from a time; give validation_from instead")
        check_time_order(validation_from=self.validation_from, test_from=self.test_from)

    @property
    def _test(self) -> float:
        assert self.test is not None  # noqa: S101  (filled in unless there is a time)
        return self.test

    def split(self, interactions: Interactions) -> Split:
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            There are no timestamps, an option is a date but the timestamps do not look like times since 1970, or a
            requested part would be empty.
        """
        times = require_timestamps(interactions, purpose="split global_time")
        moments = self._moments(times, interactions.time_unit)
        dates = {part: date_text(moment, interactions.time_unit) for part, moment in moments.items()}
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        times = require_timestamps(ordered, purpose="split global_time")
        labels = np.full(len(ordered), TRAIN, dtype=np.int8)
        for part in ("validation", "test"):
            if part in moments:
                labels[at_or_after(times, moments[part])] = PARTS.index(part)
        for part in ("train", *moments):
            if not (labels == PARTS.index(part)).any():
                begins = ", ".join(f"{name} begins at {date}" for name, date in dates.items())
                raise DataError(
                    f"split global_time leaves no interaction in {part}: {len(times):,} interactions have "
                    f"{count_distinct(times):,} distinct timestamps, and equal timestamps are not divided "
                    f"({begins}). Choose other shares or times, or another split."
                )
        facts: dict[str, Any] = {"moments": {part: as_number(moment) for part, moment in moments.items()}}
        if interactions.time_unit is not None:
            facts["moments_date"] = dates
        split = labelled_split(ordered, labels, kind=self.kind, ties=self.ties, facts=facts)
        return replace(split, rolling=self.history == "rolling")

    def _moments(self, times: Int64Array | Float64Array, unit: TimeUnit | None) -> dict[Part, Fraction]:
        """Return the times at which test and, if requested, validation begin, in the unit of the timestamps."""
        if self.test_from is None:
            shares: dict[Part, float] = {"test": self._test}
            if self.validation > 0:
                shares["validation"] = self._test + self.validation
            return {part: Fraction(_moment(times, share)) for part, share in shares.items()}
        named: dict[Part, TimeOption] = {"test": self.test_from}
        if self.validation_from is not None:
            named["validation"] = self.validation_from
        return {
            part: in_unit_of(times, moment, purpose=f"split global_time: {part}_from", unit=unit)
            for part, moment in named.items()
        }


def _moment(times: Int64Array | Float64Array, share: float) -> int | float:
    """Return the timestamp at which the last share of the rows begins."""
    held_out = round(share * len(times))
    if held_out == 0:
        raise DataError(
            f"split global_time leaves no interaction to hold out: {share:g} of {len(times):,} is none. "
            "Choose a larger share, or loosen the filters."
        )
    quantile = max(len(times) - held_out, 0)
    moment: int | float = np.partition(times, quantile)[quantile].item()
    return moment
