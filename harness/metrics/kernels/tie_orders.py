"""Kernels that find ties, and the best and the worst order of tied items.

A relevant item with ``above`` candidates before it that ties with ``tied`` others is, with equal chance, at any of the
``tied + 1`` places from ``above`` on. All items of a group of ties have the same ``above``.
"""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array, UInt64Array
from harness.jit import kernel


@kernel
def have_ties(indptr: Int64Array, above: Int32Array, tied: Int32Array, k: int, out: BoolArray) -> None:
    """Write whether any relevant item of a user ties and can be in the first k ranks."""
    for user in range(len(out)):
        out[user] = False
        for place in range(indptr[user], indptr[user + 1]):
            if tied[place] > 0 and 0 <= above[place] < k:
                out[user] = True


@kernel
def listed_ranks(
    scores: Float32Array,
    rows: Int64Array,
    lengths: Int32Array,
    indptr: Int64Array,
    places: Int32Array,
    above: Int32Array,
    tied: Int32Array,
) -> None:
    """Write the rank of each relevant item from the scores of its list; -1 if it is not in the list.

    Parameters
    ----------
    scores
        float32 ``(lists, k)``, best first.
    rows, lengths
        The row of each user's list, and its number of ranks.
    indptr, places
        As in ``Targets``.
    above, tied
        int32 ``(n,)``: outputs as in ``Ranks``. A group of equal scores that does not end before the list does
        counts as without ties.
    """
    for user in range(len(rows)):
        for entry in range(indptr[user], indptr[user + 1]):
            place = places[entry]
            above[entry] = max(place, -1)
            tied[entry] = -1 if place < 0 else 0
            if place < 0:
                continue
            score = scores[rows[user], place]
            first, last = place, place + 1
            while first > 0 and scores[rows[user], first - 1] == score:
                first -= 1
            while last < lengths[user] and scores[rows[user], last] == score:
                last += 1
            if last < lengths[user]:
                above[entry] = first
                tied[entry] = last - first - 1


@kernel
def resolve(
    indptr: Int64Array, above: Int32Array, tied: Int32Array, gains: Float32Array, best: int, places: Int32Array
) -> None:
    """Write the place of each relevant item, from 0, if all ties are broken for or against them.

    Parameters
    ----------
    indptr, above, tied
        As in ``Ranks``.
    gains
        float32 ``(n,)``, or of no length: among relevant items that tie, the larger gain goes first in the
        best order and last in the worst.
    best
        1 for the best order, 0 for the worst.
    places
        int32 ``(n,)``: output; -1 for items that are not candidates.
    """
    for user in range(len(indptr) - 1):
        begin, end = indptr[user], indptr[user + 1]
        ties = False
        for place in range(begin, end):
            places[place] = above[place]
            ties = ties or (tied[place] > 0 and above[place] >= 0)
        if not ties:
            continue
        order = np.argsort(above[begin:end])
        first = 0
        while first < len(order):
            last = first + 1
            start = above[begin + order[first]]
            while last < len(order) and above[begin + order[last]] == start:
                last += 1
            if start >= 0:
                if len(gains) > 0:
                    group = order[first:last].copy()
                    by_gain = np.argsort(gains[begin + group])
                    for number in range(last - first):
                        order[first + number] = group[by_gain[last - first - 1 - number if best == 1 else number]]
                size = tied[begin + order[first]] + 1
                shift = 0 if best == 1 else size - (last - first)
                for number in range(last - first):
                    places[begin + order[first + number]] = start + shift + number
            first = last


@kernel
def mark_places(indptr: Int64Array, places: Int32Array, width: int, bits: UInt64Array) -> None:
    """Set the bit of each place below ``width``; uint64 ``(users, words)`` as in ``Hits``."""
    for user in range(len(bits)):
        for word in range(bits.shape[1]):
            bits[user, word] = 0
        for entry in range(indptr[user], indptr[user + 1]):
            place = places[entry]
            if 0 <= place < width:
                bits[user, place >> 6] |= np.uint64(1) << np.uint64(place & 63)
