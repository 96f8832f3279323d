"""Numba kernels over rows of predictions, one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array
from harness.jit import kernel


@kernel
def is_sorted(users: Int32Array, keys: NDArray[Any]) -> bool:
    """Return whether rows are sorted by user, then key, both ascending."""
    for row in range(1, len(users)):
        if users[row] < users[row - 1] or (users[row] == users[row - 1] and keys[row] < keys[row - 1]):
            return False
    return True


@kernel
def mark_repeated(users: Int32Array, items: Int32Array, n_items: int, out: BoolArray) -> None:
    """Mark each row whose user has its item in an earlier row; rows are sorted by user, unknown items are negative."""
    last = np.full(n_items, -1, dtype=np.int64)  # the last user who had each item
    for row in range(len(users)):
        item = items[row]
        out[row] = item >= 0 and last[item] == users[row]
        if item >= 0:
            last[item] = users[row]


@kernel
def mark_members(
    users: Int32Array,
    items: Int32Array,
    set_rows: Int64Array,
    indptr: Int64Array,
    members: Int32Array,
    n_items: int,
    out: BoolArray,
) -> None:
    """Mark each row whose item is in its user's set, such as the history.

    Parameters
    ----------
    users, items
        The user and item of each row ``(n,)``, sorted by user; unknown items are negative.
    set_rows
        int64 ``(users,)``: the row of each user in the sets.
    indptr, members
        The sets, as CSR.
    n_items
        Size of the catalogue.
    out
        bool ``(n,)``: output.
    """
    last = np.full(n_items, -1, dtype=np.int64)  # the last user whose set holds each item
    for row in range(len(users)):
        user = users[row]
        if row == 0 or user != users[row - 1]:
            for place in range(indptr[set_rows[user]], indptr[set_rows[user] + 1]):
                last[members[place]] = user
        out[row] = items[row] >= 0 and last[items[row]] == user
