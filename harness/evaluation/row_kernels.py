"""Kernels that bring the rows of a long table into lists, whatever order the table is in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array, UInt64Array
from harness.jit import inlined, kernel


def grouped(users: NDArray[np.integer[Any]], n_users: int) -> tuple[Int64Array, Int64Array]:
    """Return CSR bounds of each user's rows, and the rows by user, those of one user in table order.

    Parameters
    ----------
    users
        ``(n,)``: the user of each row, 0 to ``n_users - 1``.
    n_users
        Number of users.

    Examples
    --------
    >>> bounds, rows = grouped(np.array([1, 0, 1]), 2)
    >>> bounds.tolist(), rows.tolist()
    ([0, 1, 3], [1, 0, 2])
    """
    bounds = np.concatenate([[0], np.cumsum(np.bincount(users, minlength=n_users))]).astype(np.int64)
    rows = np.empty(len(users), dtype=np.int64)
    _scatter(users, bounds[:-1].copy(), rows)
    return bounds, rows


@kernel
def _scatter(users: NDArray[np.integer[Any]], free: Int64Array, rows: Int64Array) -> None:
    for row in range(len(users)):
        rows[free[users[row]]] = row
        free[users[row]] += 1


@inlined
def _before(one: int, other: int, scores: Float32Array, keys: UInt64Array, items: Int32Array) -> Any:
    if scores[one] != scores[other]:
        return scores[one] > scores[other]
    if len(keys) > 0 and keys[one] != keys[other]:
        return keys[one] < keys[other]
    return items[one] < items[other]


@inlined
def _sift(
    rows: Int64Array, start: int, root: int, size: int, scores: Float32Array, keys: UInt64Array, items: Int32Array
) -> None:
    """Let a row sink in a heap whose parents stand after their children in the order."""
    row = rows[start + root]
    child = 2 * root + 1
    while child < size:
        if child + 1 < size and _before(rows[start + child], rows[start + child + 1], scores, keys, items):
            child += 1
        if not _before(row, rows[start + child], scores, keys, items):
            break
        rows[start + root] = rows[start + child]
        root = child
        child = 2 * root + 1
    rows[start + root] = row


@kernel
def sort_groups(
    bounds: Int64Array, scores: Float32Array, keys: UInt64Array, items: Int32Array, rows: Int64Array, tied: BoolArray
) -> None:
    """Sort each user's rows by (score descending, key, item), in place.

    Parameters
    ----------
    bounds
        int64 ``(users + 1,)``.
    scores, items
        float32 and int32 ``(n,)``: of each row of the table.
    keys
        uint64 ``(n,)``, or empty, which orders by score and item only.
    rows
        int64 ``(n,)``: rows by user; sorted within each user.
    tied
        bool ``(n,)``: output, set for rows whose score another row of the user has too.
    """
    for user in range(len(bounds) - 1):
        start, size = bounds[user], bounds[user + 1] - bounds[user]
        in_order = True
        for place in range(start + 1, start + size):
            if not scores[rows[place - 1]] > scores[rows[place]]:
                in_order = False
                break
        if in_order:
            continue
        # A heap, since one user may have the whole catalogue, with one score for all.
        for root in range(size // 2 - 1, -1, -1):
            _sift(rows, start, root, size, scores, keys, items)
        for last in range(size - 1, 0, -1):
            rows[start], rows[start + last] = rows[start + last], rows[start]
            _sift(rows, start, 0, last, scores, keys, items)
        for place in range(start + 1, start + size):
            if scores[rows[place - 1]] == scores[rows[place]]:
                tied[rows[place - 1]] = True
                tied[rows[place]] = True


@kernel
def fill_lists(bounds: Int64Array, rows: Int64Array, items: Int32Array, lists: Int32Array) -> None:
    """Write the first items of each user's sorted rows.

    Parameters
    ----------
    bounds, rows, items
        As in ``sort_groups``.
    lists
        int32 ``(users, k)``: output; longer lists are cut, shorter ones leave what is there.
    """
    for user in range(len(bounds) - 1):
        for place in range(min(bounds[user + 1] - bounds[user], lists.shape[1])):
            lists[user, place] = items[rows[bounds[user] + place]]


@kernel
def place_by_rank(users: Int32Array, ranks: Int64Array, items: Int32Array, lists: Int32Array) -> int:
    """Write each item at its rank; return the first row whose place is taken, -1 if there is none.

    Parameters
    ----------
    users, ranks, items
        ``(n,)``: of each row; ranks begin at 1 and are at most k.
    lists
        int32 ``(users, k)``: -1 where nothing stands yet.
    """
    for row in range(len(users)):
        if lists[users[row], ranks[row] - 1] != -1:
            return row
        lists[users[row], ranks[row] - 1] = items[row]
    return -1
