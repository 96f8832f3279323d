"""Keep the interactions of a time window."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.data.canonical_order import require_timestamps
from harness.data.times.time_options import TimeOption, at_or_after, check_time_option, check_time_order, in_unit_of


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TimeWindow:
    """Keep the interactions at ``since`` or later, and before ``until``.

    Consecutive windows share no interaction: a window with ``until: 2024-06-01`` holds all of May, and the next one
    begins with ``since: 2024-06-01``.

    Parameters
    ----------
    since
        The earliest time that is kept: an ISO 8601 date (UTC unless it names a zone), or a number of seconds since
        1970. If the data set's times are numbers without a unit, a number in their unit. None for no limit.
    until
        The earliest time that is no longer kept, in the same format; None for no limit.

    Raises
    ------
    ValueError
        Both are None, one is not a time, or ``until`` is not later than ``since``.

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
            raise ValueError("time_window has no limit; set since, until, or both")
        check_time_option("since", self.since)
        check_time_option("until", self.until)
        check_time_order(since=self.since, until=self.until)

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them.

        Raises
        ------
        DataError
            There are no timestamps, or a limit is a date but the timestamps do not look like times since 1970.
        """
        times, unit = require_timestamps(interactions, purpose="filter time_window"), interactions.time_unit
        kept = np.ones(len(times), dtype=np.bool_)
        if self.since is not None:
            kept &= at_or_after(times, in_unit_of(times, self.since, purpose="filter time_window, since,", unit=unit))
        if self.until is not None:
            kept &= ~at_or_after(times, in_unit_of(times, self.until, purpose="filter time_window, until,", unit=unit))
        return interactions.rows(kept).compact()
