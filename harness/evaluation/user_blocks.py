"""Divide users into blocks. Results do not depend on the division."""

from __future__ import annotations

import numpy as np

from harness.artifacts import USER_BLOCK
from harness.artifacts.array_types import Int64Array

__all__ = ["USER_BLOCK", "block_bounds", "parts"]

_PARTS = 32


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


def parts(rows: int, *, smallest: int = 1) -> list[tuple[int, int]]:
    """Return the first row of each of a few parts of about equal size, and the one after its last.

    Parts have ``smallest`` rows or more, except the last.

    Examples
    --------
    >>> parts(3)
    [(0, 1), (1, 2), (2, 3)]
    >>> len(parts(1000)), parts(1000, smallest=1024)
    (32, [(0, 1000)])
    """
    size = max(-(-rows // _PARTS), smallest)
    return [(first, min(first + size, rows)) for first in range(0, rows, size)]
