"""The canonical order of interactions, and what shares a moment or a pair in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import Interactions, pair_keys
from harness.artifacts.array_types import BoolArray, Float64Array, Int8Array, Int32Array, Int64Array, UInt64Array
from harness.errors import DataError

# How rows of one user at one moment are ordered.
TieOrder = Literal["shuffle", "stable", "item_ascending", "item_descending"]


@dataclass(frozen=True, eq=False)
class TiedRuns:
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
    def of(cls, users: Int32Array, times: Int64Array | Float64Array | None) -> TiedRuns:
        """Return the moments of rows that are ordered by user, then time; without times a user is one."""
        changes = users[1:] != users[:-1]
        if times is not None:
            changes |= times[1:] != times[:-1]
        starts = np.flatnonzero(np.concatenate([[True], changes])[: len(users)])
        return cls(starts, np.diff(np.append(starts, len(users))))

    @property
    def shared(self) -> BoolArray:
        """Whether each row shares its moment with another; ``(n,)``."""
        return np.repeat(self.sizes > 1, self.sizes)


def require_timestamps(interactions: Interactions, *, purpose: str) -> Int64Array | Float64Array:
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


def by_user_and_time(users: Int32Array, times: Int64Array | Float64Array | None) -> Int64Array:
    """Return the row numbers by user, then time, in any order where both are equal; int64 ``(n,)``."""
    if len(users) == 0:
        return np.zeros(0, dtype=np.int64)
    codes = users.astype(np.int64)
    if times is not None:
        first, last = times.min().item(), times.max().item()
        moments = last - first + 1
        if times.dtype.kind != "i" or moments * (int(users.max()) + 1) >= 1 << 63:
            return np.lexsort((times, users))
        # One number a row sorts several times faster than two columns.
        codes *= moments
        codes += times.astype(np.int64, copy=False)
        codes -= first
    return np.argsort(codes)


def canonical_order(interactions: Interactions, *, seed: int, ties: TieOrder = "shuffle") -> Int64Array:
    """Return the row numbers by user, then time, then the tie rule; int64 ``(n,)``.

    Without timestamps all rows of a user are tied. What the tie rule leaves equal goes by item,
    rating and, at last, row number, which then tells apart rows that are the same in everything.

    Parameters
    ----------
    interactions
        In any order.
    seed
        Of the shuffle.
    ties
        ``shuffle``: by a hash of (seed, the user's own id, the item's own id), so that no row that
        differs from another is placed by its row number. ``stable``: by row number.
        ``item_ascending``, ``item_descending``: by the item's own id, integers by their size.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([1, 0, 1, 1]),
    ...     items=np.array([0, 1, 1, 0]),
    ...     timestamps=np.array([9, 5, 3, 3]),
    ...     user_ids=Vocabulary.of([7, 8]),
    ...     item_ids=Vocabulary.of(["a", "b"]),
    ... )
    >>> canonical_order(rows, seed=0, ties="stable"), canonical_order(rows, seed=0, ties="item_ascending")
    (array([1, 2, 3, 0]), array([1, 3, 2, 0]))
    """
    users, items, times = interactions.users, interactions.items, interactions.timestamps
    order = by_user_and_time(users, times)
    # Most rows are placed by user and time; only those that share a moment need the other keys.
    moments = TiedRuns.of(users[order], None if times is None else times[order])
    shared = np.flatnonzero(moments.shared)
    rows = order[shared]
    sizes = moments.sizes[moments.sizes > 1]
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    # In the order of rows first, which what is equal in all else keeps.
    rows = np.sort(numbers * len(order) + rows) % max(len(order), 1)
    if ties != "stable":
        keys = _tie_keys(interactions, rows, seed=seed, ties=ties)
        others = [items[rows]] if interactions.values is None else [items[rows], interactions.values[rows]]
        rows = rows[order_within(numbers, keys, others)]
    order[shared] = rows
    return order


def _tie_keys(interactions: Interactions, rows: Int64Array, *, seed: int, ties: TieOrder) -> UInt64Array:
    users, items = interactions.users[rows], interactions.items[rows]
    if ties == "shuffle":
        return pair_keys(seed, interactions.user_ids.keys[users], interactions.item_ids.keys[items])
    # A vocabulary is ascending, so that an index orders as its own id does.
    places = items if ties == "item_ascending" else len(interactions.item_ids) - 1 - items
    return places.astype(np.uint64) << np.uint64(32)


def order_within(groups: Int64Array | Int32Array, keys: UInt64Array, others: Sequence[NDArray[Any]]) -> Int64Array:
    """Return the stable order by group, then key, then the others in turn; int64 ``(n,)``.

    Parameters
    ----------
    groups
        Numbers from 0, ``(n,)``.
    keys
        Spread over 64 bits, ``(n,)``: the leading bits nearly always tell two rows of a group apart.
    others
        Columns ``(n,)`` for what is equal in both.

    Examples
    --------
    >>> keys = np.array([9, 5, 5], dtype=np.uint64) << np.uint64(60)
    >>> order_within(np.array([0, 0, 0]), keys, [np.array([1, 8, 7])])
    array([2, 1, 0])
    """
    # One number a row, of the group and as much of the key as there is room for, sorts several times
    # faster than two columns; of what it leaves equal few rows differ, and are sorted by everything.
    taken = int(groups.max(initial=0)).bit_length()
    packed = keys >> np.uint64(taken)
    if taken > 0:
        packed |= groups.astype(np.uint64) << np.uint64(64 - taken)
    order = np.argsort(packed)
    packed = packed[order]
    follows = np.concatenate([[False], packed[1:] == packed[:-1]])[: len(order)]
    unsettled = follows.copy()
    unsettled[:-1] |= follows[1:]
    runs = np.cumsum(~follows[unsettled]) - 1
    few = np.sort(runs * len(order) + order[unsettled]) % max(len(order), 1)
    columns = [groups, keys, *others]
    differs = np.zeros(int(runs.max(initial=-1)) + 1, dtype=np.bool_)
    for column in columns:
        chosen = column[few]
        differs[runs[1:][(chosen[1:] != chosen[:-1]) & (runs[1:] == runs[:-1])]] = True
    mixed = differs[runs]
    left = few[mixed]
    few[mixed] = left[np.lexsort([left, *(column[left] for column in reversed(columns))])]
    order[unsettled] = few
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
    users, items, times = interactions.users, interactions.items, interactions.timestamps
    decided = np.zeros(len(interactions), dtype=np.bool_)
    if times is None:
        return decided
    cut = (labels[1:] != labels[:-1]) & (users[1:] == users[:-1])
    cut &= times[1:] == times[:-1]
    if not cut.any():
        return decided
    moments = TiedRuns.of(users, times)
    cut_moments = np.unique(np.searchsorted(moments.starts, np.flatnonzero(cut), side="right") - 1)
    sizes = moments.sizes[cut_moments]
    # The rows of just those moments, which are few, and where each moment begins among them.
    begins = np.cumsum(sizes) - sizes
    rows = np.repeat(moments.starts[cut_moments] - begins, sizes) + np.arange(sizes.sum())
    tied = items[rows]
    mixed = np.minimum.reduceat(tied, begins) != np.maximum.reduceat(tied, begins)
    decided[rows] = np.repeat(mixed, sizes)
    return decided
