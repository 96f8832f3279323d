"""The canonical order of interactions: by user, then time, then the tie rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import Interactions, pair_keys
from harness.artifacts.array_types import BoolArray, Float64Array, Int8Array, Int32Array, Int64Array, UInt64Array
from harness.errors import DataError

# The order of a user's rows with the same timestamp.
TieOrder = Literal["shuffle", "stable", "item_ascending", "item_descending"]


@dataclass(frozen=True, eq=False)
class TiedRuns:
    """Runs of rows with the same user and timestamp, in rows sorted by user and time.

    Parameters
    ----------
    starts
        int64 ``(runs,)``: the first row of each run.
    sizes
        int64 ``(runs,)``: the number of rows of each run.
    """

    starts: Int64Array
    sizes: Int64Array

    @classmethod
    def of(cls, users: Int32Array | Int64Array, times: Int64Array | Float64Array | None) -> TiedRuns:
        """Return the runs of rows sorted by user, then time; without times, each user is one run."""
        changes = users[1:] != users[:-1]
        if times is not None:
            changes |= times[1:] != times[:-1]
        starts = np.flatnonzero(np.concatenate([[True], changes])[: len(users)])
        return cls(starts, np.diff(np.append(starts, len(users))))

    @property
    def ends(self) -> Int64Array:
        """The row after the last of each run; int64 ``(runs,)``."""
        return self.starts + self.sizes

    @property
    def shared(self) -> BoolArray:
        """Whether each row is tied with another; ``(n,)``."""
        return np.repeat(self.sizes > 1, self.sizes)


def require_timestamps(interactions: Interactions, *, purpose: str) -> Int64Array | Float64Array:
    """Return the timestamps ``(n,)``, which must exist.

    Raises
    ------
    DataError
        There are no timestamps.
    """
    if interactions.timestamps is None:
        raise DataError(
            f"{purpose} needs timestamps, and the interactions have none. "
            "Name their column in dataset.columns.timestamp, or use a data set that has them."
        )
    return interactions.timestamps


def by_user_and_time(users: Int32Array, times: Int64Array | Float64Array | None) -> Int64Array:
    """Return the row numbers sorted by user, then time; ties are in any order; int64 ``(n,)``."""
    if len(users) == 0:
        return np.zeros(0, dtype=np.int64)
    codes = users.astype(np.int64)
    if times is not None:
        first, last = times.min().item(), times.max().item()
        moments = last - first + 1
        if times.dtype.kind != "i" or moments * (int(users.max()) + 1) >= 1 << 63:
            return np.lexsort((times, users))
        # One number per row sorts several times faster than two columns.
        codes *= moments
        codes += times.astype(np.int64, copy=False)
        codes -= first
    return np.argsort(codes)


def canonical_order(interactions: Interactions, *, seed: int, ties: TieOrder = "shuffle") -> Int64Array:
    """Return the row numbers sorted by user, then time, then the tie rule; int64 ``(n,)``.

    Without timestamps, all rows of a user are tied. Rows that the tie rule leaves equal are sorted by item, rating
    and finally row number, which then only separates rows that are equal in everything.

    Parameters
    ----------
    interactions
        Interactions in any order.
    seed
        Seed of the shuffle.
    ties
        ``shuffle``: by a hash of (seed, external user id, external item id), so that the order of rows only matters
        for equal rows. ``stable``: by row number.
        ``item_ascending``, ``item_descending``: by the external item id, integers by their size.

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
    # User and time decide the place of most rows; only tied rows need the other keys.
    runs = TiedRuns.of(users[order], None if times is None else times[order])
    shared = np.flatnonzero(runs.shared)
    rows = order[shared]
    sizes = runs.sizes[runs.sizes > 1]
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    # In the order of rows first, which rows that are equal in everything keep.
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
    # A vocabulary is ascending, so indices sort as their ids do.
    places = items if ties == "item_ascending" else len(interactions.item_ids) - 1 - items
    return places.astype(np.uint64) << np.uint64(32)


def order_within(groups: Int64Array | Int32Array, keys: UInt64Array, others: Sequence[NDArray[Any]]) -> Int64Array:
    """Return the stable order by group, then key, then further columns; int64 ``(n,)``.

    Parameters
    ----------
    groups
        Group numbers from 0, ``(n,)``.
    keys
        Keys spread over 64 bits, ``(n,)``: the leading bits nearly always separate two rows of a group.
    others
        Columns ``(n,)`` for rows that are equal in both.

    Examples
    --------
    >>> keys = np.array([9, 5, 5], dtype=np.uint64) << np.uint64(60)
    >>> order_within(np.array([0, 0, 0]), keys, [np.array([1, 8, 7])])
    array([2, 1, 0])
    """
    # One number per row, of the group and the leading bits of the key, sorts several times faster than two columns.
    # Few rows with equal numbers differ, and those are sorted by all columns.
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

    The rule decided if the user has another row with the same timestamp and another item in another part: another
    order of the two would have exchanged them.

    Parameters
    ----------
    interactions
        Interactions in canonical order. Without timestamps, there are no ties.
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
    runs = TiedRuns.of(users, times)
    cut_runs = np.unique(np.searchsorted(runs.starts, np.flatnonzero(cut), side="right") - 1)
    sizes = runs.sizes[cut_runs]
    # The rows of those few runs, and where each run begins among them.
    begins = np.cumsum(sizes) - sizes
    rows = np.repeat(runs.starts[cut_runs] - begins, sizes) + np.arange(sizes.sum())
    tied = items[rows]
    mixed = np.minimum.reduceat(tied, begins) != np.maximum.reduceat(tied, begins)
    decided[rows] = np.repeat(mixed, sizes)
    return decided
