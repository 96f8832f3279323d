"""Splits at one moment, the same for all users."""

from __future__ import annotations

from collections.abc import Mapping
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
    check_order,
    check_time_option,
    in_unit_of,
)
from harness.errors import DataError


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class GlobalTime(SplitRule):
    """Hold out what happened from one moment on, the same for all users.

    The moment is given, or it is the timestamp of the row at the quantile of a share; everything at
    or after it is test: no moment is on both sides, so that the shares are approximate where
    timestamps repeat. A validation part lies likewise just before. The moments and the real shares
    are in the split's ``facts``. Users without history, and items new in test, are left in and
    counted.

    Parameters
    ----------
    test
        Share of interactions for test; above 0. 0.2 where there is no ``test_from`` either.
    validation
        Share of interactions for validation; 0 for none. Below 1 together with ``test``.
    test_from
        Instead of ``test`` the moment itself: an ISO 8601 date, in UTC where it names no zone, or a
        number, which is seconds since 1970, or in the data set's own unit where its times are numbers
        without a unit.
    validation_from
        The moment at which validation begins, earlier than ``test_from``; None for none.
    history
        What is known when a held-out interaction is predicted: ``frozen``, what the user did before
        the part begins, or ``rolling``, all that they did before that moment. Rolling predicts a
        user at each of their held-out moments; their value is the mean over them.
    ties
        The order of interactions of one user at one moment, which orders histories alone: as in
        ``LeaveLastOut``, but that there is nothing to refuse.
    seed
        Of the shuffle; 0 or more.

    Raises
    ------
    ValueError
        A share is out of range, a moment is none, shares and moments are mixed, the seed is
        negative, or there is one for a tie rule that draws nothing.

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
                raise ValueError("validation_from needs test_from; give both moments, or both shares")
            if self.test is None:
                object.__setattr__(self, "test", 0.2)
            check_shares(self._test, self.validation)
        elif self.test is not None:
            raise ValueError("test_from and test both say where test begins; leave one out")
        elif self.validation != 0:
            raise ValueError("validation is a share, and test_from a moment; give validation_from instead")
        check_order(validation_from=self.validation_from, test_from=self.test_from)

    @property
    def _test(self) -> float:
        assert self.test is not None  # noqa: S101  (filled in where there is no moment)
        return self.test

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            There are no timestamps, a moment is a date and they do not look like times since 1970, or a
            part that is asked for has no interaction.
        """
        times = require_timestamps(interactions, purpose="split global_time")
        moments = self._moments(times, interactions.time_unit)
        told = {part: date_text(moment, interactions.time_unit) for part, moment in moments.items()}
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        times = require_timestamps(ordered, purpose="split global_time")
        labels = np.full(len(ordered), TRAIN, dtype=np.int8)
        for part in ("validation", "test"):
            if part in moments:
                labels[at_or_after(times, moments[part])] = PARTS.index(part)
        for part in ("train", *moments):
            if not (labels == PARTS.index(part)).any():
                raise DataError(
                    f"split global_time leaves no interaction in {part}: {len(times):,} interactions have "
                    f"{count_distinct(times):,} distinct timestamps, and no moment is cut in two "
                    f"({_told(told)}). Choose other shares or moments, or another split."
                )
        facts: dict[str, Any] = {"moments": {part: as_number(moment) for part, moment in moments.items()}}
        if interactions.time_unit is not None:
            facts["moments_date"] = told
        split = labelled_split(ordered, labels, kind=self.kind, needed=(), remedy="", ties=self.ties, facts=facts)
        return replace(split, rolling=self.history == "rolling")

    def _moments(self, times: Int64Array | Float64Array, unit: TimeUnit | None) -> dict[Part, Fraction]:
        """Return the moments at which test and, if it is asked for, validation begin, in the unit of the times."""
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
    """Return the time at which the last share of the rows begins."""
    held_out = round(share * len(times))
    if held_out == 0:
        raise DataError(
            f"split global_time leaves no interaction to hold out: {share:g} of {len(times):,} is none. "
            "Choose a larger share, or loosen the filters."
        )
    quantile = max(len(times) - held_out, 0)
    moment: int | float = np.partition(times, quantile)[quantile].item()
    return moment


def _told(moments: Mapping[Part, str]) -> str:
    return ", ".join(f"{part} begins at {moment}" for part, moment in moments.items())
