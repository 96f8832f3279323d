"""From lists and truth to hits: the step that every accuracy metric begins with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.artifacts import TargetRanks
from harness.artifacts.arrays import Float32Array, Int32Array, Int64Array
from harness.metrics.finding_kernels import N_COUNTS, find_hits
from harness.metrics.lists import WORD, Hits, Lists, Ranks, Targets


@dataclass(frozen=True, eq=False)
class Relevant:
    """What is relevant to the users of ``Lists``, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(rows + 1,)``.
    items
        int32 ``(n,)``, each 0 or more.
    rows
        int64 ``(users,)``: the row of each user, ascending; rows between them are empty.
    ranks
        Where each of the items stood, or None where it is not known.
    gains
        float32 ``(n,)``, above 0, or None: binary.
    """

    indptr: Int64Array
    items: Int32Array
    rows: Int64Array
    ranks: TargetRanks | None = None
    gains: Float32Array | None = None

    def bounds(self, block: slice) -> Int64Array:
        """Return where the items of each of a block of users begin, and the last ones end; int64 ``(users + 1,)``."""
        rows = self.rows[block]
        return np.append(self.indptr[rows], self.indptr[rows[-1] + 1]) if len(rows) else np.zeros(1, dtype=np.int64)

    def targets_of(self, block: slice, places: Int32Array) -> Targets:
        """Return the items of a block of users with their places in the lists."""
        bounds = self.bounds(block)
        part = slice(int(bounds[0]), int(bounds[-1]))
        gains = None if self.gains is None else self.gains[part]
        return Targets(bounds - bounds[0], self.items[part], places, gains)

    def ranks_of(self, block: slice) -> Ranks | None:
        """Return the ranks of a block of users."""
        if self.ranks is None:
            return None
        bounds = self.bounds(block)
        part = slice(int(bounds[0]), int(bounds[-1]))
        candidates = self.ranks.candidates[self.rows[block]]
        return Ranks(bounds - bounds[0], self.ranks.above[part], self.ranks.tied[part], candidates)


@dataclass(frozen=True, eq=False)
class Found:
    """The hits of a block of users, and int64 ``(N_COUNTS,)`` what was counted on the way."""

    hits: Hits
    counts: Int64Array


def find(
    lists: Lists,
    relevant: Relevant,
    *,
    width: int,
    start: int = 0,
    stop: int | None = None,
    reads: frozenset[str] = frozenset(),
) -> Found:
    """Return where the first ``width`` ranks of the users ``start`` to ``stop`` hit.

    Parameters
    ----------
    lists, relevant
        Of all users.
    width
        Ranks looked at.
    start, stop
        The first user, and the one after the last; all of them if left out.
    reads
        What is filled of the hits beyond bits: what the metrics state under ``reads``.

    Examples
    --------
    >>> relevant = Relevant(np.array([0, 2]), np.array([7, 2], dtype=np.int32), np.array([0]))
    >>> find(Lists.of([[4, 2, 7]]), relevant, width=3).hits.at(3)
    array([[False,  True,  True]])
    """
    block = slice(start, lists.n_users if stop is None else stop)
    list_rows, truth_rows = lists.rows[block], relevant.rows[block]
    users, words = len(list_rows), max(-(-width // WORD), 1)
    bounds = relevant.bounds(block)
    places = np.empty(int(bounds[-1] - bounds[0]) if "targets" in reads else 0, dtype=np.int32)
    hits = Hits(
        np.empty((users, words), dtype=np.uint64),
        np.empty(users, dtype=np.int32),
        np.empty(users, dtype=np.int32),
        relevant.ranks_of(block),
        relevant.targets_of(block, places) if "targets" in reads else None,
    )
    counts = np.zeros(N_COUNTS, dtype=np.int64)
    find_hits(
        lists.items,
        list_rows,
        relevant.indptr,
        relevant.items,
        truth_rows,
        lists.limit,
        width,
        hits.bits,
        hits.relevant,
        hits.lengths,
        places,
        counts,
    )
    return Found(hits, counts)
