"""Keep the interactions of a time window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracles.tables import REPEATED, interactions_from, pairs_of, rows_of

from harness.data import TimeWindow
from harness.errors import DataError


def test_time_window_by_hand() -> None:
    assert pairs_of(TimeWindow(since="1970-01-01T00:00:03", until=5).apply(interactions_from(REPEATED))) == [
        (1, 11),
        (2, 10),
    ]


def test_time_window_needs_times() -> None:
    rows = replace(interactions_from(REPEATED), timestamps=None)
    with pytest.raises(DataError, match=r"filter time_window needs timestamps.*dataset\.columns\.timestamp"):
        TimeWindow(since=1).apply(rows)


@pytest.mark.parametrize("last", [2024, 20240531, 880])
def test_dates_are_not_compared_with_numbers_that_are_no_seconds(last: int) -> None:
    rows = replace(interactions_from(REPEATED), timestamps=last - 4 + np.arange(5))
    with pytest.raises(DataError, match=rf"do not look like those \(the last is {last}\)\. Give a number"):
        TimeWindow(since="2020-01-01").apply(rows)


def test_large_whole_times_are_compared_exactly() -> None:
    base = 1_600_000_000_000_000_000
    rows = replace(interactions_from(REPEATED), timestamps=base + np.arange(5))
    assert rows_of(TimeWindow(since=base + 3).apply(rows)) == rows_of(rows)[3:]
    with pytest.raises(DataError, match=f"look like nanoseconds.*Give the number {1_577_836_800 * 10**9}"):
        TimeWindow(since="2020-01-01").apply(rows)
