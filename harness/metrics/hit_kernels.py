"""Kernels over ranked lists: one pass finds the hits, a short one a metric turns them into values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.artifacts.arrays import Float64Array, Int32Array, Int64Array, UInt64Array
from harness.jit import inlined, kernel

# Places in `counts`.
REPEATED_ITEMS, UNKNOWN_ITEMS, EMPTY_LISTS, SHORT_LISTS, REPEATED_RELEVANT = range(5)
N_COUNTS = 5

COUNTED = -1  # the rank of an item of the truth that has been counted


@inlined
def _popcount(word: Any) -> Any:
    # The usual sideways sum, which LLVM turns into one instruction.
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inlined
def _first_ranks(bits: Any, word: int, k: int) -> Any:
    """Return a word of a bit set without the ranks past k."""
    kept = k - word * 64
    if kept >= 64:
        return bits
    return bits & ((np.uint64(1) << np.uint64(kept)) - np.uint64(1))


@inlined
def _hits_within(bits: UInt64Array, user: int, k: int) -> Any:
    total = np.int64(0)
    for word in range(min((k + 63) // 64, bits.shape[1])):
        total += _popcount(_first_ranks(bits[user, word], word, k))
    return total


@inlined
def _slot(seen: UInt64Array, stamp: int, item: Any) -> Any:
    """Return where an item stands in the hash set of a stamp, or the free place where it would.

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
            counts[UNKNOWN_ITEMS] += 1
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
    counts: Int64Array,
) -> None:
    """Find the ranks at which relevant items stand first, for a block of users.

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
    bits, relevant
        Outputs as in ``Hits``: uint64 ``(users, words)`` and int32 ``(users,)``.
    counts
        int64 ``(N_COUNTS,)``, added to.
    """
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
        else:
            _enter_list(items, list_rows[user], k, limit, seen, ranks, stamp, counts)
        distinct = 0
        for place in range(indptr[truth_rows[user]], indptr[truth_rows[user] + 1]):
            item = relevant_items[place]
            slot = _slot(seen, stamp, item)
            if seen[slot] == _entry(stamp, item):
                rank = ranks[slot]
                if rank == COUNTED:
                    counts[REPEATED_RELEVANT] += 1
                    continue
                bits[user, rank >> 6] |= np.uint64(1) << np.uint64(rank & 63)
            else:
                seen[slot] = _entry(stamp, item)
            ranks[slot] = COUNTED
            distinct += 1
        relevant[user] = distinct


@kernel
def recall(bits: UInt64Array, relevant: Int32Array, k: int, out: Float64Array) -> None:
    """Write hits over relevant items."""
    for user in range(len(out)):
        out[user] = _hits_within(bits, user, k) / relevant[user]


@kernel
def precision(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write hits over k."""
    for user in range(len(out)):
        out[user] = _hits_within(bits, user, k) / k


@kernel
def hit_rate(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write 1 where there is a hit, else 0."""
    for user in range(len(out)):
        out[user] = 1.0 if _hits_within(bits, user, k) > 0 else 0.0


@kernel
def ndcg(bits: UInt64Array, relevant: Int32Array, k: int, out: Float64Array) -> None:
    """Write binary gain, discounted by log2(rank + 1), over its best value."""
    # No list is longer than the bits, no ideal list than the relevant items, whatever k is.
    ranks = bits.shape[1] * 64
    for user in range(len(out)):
        ranks = max(ranks, relevant[user])
    ranks = min(ranks, k)
    discounts = np.empty(ranks, dtype=np.float64)
    ideal = np.zeros(ranks + 1, dtype=np.float64)
    for rank in range(ranks):
        discounts[rank] = 1.0 / math.log2(rank + 2.0)
        ideal[rank + 1] = ideal[rank] + discounts[rank]
    for user in range(len(out)):
        gain = 0.0
        for word in range(min((k + 63) // 64, bits.shape[1])):
            left = _first_ranks(bits[user, word], word, k)
            while left != 0:
                lowest = left & (~left + np.uint64(1))
                gain += discounts[word * 64 + _popcount(lowest - np.uint64(1))]
                left ^= lowest
        out[user] = gain / ideal[min(k, relevant[user])]
