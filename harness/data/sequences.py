"""The canonical order of interactions, and what shares a moment or a pair in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import Interactions, pair_keys
from harness.artifacts.arrays import BoolArray, Float64Array, Int8Array, Int32Array, Int64Array
from harness.errors import DataError


@dataclass(frozen=True, eq=False)
class Moments:
    """Runs of rows that share user and timestamp, in an order by user and time.

    Parameters
    ----------
    starts
        int64 ``(moments,)``: first row of each.
    sizes
        int64 ``(moments,)``: number of rows of each.
    """

    starts: Int64Array
    sizes: Int64Array

    @classmethod
    def of(cls, users: Int32Array, times: Int64Array | Float64Array) -> Moments:
        """Return the moments of rows that are ordered by user, then time."""
        changes = (users[1:] != users[:-1]) | (times[1:] != times[:-1])
        starts = np.flatnonzero(np.concatenate([[True], changes])[: len(users)])
        return cls(starts, np.diff(np.append(starts, len(users))))

    @property
    def shared(self) -> BoolArray:
        """Whether each row shares its moment with another; ``(n,)``."""
        return np.repeat(self.sizes > 1, self.sizes)

    def mixed(self, values: Int32Array | Int8Array) -> BoolArray:
        """Whether the rows of each row's moment differ in a value; ``(n,)``."""
        if len(values) == 0:
            return np.zeros(0, dtype=np.bool_)
        differ = np.minimum.reduceat(values, self.starts) != np.maximum.reduceat(values, self.starts)
        return np.repeat(differ, self.sizes)


def needed_timestamps(interactions: Interactions, *, purpose: str) -> Int64Array | Float64Array:
    """Return the timestamps ``(n,)`` for what cannot do without them.

    Raises
    ------
    DataError
        There are none.
    """
    if interactions.timestamps is None:
        raise DataError(
            f"{purpose} needs timestamps, and the interactions have none. "
            "Name their column in dataset.columns.timestamp, or use a data set that has them."
        )
    return interactions.timestamps


def canonical_order(interactions: Interactions, *, seed: int) -> Int64Array:
    """Return the row numbers by user, then time, then seeded shuffle; int64 ``(n,)``.

    The shuffle is a hash of (seed, the user's own id, the item's own id); what is equal there too
    goes by item and rating. So no row that differs from another is placed by its row number.

    Raises
    ------
    DataError
        There are no timestamps.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([1, 0, 1]),
    ...     items=np.array([0, 1, 1]),
    ...     timestamps=np.array([9, 5, 3]),
    ...     user_ids=Vocabulary.of([7, 8]),
    ...     item_ids=Vocabulary.of(["a", "b"]),
    ... )
    >>> canonical_order(rows, seed=0)
    array([1, 2, 0])
    """
    users, items = interactions.users, interactions.items
    times = needed_timestamps(interactions, purpose="an order in time")
    order = np.lexsort((times, users))
    # Most rows are placed by user and time; only those that share a moment need the other keys.
    shared = np.flatnonzero(Moments.of(users[order], times[order]).shared)
    rows = order[shared]
    shuffle = pair_keys(seed, interactions.user_ids.keys[users[rows]], interactions.item_ids.keys[items[rows]])
    ratings = np.zeros(len(rows)) if interactions.values is None else interactions.values[rows]
    order[shared] = rows[np.lexsort((ratings, items[rows], shuffle, times[rows], users[rows]))]
    return order


def decided_by_ties(interactions: Interactions, labels: Int8Array) -> BoolArray:
    """Return whether the tie rule put each row into its part; ``(n,)``.

    It did where the user has a row of the same timestamp, with another item, in another part:
    another order of the two would have exchanged them.

    Parameters
    ----------
    interactions
        In canonical order. Without timestamps there are no ties.
    labels
        The part of each row, int8 ``(n,)``.
    """
    if interactions.timestamps is None:
        return np.zeros(len(interactions), dtype=np.bool_)
    moments = Moments.of(interactions.users, interactions.timestamps)
    return moments.mixed(interactions.items) & moments.mixed(labels)


def distinct(values: NDArray[Any]) -> int:
    """Return how many values differ.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3])), distinct(np.array([]))
    (2, 0)
    """
    # Sorting is many times faster here than the hash table of numpy.unique.
    ascending = np.sort(values)
    return min(len(values), 1) + int(np.count_nonzero(ascending[1:] != ascending[:-1]))


def pair_codes(interactions: Interactions) -> Int64Array:
    """Return one number a row that stands for its pair of user and item; int64 ``(n,)``."""
    return interactions.users.astype(np.int64) * len(interactions.item_ids) + interactions.items


def repeated_rows(interactions: Interactions) -> int:
    """Return how many rows repeat the user and item of another; each pair's first is not counted."""
    return len(interactions) - distinct(pair_codes(interactions))
