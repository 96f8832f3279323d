"""Count the users that pairs of items have in common, in blocks of items."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp

from harness.artifacts import History
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.execution import Advance

_BLOCK_CELLS = 1 << 22  # counts of one block, if every pair of items had one
_BLOCK_TERMS = 1 << 24  # terms of one block, some tenths of a second
_BYTES_PER_CELL = 2 * (8 + 4)  # of a count and where it stands, in a block and in the one before it
_BYTES_PER_INTERACTION = 8 + 2 * 12  # in the matrix of the history, and in float64 by users and by items
_SHORT = 1 << 27  # terms up to which all is done in a second or two,
_SHORT_ITEMS = 4096  # and items


def memory_of(history: History) -> int:
    """Return the largest memory of ``PairCounts`` and its blocks, in bytes."""
    cells = min(_BLOCK_CELLS, history.n_items**2)
    return len(history.items) * _BYTES_PER_INTERACTION + 3 * history.n_users * 8 + cells * _BYTES_PER_CELL


class PairCounts:
    """Number of users that each pair of items has in common.

    The matrix of all pairs is never held whole. It comes in blocks of rows, each of which takes well
    under a second, so that an interrupt is heeded between two of them.

    Parameters
    ----------
    history
        What users did, each item counted once per user.

    Attributes
    ----------
    users : numpy.ndarray
        int64 ``(items,)``: users per item.
    terms : numpy.ndarray
        float64 ``(items,)``: what each row adds up, and so no fewer than the items that share a user with its item.
    short : bool
        Whether counting them all takes no more than some seconds.
    """

    def __init__(self, history: History) -> None:
        self._users_items = history.matrix.astype(np.float64)
        self._items_users = self._users_items.T.tocsr()
        self.users: Int64Array = np.diff(self._items_users.indptr).astype(np.int64)
        # A row of the product adds up one term per item of each user who had the item.
        self.terms: Float64Array = self._items_users @ np.diff(self._users_items.indptr).astype(np.float64)
        self._ends = np.concatenate([[0.0], np.cumsum(self.terms)])
        self.short = bool(self._ends[-1] <= _SHORT and history.n_items <= _SHORT_ITEMS)

    def blocks(
        self, advance: Advance, *, estimated: Callable[[float], None] = lambda seconds: None
    ) -> Iterator[tuple[slice, sp.csr_array]]:
        """Yield the rows of each block, and their counts: float64 CSR ``(rows, items)``, columns in no order.

        The counts of an item with itself are among them.

        Parameters
        ----------
        advance
            Called with the number of items of each block that was used.
        estimated
            Called once, with the seconds that all blocks and their use take as the first one tells; not called where
            the first block is the only one.
        """
        n_items = len(self.users)
        start, began = 0, time.perf_counter()
        while start < n_items:
            by_terms = int(np.searchsorted(self._ends, self._ends[start] + _BLOCK_TERMS, side="right")) - 1
            stop = min(n_items, start + max(1, _BLOCK_CELLS // n_items), max(start + 1, by_terms))
            rows = slice(start, stop)
            yield rows, sp.csr_array(self._items_users[rows] @ self._users_items)
            advance(stop - start)
            if start == 0 and stop < n_items:
                # By terms and by items alike, as a row without terms takes time too.
                share = (self._ends[stop] / max(1.0, self._ends[-1]) + stop / n_items) / 2
                estimated((time.perf_counter() - began) / share)
            start = stop
