"""Find the hits of lists, the first step of every accuracy metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import Int32Array, Int64Array
from harness.metrics.kernels import hit_search
from harness.metrics.kernels.item_values import clean_lists
from harness.metrics.metric_inputs import WORD, Hits, Lists, RelevantItems


@dataclass(frozen=True, eq=False)
class CountedHits:
    """The hits of a block of users, and int64 ``(hit_search.N_COUNTS,)`` what was counted on the way."""

    hits: Hits
    counts: Int64Array


def find_hits(
    lists: Lists,
    relevant: RelevantItems,
    *,
    width: int,
    start: int = 0,
    stop: int | None = None,
    reads: frozenset[str] = frozenset(),
) -> CountedHits:
    """Return the hits in the first ``width`` ranks of the users from ``start`` to ``stop``.

    Parameters
    ----------
    lists, relevant
        Lists and relevant items of all users.
    width
        Number of ranks to look at.
    start, stop
        The first user, and the one after the last. Default: all users.
    reads
        The optional parts of the hits to fill: those that the metrics name in ``reads``.

    Examples
    --------
    >>> relevant = RelevantItems(np.array([0, 2]), np.array([7, 2], dtype=np.int32), np.array([0]))
    >>> find_hits(Lists.of([[4, 2, 7]]), relevant, width=3).hits.at(3)
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
        listed_items(lists, width=width, block=block) if "items" in reads else None,
        lists.side,
        truth_rows if lists.side is not None else None,
    )
    counts = np.zeros(hit_search.N_COUNTS, dtype=np.int64)
    hit_search.find_hits(
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
    return CountedHits(hits, counts)


def listed_items(lists: Lists, *, width: int, block: slice = slice(None)) -> Int32Array:
    """Return the first ranks of some lists, int32 ``(users, width)``; -1 for unknown and for repeated items."""
    rows = lists.rows[block]
    items = np.empty((len(rows), width), dtype=np.int32)
    clean_lists(lists.items, rows, lists.limit, items)
    return items
