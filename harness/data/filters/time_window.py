"""Filters by when it happened."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.data.canonical_order import require_timestamps
from harness.data.times.time_options import TimeOption, at_or_after, check_order, check_time_option, in_unit_of


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TimeWindow:
    """Keep the interactions of a span of time: at ``since`` or later, and before ``until``.

    Spans that follow one another so share no interaction: one that ends ``until: 2024-06-01`` holds
    all of May, and the next begins ``since: 2024-06-01``.

    Parameters
    ----------
    since
        The first moment that is kept: an ISO 8601 date, in UTC where it names no zone, or a number, which
        is seconds since 1970, or in the data set's own unit where its times are numbers without a unit;
        None for no limit.
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
    since: TimeOption | None = None
    until: TimeOption | None = None

    def __post_init__(self) -> None:
        if self.since is None and self.until is None:
            raise ValueError("time_window has no limit; give since, until, or both")
        check_time_option("since", self.since)
        check_time_option("until", self.until)
        check_order(since=self.since, until=self.until)

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them.

        Raises
        ------
        DataError
            The interactions have no timestamps, or a limit is a date and they do not look like times since 1970.
        """
        times, unit = require_timestamps(interactions, purpose="filter time_window"), interactions.time_unit
        kept = np.ones(len(times), dtype=np.bool_)
        if self.since is not None:
            kept &= at_or_after(times, in_unit_of(times, self.since, purpose="filter time_window, since,", unit=unit))
        if self.until is not None:
            kept &= ~at_or_after(times, in_unit_of(times, self.until, purpose="filter time_window, until,", unit=unit))
        return interactions.rows(kept).compact()
