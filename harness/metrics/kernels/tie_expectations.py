"""Kernels that compute expected values over all orders of ties, in closed form.

A relevant item with ``above`` candidates before it that ties with ``tied`` others is, with equal chance, at any of the
``tied + 1`` places from ``above`` on. All items of a group of ties have the same ``above``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.jit import inlined, kernel


@inlined
def _log_choose(n: Any, k: Any) -> Any:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@kernel
def expected_hits(indptr: Int64Array, above: Int32Array, tied: Int32Array, cuts: Int64Array, out: Float64Array) -> None:
    """Write the expected number of hits; int64 ``cuts (users,)``: number of ranks to look at."""
    for user in range(len(out)):
        total = 0.0
        for place in range(indptr[user], indptr[user + 1]):
            if 0 <= above[place] < cuts[user]:
                size = np.int64(tied[place]) + 1
                total += min(size, cuts[user] - above[place]) / size
        out[user] = total


@kernel
def expected_gain(
    indptr: Int64Array,
    above: Int32Array,
    tied: Int32Array,
    gains: Float64Array,
    sums: Float64Array,
    out: Float64Array,
) -> None:
    """Write the expected sum of gain times weight of the rank.

    Parameters
    ----------
    indptr, above, tied
        As in ``Ranks``.
    gains
        float64 ``(n,)``, or of no length: 1 each.
    sums
        float64 ``(k + 1,)``: sum of the weights of the first ranks, from 0 on.
    out
        float64 ``(users,)``: output.
    """
    k = len(sums) - 1
    for user in range(len(out)):
        total = 0.0
        for place in range(indptr[user], indptr[user + 1]):
            if 0 <= above[place] < k:
                size = np.int64(tied[place]) + 1
                share = (sums[min(above[place] + size, k)] - sums[above[place]]) / size
                total += share * gains[place] if len(gains) > 0 else share
        out[user] = total


@kernel
def expected_any(indptr: Int64Array, above: Int32Array, tied: Int32Array, k: int, out: Float64Array) -> None:
    """Write the chance of a hit in the first k ranks."""
    for user in range(len(out)):
        certain, straddling, size, found = False, np.int64(-1), np.int64(0), np.int64(0)
        for place in range(indptr[user], indptr[user + 1]):
            if above[place] < 0 or above[place] >= k:
                continue
            end = np.int64(above[place]) + tied[place] + 1
            if end <= k:
                certain = True
            else:  # all such items are of one group
                straddling, size, found = np.int64(above[place]), np.int64(tied[place]) + 1, found + 1
        if certain or straddling < 0:
            out[user] = 1.0 if certain else 0.0
            continue
        missed = 1.0
        for drawn in range(k - straddling):
            left = size - drawn
            missed *= (left - found) / left if left > found else 0.0
        out[user] = 1.0 - missed


@kernel
def expected_first(indptr: Int64Array, above: Int32Array, tied: Int32Array, k: int, out: Float64Array) -> None:
    """Write the expected reciprocal rank of the first hit among the first k ranks, 0 where there is none."""
    for user in range(len(out)):
        out[user] = 0.0
        best, size, found = np.int64(-1), np.int64(0), np.int64(0)
        for place in range(indptr[user], indptr[user + 1]):
            if above[place] >= 0 and (best < 0 or above[place] < best):
                best, size = np.int64(above[place]), np.int64(tied[place]) + 1
        if best < 0:
            continue
        for place in range(indptr[user], indptr[user + 1]):
            found += above[place] == best
        # The chance that the first of the found is at the place-th of the group, whatever the order.
        chance = found / size
        for place in range(min(size - found + 1, k - best)):
            out[user] += chance / (best + place + 1)
            left = size - place - 1
            chance *= (left - found + 1) / left if left > 0 else 0.0


@kernel
def expected_precisions(indptr: Int64Array, above: Int32Array, tied: Int32Array, k: int, out: Float64Array) -> None:
    """Write the expected sum over the hits among the first k ranks of the precision at their rank."""
    for user in range(len(out)):
        begin, end = indptr[user], indptr[user + 1]
        order = np.argsort(above[begin:end])
        total = 0.0
        before = 0  # relevant items of earlier groups
        first = 0
        while first < len(order):
            start = np.int64(above[begin + order[first]])
            last = first + 1
            while last < len(order) and above[begin + order[last]] == start:
                last += 1
            if start >= k:
                break
            if start >= 0:
                size, found = np.int64(tied[begin + order[first]]) + 1, last - first
                chance = found / size
                others = (found - 1) / (size - 1) if size > 1 else 0.0
                for place in range(min(size, k - start)):
                    total += chance * (1.0 + before + place * others) / (start + place + 1)
                before += found
            first = last
        out[user] = total


@kernel
def expected_mean_precision(indptr: Int64Array, above: Int32Array, tied: Int32Array, k: int, out: Float64Array) -> None:
    """Write the expected mean over the hits among the first k ranks of the precision at their rank, 0 without hits."""
    for user in range(len(out)):
        begin, end = indptr[user], indptr[user + 1]
        order = np.argsort(above[begin:end])
        total, before, first = 0.0, 0, 0
        out[user] = 0.0
        cut = False  # whether a group of ties goes on beyond the cut
        while first < len(order) and not cut:
            start = np.int64(above[begin + order[first]])
            last = first + 1
            while last < len(order) and above[begin + order[last]] == start:
                last += 1
            if start >= k:
                break
            if start >= 0:
                size, found = np.int64(tied[begin + order[first]]) + 1, last - first
                places = size if size <= k - start else k - start
                cut = bool(places < size)
                least = found + places - size if found + places > size else 0
                for hits in range(least, (found if found < places else places) + 1):
                    # How likely so many of the found are among the places, and what they add where they are.
                    chance = np.exp(
                        _log_choose(places, hits) + _log_choose(size - places, found - hits) - _log_choose(size, found)
                    )
                    added = 0.0
                    others = (hits - 1) / (places - 1) if places > 1 else 0.0
                    for place in range(places):
                        added += hits / places * (1.0 + before + place * others) / (start + place + 1)
                    if cut and before + hits > 0:
                        out[user] += chance * (total + added) / (before + hits)
                    elif not cut:
                        total += added
                        before += found
            first = last
        if not cut and before > 0:
            out[user] = total / before
