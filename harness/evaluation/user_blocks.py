"""Divide users into blocks. Results do not depend on the division."""

from __future__ import annotations

import numpy as np

from harness.artifacts import USER_BLOCK
from harness.artifacts.array_types import Int64Array

__all__ = ["USER_BLOCK", "block_bounds", "parts", "user_blocks"]

_PARTS = 32
_SMALLEST = 1 << 14  # smallest number of users for which a thread is worthwhile


def user_blocks(users: int) -> list[tuple[int, int]]:
    """Return the first user of each block, and the one after its last.

    Examples
    --------
    >>> user_blocks(1000)
    [(0, 1000)]
    """
    size = max(-(-users // _PARTS), _SMALLEST)
    return [(start, min(start + size, users)) for start in range(0, users, size)]


def block_bounds(rows: Int64Array, n_rows: int) -> Int64Array:
    """Return where blocks of rows begin among the users that count.

    Parameters
    ----------
    rows
        int64 ``(users,)``, ascending: the row of each user that counts.
    n_rows
        Rows there are, those of users who do not count included.

    Returns
    -------
    Int64Array
        ``(blocks + 1,)``: the first user of each block of ``USER_BLOCK`` rows, and ``users``. There
        is one block at least.

    Examples
    --------
    >>> block_bounds(np.array([0, 3, 9000]), 20_000).tolist()
    [0, 2, 3, 3]
    """
    firsts = np.arange(0, max(n_rows, 1), USER_BLOCK)
    return np.searchsorted(rows, np.append(firsts, n_rows)).astype(np.int64)


def parts(blocks: int) -> list[tuple[int, int]]:
    """Return the first block of each of a few parts of about equal size, and the one after its last.

    Examples
    --------
    >>> parts(3)
    [(0, 1), (1, 2), (2, 3)]
    >>> len(parts(1000))
    32
    """
    size = max(-(-blocks // _PARTS), 1)
    return [(first, min(first + size, blocks)) for first in range(0, blocks, size)]
