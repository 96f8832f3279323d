"""Lists as sets of items, with equal sets together, for computing overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import Int32Array, Int64Array, UInt64Array
from harness.metrics.kernels.list_sets import sets_of_lists
from harness.metrics.metric_inputs import Lists


@dataclass(frozen=True, eq=False)
class DistinctLists:
    """Distinct sets of items, and the number of users with each set.

    Parameters
    ----------
    items
        int32 ``(sets, width)``: items of each set ascending, -1 after the last.
    sizes
        int32 ``(sets,)``: items of each set, 0 to width.
    users
        int64 ``(sets,)``: number of users with this set, 1 or more.
    """

    items: Int32Array
    sizes: Int32Array
    users: Int64Array

    @classmethod
    def of(cls, lists: Lists, *, k: int) -> DistinctLists:
        """Return the distinct sets of the first k ranks. A user without a list has the empty set.

        Examples
        --------
        >>> distinct = DistinctLists.of(Lists.of([[4, 2], [2, 4], [7, -1]]), k=2)
        >>> sorted(zip(distinct.items.tolist(), distinct.users.tolist()))
        [([2, 4], 2), ([7, -1], 1)]
        """
        width = min(k, lists.items.shape[1])
        return _grouped(lists, width, np.ones(lists.n_users, dtype=np.int64))

    @classmethod
    def of_states(cls, states: Sequence[Mapping[str, NDArray[Any]]]) -> DistinctLists:
        """Return the distinct sets of several states together.

        Parameters
        ----------
        states
            One or more results of ``state``, in any order.
        """
        found = cls.joined(states)
        return found if len(states) == 1 else _grouped(Lists.of(found.items), found.items.shape[1], found.users)

    @classmethod
    def each(cls, lists: Lists, *, k: int) -> DistinctLists:
        """Return the set of each list separately, in the order of the users."""
        sets, sizes, _ = _sets(lists, min(k, lists.items.shape[1]))
        return cls(sets, sizes, np.ones(lists.n_users, dtype=np.int64))

    @classmethod
    def joined(cls, states: Sequence[Mapping[str, NDArray[Any]]]) -> DistinctLists:
        """Return the sets of several states one after the other, without combining equal sets."""
        sizes = np.concatenate([state["sizes"] for state in states])
        width = int(sizes.max(initial=0))
        items = np.full((len(sizes), width), -1, dtype=np.int32)
        items[np.arange(width) < sizes[:, None]] = np.concatenate([state["items"] for state in states])
        return cls(items, sizes, np.concatenate([state["users"] for state in states]).astype(np.int64))

    def in_order(self) -> DistinctLists:
        """Return the sets sorted by their items."""
        order = np.lexsort(tuple(self.items.T[::-1])) if self.items.shape[1] else np.arange(len(self.sizes))
        return DistinctLists(self.items[order], self.sizes[order], self.users[order])

    def state(self) -> dict[str, Int32Array]:
        """Return int32 arrays: ``items`` of all sets, one after the other, ``sizes`` and ``users`` of each set."""
        filled = np.arange(self.items.shape[1]) < self.sizes[:, None]
        return {"items": self.items[filled], "sizes": self.sizes, "users": self.users.astype(np.int32)}


def _grouped(lists: Lists, width: int, users: Int64Array) -> DistinctLists:
    """Return the distinct sets of lists, each of which stands for a number of users, int64 ``(lists.n_users,)``."""
    sets, sizes, hashes = _sets(lists, width)
    order = np.argsort(hashes, kind="stable")
    sets = sets[order]
    # Different sets with the same hash may split a group in two. This costs time, but changes no result.
    starts = np.flatnonzero(np.r_[lists.n_users > 0, (sets[1:] != sets[:-1]).any(axis=1)])
    together = np.add.reduceat(users[order], starts) if len(starts) else users
    return DistinctLists(sets[starts], sizes[order][starts], together)


def _sets(lists: Lists, width: int) -> tuple[Int32Array, Int32Array, UInt64Array]:
    """Return the sets of the first ranks of each list ``(users, width)``, their sizes, and a hash of each."""
    sets = np.empty((lists.n_users, width), dtype=np.int32)
    sizes = np.empty(lists.n_users, dtype=np.int32)
    hashes = np.empty(lists.n_users, dtype=np.uint64)
    sets_of_lists(lists.items, lists.rows, width, lists.limit, sets, sizes, hashes)
    return sets, sizes, hashes
