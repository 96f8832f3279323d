"""Kernels that compute values from side information about the listed items."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import BoolArray, Float64Array, Int32Array, Int64Array, UInt64Array
from harness.jit import called, kernel


@kernel
def clean_lists(items: Int32Array, rows: Int64Array, limit: int, out: Int32Array) -> None:
    """Copy the first ranks of each user's list; unknown and repeated items become -1.

    Parameters
    ----------
    items
        int32 ``(lists, k or more)``.
    rows
        int64 ``(users,)``: the row of each user's list, -1 for none.
    limit
        First index past the catalogue.
    out
        int32 ``(users, k)``: output.
    """
    for user in range(len(rows)):
        for rank in range(out.shape[1]):
            item = np.int32(-1)
            if rows[user] >= 0:
                item = items[rows[user], rank]
                if item < 0 or item >= limit:
                    item = np.int32(-1)
            for before in range(rank):
                if item >= 0 and out[user, before] == item:
                    item = np.int32(-1)
            out[user, rank] = item


@kernel
def weigh_items(
    items: Int32Array,
    bits: UInt64Array,
    hits_alone: int,
    values: Float64Array,
    weights: Float64Array,
    out: Float64Array,
) -> None:
    """Write the sum over a list of the item's value times the weight of the rank.

    Parameters
    ----------
    items
        int32 ``(users, k or more)``: -1 counts nothing.
    bits
        As in ``Hits``.
    hits_alone
        1 to sum over hits only, 0 over all items.
    values
        float64 ``(items,)``.
    weights
        float64 ``(k,)``.
    out
        float64 ``(users,)``: output.
    """
    for user in range(len(out)):
        total = 0.0
        for rank in range(min(len(weights), items.shape[1])):
            item = items[user, rank]
            if item >= 0:
                hit = (bits[user, rank >> 6] >> np.uint64(rank & 63)) & np.uint64(1)
                if hits_alone == 0 or hit == 1:
                    total += values[item] * weights[rank]
        out[user] = total


@kernel
def count_filled(items: Int32Array, k: int, out: Float64Array) -> None:
    """Write the number of the first k ranks that hold an item."""
    for user in range(len(out)):
        total = 0
        for rank in range(min(k, items.shape[1])):
            total += items[user, rank] >= 0
        out[user] = total


@kernel
def expected_popularity(
    indptr: Int64Array, history: Int32Array, rows: Int64Array, order: Int64Array, popularity: Int64Array, k: int,
    out: Int64Array,
) -> None:  # fmt: skip
    """Write the popularity of the k-th most popular item that is not in each user's history; -1 if there are fewer.

    Parameters
    ----------
    indptr, history, rows
        The history as CSR, and the row of each user.
    order
        int64 ``(items,)``: the items, the most popular first.
    popularity
        int64 ``(items,)``.
    k
        1 or more.
    out
        int64 ``(users,)``: output.
    """
    seen = np.full(len(popularity), -1, dtype=np.int64)  # the last user who had it
    for user in range(len(rows)):
        for place in range(indptr[rows[user]], indptr[rows[user] + 1]):
            seen[history[place]] = user
        found = 0
        out[user] = -1
        for place in range(len(order)):
            if seen[order[place]] != user:
                found += 1
                if found == k:
                    out[user] = popularity[order[place]]
                    break


@kernel
def count_unexpected(
    items: Int32Array, bits: UInt64Array, hits_alone: int, popularity: Int64Array, expected: Int64Array, k: int,
    out: Float64Array,
) -> None:  # fmt: skip
    """Write how many items (or hits) of the first k ranks are less popular than the expected items."""
    for user in range(len(out)):
        total = 0
        for rank in range(min(k, items.shape[1])):
            item = items[user, rank]
            if item >= 0 and popularity[item] < expected[user]:
                hit = (bits[user, rank >> 6] >> np.uint64(rank & 63)) & np.uint64(1)
                total += hits_alone == 0 or hit == 1
        out[user] = total


@kernel
def category_distance(items: Int32Array, indptr: Int64Array, codes: Int32Array, k: int, out: Float64Array) -> None:
    """Write the mean Jaccard distance of the categories of pairs of items; items without categories do not count."""
    for user in range(len(out)):
        total, pairs = 0.0, 0
        for rank in range(min(k, items.shape[1])):
            one = items[user, rank]
            if one < 0 or indptr[one] == indptr[one + 1]:
                continue
            for before in range(rank):
                other = items[user, before]
                if other < 0 or indptr[other] == indptr[other + 1]:
                    continue
                left, right, shared = indptr[one], indptr[other], 0
                while left < indptr[one + 1] and right < indptr[other + 1]:
                    if codes[left] == codes[right]:
                        shared += 1
                        left += 1
                        right += 1
                    elif codes[left] < codes[right]:
                        left += 1
                    else:
                        right += 1
                sizes = indptr[one + 1] - indptr[one] + indptr[other + 1] - indptr[other]
                total += 1.0 - shared / (sizes - shared)
                pairs += 1
        out[user] = total / pairs if pairs > 0 else 0.0


@kernel
def vector_distance(items: Int32Array, vectors: Float64Array, usable: BoolArray, k: int, out: Float64Array) -> None:
    """Write the mean cosine distance of pairs of items, by unit vectors; items without a vector do not count."""
    width = vectors.shape[1]
    for user in range(len(out)):
        total = np.zeros(width, dtype=np.float64)
        count, squares = 0, 0.0
        for rank in range(min(k, items.shape[1])):
            item = items[user, rank]
            if item >= 0 and usable[item]:
                count += 1
                for place in range(width):
                    value = vectors[item, place]
                    total[place] += value
                    squares += value * value
        # The square of a sum is the sum of squares and twice that of all pairs.
        both = 0.0
        for place in range(width):
            both += total[place] * total[place]
        out[user] = 1.0 - (both - squares) / (count * (count - 1)) if count > 1 else 0.0


@called
def _add_shares(
    items: Int32Array, start: int, stop: int, indptr: Int64Array, codes: Int32Array, out: Float64Array
) -> float:
    """Add up the categories of some items, each item in equal parts; return how many items have categories."""
    counted = 0.0
    for place in range(start, stop):
        item = items[place]
        if item >= 0 and indptr[item + 1] > indptr[item]:
            counted += 1.0
            for code in range(indptr[item], indptr[item + 1]):
                out[codes[code]] += 1.0 / (indptr[item + 1] - indptr[item])
    return counted


@kernel
def divergence(
    items: Int32Array, k: int, history_indptr: Int64Array, history: Int32Array, rows: Int64Array, indptr: Int64Array,
    codes: Int32Array, n_categories: int, alpha: float, symmetric: int, out: Float64Array,
) -> None:  # fmt: skip
    """Write the divergence between the categories of the user's history and those of the list.

    Parameters
    ----------
    items, k
        int32 ``(users, k or more)``, and the ranks looked at.
    history_indptr, history, rows
        The history as CSR, and the row of each user.
    indptr, codes, n_categories
        The categories of items as CSR.
    alpha
        What share of the history's distribution is mixed into the list's, for the Kullback-Leibler divergence.
    symmetric
        1 for the Jensen-Shannon divergence in bits, 0 for that of Kullback and Leibler in nats.
    out
        float64 ``(users,)``: output; 0 for a history without categories.
    """
    for user in range(len(out)):
        wanted, given = np.zeros(n_categories), np.zeros(n_categories)
        row = rows[user]
        known = _add_shares(history, history_indptr[row], history_indptr[row + 1], indptr, codes, wanted)
        listed = _add_shares(items[user], 0, min(k, items.shape[1]), indptr, codes, given)
        out[user] = 0.0
        if known == 0.0:
            continue
        if symmetric == 1 and listed == 0.0:
            out[user] = 1.0
            continue
        total = 0.0
        for code in range(n_categories):
            p = wanted[code] / known
            q = given[code] / listed if listed > 0.0 else 0.0
            if symmetric == 1:
                middle = 0.5 * (p + q)
                if p > 0.0:
                    total += 0.5 * p * np.log2(p / middle)
                if q > 0.0:
                    total += 0.5 * q * np.log2(q / middle)
            elif p > 0.0:
                total += p * np.log(p / ((1.0 - alpha) * q + alpha * p))
        out[user] = max(total, 0.0)


@kernel
def count_groups(
    items: Int32Array, bits: UInt64Array, k: int, tail: BoolArray, listed: Int64Array, found: Int64Array
) -> None:
    """Add the numbers of recommended items, and of hits, in head and tail; int64 ``(2,)`` each."""
    for user in range(len(items)):
        for rank in range(min(k, items.shape[1])):
            item = items[user, rank]
            if item >= 0:
                group = 1 if tail[item] else 0
                listed[group] += 1
                if (bits[user, rank >> 6] >> np.uint64(rank & 63)) & np.uint64(1) == 1:
                    found[group] += 1


@kernel
def count_distinct(
    indptr: Int64Array, items: Int32Array, rows: Int64Array, tail: BoolArray, counts: Int64Array
) -> None:
    """Add the numbers of distinct items of some rows in head and tail; int64 ``(2,)``."""
    seen = np.full(len(tail), -1, dtype=np.int64)
    for user in range(len(rows)):
        for place in range(indptr[rows[user]], indptr[rows[user] + 1]):
            item = items[place]
            if seen[item] != user:
                seen[item] = user
                counts[1 if tail[item] else 0] += 1


@kernel
def mean_values(
    indptr: Int64Array, items: Int32Array, rows: Int64Array, values: Float64Array, out: Float64Array
) -> None:
    """Write the mean value of the items of each of some rows, NaN for a row without items."""
    for user in range(len(rows)):
        begin, end = indptr[rows[user]], indptr[rows[user] + 1]
        total = 0.0
        for place in range(begin, end):
            total += values[items[place]]
        out[user] = total / (end - begin) if end > begin else np.nan
