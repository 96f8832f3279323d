"""Filters by when it happened."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.data.instants import Instant, at_or_after, check_instant, in_unit_of
from harness.data.sequences import needed_timestamps


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TimeWindow:
    """Keep the interactions of a span of time: at ``since`` or later, and before ``until``.

    Spans that follow one another so share no interaction: one that ends ``until: 2024-06-01`` holds
    all of May, and the next begins ``since: 2024-06-01``.

    Parameters
    ----------
    since
        The first moment that is kept: a number in the data's own unit, or an ISO 8601 date, which is
        seconds since 1970 in UTC as dates in a data file are; None for no limit.
    until
        The first moment that is not kept any more, alike.

    Raises
    ------
    ValueError
        Both are missing, one is no moment, or they enclose none.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0]),
    ...     items=np.array([0, 1, 2]),
    ...     timestamps=np.array([86399, 86400, 172800]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of([7, 8, 9]),
    ... )
    >>> TimeWindow(since="1970-01-02", until="1970-01-03").apply(rows).item_ids.ids
    array([8])
    """

    kind: ClassVar[str] = "time_window"
    since: Instant | None = None
    until: Instant | None = None

    def __post_init__(self) -> None:
        if self.since is None and self.until is None:
            raise ValueError("time_window has no limit; give since, until, or both")
        check_instant("since", self.since)
        check_instant("until", self.until)
        if self.since is None or self.until is None or isinstance(self.since, str) != isinstance(self.until, str):
            return
        seconds = np.array([1_000_000_000])  # the unit of dates, where both are dates
        first, last = (in_unit_of(seconds, moment, purpose="") for moment in (self.since, self.until))
        if first >= last:
            raise ValueError(f"until is {self.until}, not later than since, which is {self.since}")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them.

        Raises
        ------
        DataError
            The interactions have no timestamps, or a limit is a date and they are not in seconds.
        """
        times = needed_timestamps(interactions, purpose="filter time_window")
        kept = np.ones(len(times), dtype=np.bool_)
        if self.since is not None:
            kept &= at_or_after(times, in_unit_of(times, self.since, purpose="filter time_window, since,"))
        if self.until is not None:
            kept &= ~at_or_after(times, in_unit_of(times, self.until, purpose="filter time_window, until,"))
        return interactions.rows(kept).compact()
