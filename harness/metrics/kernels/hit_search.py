"""Kernel that finds the hits, in one pass over ranked lists and relevant items."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.array_types import Int32Array, Int64Array, UInt64Array
from harness.jit import inlined, kernel
from harness.metrics.metric_inputs import MISSED, REPEATED

# Places in `counts`.
REPEATED_ITEMS, EMPTY_LISTS, SHORT_LISTS, REPEATED_RELEVANT = range(4)
N_COUNTS = 4

COUNTED = -1  # the rank of an item of the truth that has been counted
_MISSED, _REPEATED = MISSED, REPEATED


@inlined
def _slot(seen: UInt64Array, stamp: int, item: Any) -> Any:
    """Return the slot of an item in the hash set of a stamp, or the free slot for it.

    Entries of other stamps count as free, so that a set is emptied by taking the next stamp.
    """
    last = np.uint64(len(seen) - 1)
    slot = (np.uint64(item) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)) & last
    while seen[slot] >> np.uint64(32) == np.uint64(stamp) and seen[slot] != _entry(stamp, item):
        slot = (slot + np.uint64(1)) & last
    return slot


@inlined
def _entry(stamp: int, item: Any) -> Any:
    return (np.uint64(stamp) << np.uint64(32)) | np.uint64(item)


@inlined
def _enter_list(
    items: Int32Array,
    row: int,
    k: int,
    limit: int,
    seen: UInt64Array,
    ranks: Int32Array,
    stamp: int,
    counts: Int64Array,
) -> None:
    """Enter the first k ranks of a list into a hash set, with the first rank of each item."""
    filled = 0
    for rank in range(k):
        item = np.int64(items[row, rank])
        if item == -1:
            continue
        filled += 1
        if item < 0 or item >= limit:
            continue
        slot = _slot(seen, stamp, item)
        if seen[slot] == _entry(stamp, item):
            counts[REPEATED_ITEMS] += 1
        else:
            seen[slot] = _entry(stamp, item)
            ranks[slot] = rank
    if filled == 0:
        counts[EMPTY_LISTS] += 1
    elif filled < k:
        counts[SHORT_LISTS] += 1


@inlined
def _length(items: Int32Array, row: int) -> Any:
    """Return the rank of the last item of the whole list."""
    length = items.shape[1]
    while length > 0 and items[row, length - 1] == -1:
        length -= 1
    return length


@kernel
def find_hits(
    items: Int32Array,
    list_rows: Int64Array,
    indptr: Int64Array,
    relevant_items: Int32Array,
    truth_rows: Int64Array,
    limit: int,
    k: int,
    bits: UInt64Array,
    relevant: Int32Array,
    lengths: Int32Array,
    places: Int32Array,
    counts: Int64Array,
) -> None:
    """Find the first rank of each relevant item, for a block of users.

    Parameters
    ----------
    items
        int32 ``(rows, k or more)``, best first.
    list_rows, truth_rows
        int64 ``(users,)``: where each user's list (-1: none) and truth stand.
    indptr, relevant_items
        The truth as CSR; items are 0 or more.
    limit
        First index past the catalogue.
    k
        Ranks looked at.
    bits, relevant, lengths
        Outputs as in ``Hits``: uint64 ``(users, words)``, int32 ``(users,)`` and int32 ``(users,)``.
    places
        Output as in ``Targets``: int32, an entry for each of the users' relevant items; or of no length,
        where nobody reads it.
    counts
        int64 ``(N_COUNTS,)``, added to.
    """
    first = indptr[truth_rows[0]] if len(truth_rows) > 0 else np.int64(0)
    longest = np.int64(0)
    for user in range(len(truth_rows)):
        row = truth_rows[user]
        longest = max(longest, indptr[row + 1] - indptr[row])
    slots = 256
    while slots < 4 * (k + longest):
        slots *= 2
    seen = np.zeros(slots, dtype=np.uint64)  # stamps begin at 1, so that zeros are free
    ranks = np.zeros(slots, dtype=np.int32)
    for user in range(len(truth_rows)):
        for word in range(bits.shape[1]):
            bits[user, word] = 0
        stamp = user + 1
        if list_rows[user] < 0:
            counts[EMPTY_LISTS] += 1
            lengths[user] = 0
        else:
            lengths[user] = _length(items, list_rows[user])
            _enter_list(items, list_rows[user], k, limit, seen, ranks, stamp, counts)
        distinct = 0
        for place in range(indptr[truth_rows[user]], indptr[truth_rows[user] + 1]):
            item = relevant_items[place]
            slot = _slot(seen, stamp, item)
            if seen[slot] == _entry(stamp, item):
                rank = ranks[slot]
                if rank == COUNTED:
                    counts[REPEATED_RELEVANT] += 1
                    if len(places) > 0:
                        places[place - first] = _REPEATED
                    continue
                bits[user, rank >> 6] |= np.uint64(1) << np.uint64(rank & 63)
                if len(places) > 0:
                    places[place - first] = rank
            else:
                seen[slot] = _entry(stamp, item)
                if len(places) > 0:
                    places[place - first] = _MISSED
            ranks[slot] = COUNTED
            distinct += 1
        relevant[user] = distinct
