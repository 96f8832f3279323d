"""Hold out each of a user's timestamps in turn, with all earlier interactions as history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts import PARTS, History, Part, Split, Truth, runs
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.data.canonical_order import TiedRuns, require_timestamps


@dataclass(frozen=True, eq=False)
class RollingHoldout:
    """The held-out timestamps of a part, sorted by user, then time; each is predicted separately.

    Parameters
    ----------
    users
        int64 ``(rows,)``: indices into the user vocabulary; they repeat.
    times
        ``(rows,)``, in the data set's unit.
    truth
        Per row, the user's items at that timestamp, with ratings as gains if there are any.
    history
        Per row, the user's earlier items, oldest first, including earlier timestamps of the part.
    """

    users: Int64Array
    times: Int64Array | Float64Array
    truth: Truth
    history: History

    def of_users(self, chosen: BoolArray) -> RollingHoldout:
        """Return the rows of some users, bool ``(users of the vocabulary,)``."""
        rows = np.flatnonzero(chosen[self.users])
        return RollingHoldout(self.users[rows], self.times[rows], self.truth.rows(rows), self.history.rows(rows))


def rolling_holdout(split: Split, part: Part, known: Sequence[Part]) -> RollingHoldout:
    """Return the held-out timestamps of a part, each with its truth and history.

    Parameters
    ----------
    split
        In canonical order, with timestamps.
    part
        The part that is predicted.
    known
        The parts that are history from the start.

    Examples
    --------
    >>> from harness.artifacts import Interactions, Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0, 0]),
    ...     items=np.array([4, 5, 6, 7]),
    ...     timestamps=np.array([1, 2, 3, 3]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of(np.arange(8)),
    ... )
    >>> found = rolling_holdout(Split(rows, np.array([0, 2, 2, 2], dtype=np.int8)), "test", ("train",))
    >>> found.times.tolist(), found.truth.items.tolist(), found.history.items.tolist()
    ([2, 3], [5, 6, 7], [4, 4, 5])
    """
    labels = [PARTS.index(name) for name in (*known, part)]
    rows = split.interactions.rows(np.isin(split.labels, labels))
    held_out = split.labels[np.isin(split.labels, labels)] == PARTS.index(part)
    times = require_timestamps(rows, purpose="rolling history")
    places = np.flatnonzero(held_out)
    users, moments = rows.users[places], times[places]
    first = TiedRuns.of(users, moments).starts
    indptr = np.append(first, len(places)).astype(np.int64)
    owners = users[first].astype(np.int64)
    gains = None if rows.values is None else rows.values[places]
    truth = Truth(indptr, rows.items[places], gains, users=rows.user_ids.ids[owners])
    # In canonical order, the earlier rows of a user are a run that ends where the timestamp begins.
    begins = np.searchsorted(rows.users, owners, side="left")
    tied = TiedRuns.of(rows.users, times)
    ends = np.repeat(tied.starts, tied.sizes)[places[first]]
    history_indptr, before = runs(begins, ends - begins)
    history = History(history_indptr, rows.items[before], len(rows.item_ids))
    return RollingHoldout(owners, moments[first], truth, history)
