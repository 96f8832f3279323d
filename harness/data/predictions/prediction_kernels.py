"""Kernels over rows of predictions, in one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array
from harness.jit import kernel


@kernel
def is_sorted(users: Int32Array, keys: NDArray[Any]) -> bool:
    """Return whether rows are by user, then key, both ascending."""
    for row in range(1, len(users)):
        if users[row] < users[row - 1] or (users[row] == users[row - 1] and keys[row] < keys[row - 1]):
            return False
    return True


@kernel
def mark_repeated(users: Int32Array, items: Int32Array, n_items: int, out: BoolArray) -> None:
    """Write whether a row's user had the row's item in an earlier row; rows are by user, unknown items below 0."""
    last = np.full(n_items, -1, dtype=np.int64)  # the last user who had each item
    for row in range(len(users)):
        item = items[row]
        out[row] = item >= 0 and last[item] == users[row]
        if item >= 0:
            last[item] = users[row]


@kernel
def mark_held(
    users: Int32Array,
    items: Int32Array,
    held_rows: Int64Array,
    indptr: Int64Array,
    held: Int32Array,
    n_items: int,
    out: BoolArray,
) -> None:
    """Write whether a row's item is among those that are held for its user.

    Parameters
    ----------
    users, items
        ``(n,)``: of each row, by user; unknown items are below 0.
    held_rows
        int64 ``(users,)``: the row of each user in what is held.
    indptr, held
        What is held, as CSR.
    n_items
        Size of the catalogue.
    out
        bool ``(n,)``: output.
    """
    last = np.full(n_items, -1, dtype=np.int64)  # the last user for whom each item is held
    for row in range(len(users)):
        user = users[row]
        if row == 0 or user != users[row - 1]:
            for place in range(indptr[held_rows[user]], indptr[held_rows[user] + 1]):
                last[held[place]] = user
        out[row] = items[row] >= 0 and last[items[row]] == user
