"""Kernels over all lists at once: the items they contain, and the overlap of pairs of lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array, UInt64Array
from harness.jit import inlined, kernel

LANES = 4
LAST_LANE = LANES - 1
LOW_HALF = np.uint64(0xFFFFFFFF)


@kernel
def mark_items(items: Int32Array, rows: Int64Array, k: int, seen: BoolArray) -> None:
    """Set the flag of each item that is in the first k ranks of a list.

    Parameters
    ----------
    items
        int32 ``(lists, k or more)``.
    rows
        int64 ``(users,)``: the row of each user's list, -1 for none.
    k
        Ranks looked at.
    seen
        bool ``(items,)``: output.
    """
    for user in range(len(rows)):
        if rows[user] >= 0:
            for rank in range(k):
                item = items[rows[user], rank]
                if 0 <= item < len(seen):
                    seen[item] = True


@kernel
def count_items(items: Int32Array, rows: Int64Array, k: int, counts: Int64Array) -> None:
    """Count the lists that contain each item in their first k ranks.

    Parameters
    ----------
    items, rows, k
        As in ``mark_items``.
    counts
        int64 ``(items,)``: added to.
    """
    last = np.full(len(counts), -1, dtype=np.int64)  # the last user whose list holds the item
    for user in range(len(rows)):
        if rows[user] >= 0:
            for rank in range(k):
                item = items[rows[user], rank]
                if 0 <= item < len(counts) and last[item] != user:
                    last[item] = user
                    counts[item] += 1


@inlined
def _popcount(word: Any) -> Any:
    # The usual sideways sum, which LLVM turns into one instruction.
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def sets_of_lists(
    items: Int32Array, rows: Int64Array, k: int, limit: int, sets: Int32Array, sizes: Int32Array, hashes: UInt64Array
) -> None:
    """Convert each list to the ascending set of its items.

    Parameters
    ----------
    items, rows, k
        As in ``mark_items``.
    limit
        First index past the catalogue.
    sets
        int32 ``(users, k)``: output, -1 after the last item.
    sizes
        int32 ``(users,)``: output, items of each set.
    hashes
        uint64 ``(users,)``: output, equal for equal sets.
    """
    for user in range(len(rows)):
        size = 0
        sets[user, :] = -1
        if rows[user] >= 0:
            for rank in range(k):
                item = items[rows[user], rank]
                if item < 0 or item >= limit:
                    continue
                place = size
                while place > 0 and sets[user, place - 1] > item:
                    place -= 1
                if place > 0 and sets[user, place - 1] == item:
                    continue
                for moved in range(size, place, -1):
                    sets[user, moved] = sets[user, moved - 1]
                sets[user, place] = item
                size += 1
        mixed = np.uint64(size)
        for place in range(size):
            mixed = (mixed ^ np.uint64(sets[user, place])) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        sizes[user] = size
        hashes[user] = mixed


@kernel
def pair_distances(
    sets: Int32Array, sizes: Int32Array, one: Int64Array, other: Int64Array, out: NDArray[np.float64]
) -> None:
    """Write the Jaccard distance of each pair of sets, whose items ascend."""
    for pair in range(len(out)):
        first, second = one[pair], other[pair]
        left, right, shared = 0, 0, 0
        while left < sizes[first] and right < sizes[second]:
            if sets[first, left] == sets[second, right]:
                shared += 1
                left += 1
                right += 1
            elif sets[first, left] < sets[second, right]:
                left += 1
            else:
                right += 1
        out[pair] = 1.0 - shared / (sizes[first] + sizes[second] - shared)


@kernel
def heavy_masks(sets: Int32Array, sizes: Int32Array, heavy: int, masks: UInt64Array) -> None:
    """Write, as bits, which of the items 0 to heavy - 1 (at most 64) each set contains."""
    for group in range(len(sizes)):
        mask = np.uint64(0)
        for place in range(sizes[group]):
            if sets[group, place] < heavy:
                mask |= np.uint64(1) << np.uint64(sets[group, place])
        masks[group] = mask


@kernel
def count_heavy(
    masks: UInt64Array, sizes: Int32Array, weights: Int64Array, start: int, stop: int, pairs: Int64Array
) -> None:
    """Count pairs of users by the number of heavy items they share, from classes of users with equal masks.

    Parameters
    ----------
    masks, sizes, weights
        ``(classes,)``: heavy items as bits, size of the lists, users.
    start, stop
        The classes that are paired with those before them, and with themselves.
    pairs
        int64 ``(LANES, 2k + 1, k + 1)``: added to, by the sum of two sizes and by shared items.
        Taking the lanes in turn keeps one addition from waiting for the one before.
    """
    for one in range(start, stop):
        mask, size, weight = masks[one], sizes[one], weights[one]
        pairs[0, 2 * size, _popcount(mask)] += weight * (weight - 1) // 2
        for other in range(one):
            pairs[other & LAST_LANE, size + sizes[other], _popcount(mask & masks[other])] += weight * weights[other]


@kernel
def count_light(
    sets: Int32Array,
    facts: UInt64Array,
    heavy: int,
    indptr: Int64Array,
    postings: Int32Array,
    start: int,
    stop: int,
    shared: NDArray[np.integer[Any]],
    pairs: Int64Array,
) -> None:
    """Move the counts of pairs of groups that share light items to their full overlap.

    Parameters
    ----------
    sets
        int32 ``(groups, k)``: items of each group of users with equal lists.
    facts
        uint64 ``(groups, 2)``: heavy items as bits; users (high half) and size of the lists (low).
        They are read together, out of order.
    heavy
        Items from here on are light.
    indptr, postings
        For each light item, counted from 0, the groups that hold it, ascending.
    start, stop
        The groups that are paired with those before them, and with themselves.
    shared
        ``(groups,)``: zeros, and zeros again at the end.
    pairs
        int64 ``(LANES, 2k + 1, k + 1)``: added to; together with what ``count_heavy`` counts it
        gives the pairs by all the items they share.
    """
    met = np.empty(len(shared) + 1, dtype=np.int32)
    for one in range(start, stop):
        mask = facts[one, 0]
        weight, size = np.int64(facts[one, 1] >> np.uint64(32)), np.int64(facts[one, 1] & LOW_HALF)
        n_met = 0
        n_light = 0
        for place in range(size):
            item = sets[one, place] - heavy
            if item < 0:
                continue
            n_light += 1
            for entry in range(indptr[item], indptr[item + 1]):
                other = postings[entry]
                if other >= one:
                    break
                met[n_met] = other
                n_met += shared[other] == 0
                shared[other] += 1
        for place in range(n_met):
            other = met[place]
            both = _popcount(mask & facts[other, 0])
            moved = weight * np.int64(facts[other, 1] >> np.uint64(32))
            sizes = size + np.int64(facts[other, 1] & LOW_HALF)
            pairs[place & LAST_LANE, sizes, both] -= moved
            pairs[place & LAST_LANE, sizes, both + shared[other]] += moved
            shared[other] = 0
        inside = weight * (weight - 1) // 2
        pairs[0, 2 * size, size - n_light] -= inside
        pairs[0, 2 * size, size] += inside
