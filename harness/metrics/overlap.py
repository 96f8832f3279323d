"""Compute the exact mean Jaccard distance over all pairs of lists, without a loop over all pairs.

1. Users with equal lists form a group.
2. The few most frequent items ("heavy") become bits of a mask. Groups with equal masks form a class. Pairs of classes
are
   counted by the number of heavy items that they share: there are few classes, and a pair takes one instruction.
3. Each other item ("light") has a list of the groups that contain it. For each pair of groups that share light items,
   the count is moved from the number of shared heavy items to the number of all shared items.

The number of heavy items is chosen so that the total work is small. All counts are integers, so that the result does
not depend on the order of users or on the shards, to the bit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.artifacts.array_types import Int32Array, Int64Array, UInt64Array
from harness.execution import Parallel, map_shards
from harness.metrics.distinct_lists import DistinctLists
from harness.metrics.kernels.list_sets import LANES, count_heavy, count_light, heavy_masks

_SHARDS = 32
_MOST_CELLS = 1 << 24  # of the tables of all shards, so that long lists take at most 128 MiB
_ALONE = 1 << 10  # with fewer groups, one thread finishes before others start
_HEAVY = (0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64)  # possible numbers of heavy items
MOST_WORK = 1e11  # about a minute on two cores
_LIGHT_COST = 7.0  # time per light item that two groups share, relative to the time per pair of classes


@dataclass(frozen=True, eq=False)
class _ListGroups:
    """Distinct lists: items numbered by falling frequency ``(groups, k)``, sizes, numbers of users."""

    sets: Int32Array
    sizes: Int32Array
    weights: Int64Array
    frequencies: Int64Array  # (items,): groups that hold each item, falling


def mean_jaccard_distance(lists: DistinctLists, *, parallel: Parallel, most_work: float = MOST_WORK) -> float | None:
    """Return the mean Jaccard distance over all pairs of users' lists, or None if that is too much work.

    Pairs of two empty lists do not count; without any pair the result is 0.

    Parameters
    ----------
    lists
        The distinct lists with their numbers of users.
    parallel
        Threads to use.
    most_work
        Largest number of pairs of classes to compare, or as much other work.

    Examples
    --------
    >>> from harness.metrics import Lists
    >>> lists = DistinctLists.of(Lists.of([[0, 1], [0, 1], [2, 3]]), k=2)
    >>> mean_jaccard_distance(lists, parallel=Parallel()).__round__(3)
    0.667
    """
    groups = _groups(lists)
    chosen = _choose_heavy(groups)
    if chosen.work > most_work:
        return None
    pairs = _overlaps(groups, chosen, parallel=parallel)
    pairs[0] = 0  # two empty lists
    total = int(pairs.sum())
    if total == 0:
        return 0.0
    sums, shared = np.nonzero(pairs)
    similarity = math.fsum(
        int(pairs[size, both]) * (int(both) / int(size - both)) for size, both in zip(sums, shared, strict=True)
    )
    return (total - similarity) / total


def overlaps(lists: DistinctLists, *, parallel: Parallel) -> Int64Array:
    """Count pairs of users by the sizes of their lists and the number of shared items.

    Returns
    -------
    Int64Array
        ``(2k + 1, k + 1)``: number of pairs by the sum of the sizes of their lists, and by the number of shared items;
        k is the width of the lists.
    """
    groups = _groups(lists)
    return _overlaps(groups, _choose_heavy(groups), parallel=parallel)


def _overlaps(groups: _ListGroups, chosen: _HeavyItems, *, parallel: Parallel) -> Int64Array:
    k, heavy, masks = groups.sets.shape[1], chosen.items, chosen.masks
    classes = _classes(masks, groups)
    facts = np.stack([masks, groups.weights.astype(np.uint64) << np.uint64(32) | groups.sizes.astype(np.uint64)], 1)
    indptr, postings = _postings(groups, heavy)
    counter: type[np.integer[Any]] = np.uint16 if k <= np.iinfo(np.uint16).max else np.int32

    def heavy_pairs(start: int, stop: int, pairs: Int64Array) -> None:
        count_heavy(*classes, start, stop, pairs)

    def light_pairs(start: int, stop: int, pairs: Int64Array) -> None:
        shared = np.zeros(len(facts), dtype=counter)
        count_light(groups.sets, facts, heavy, indptr, postings, start, stop, shared, pairs)

    by_heavy = _sum_shards(heavy_pairs, len(classes[0]), k, parallel)
    return by_heavy + _sum_shards(light_pairs, len(facts), k, parallel)


def _sum_shards(count: Callable[[int, int, Int64Array], None], rows: int, k: int, parallel: Parallel) -> Int64Array:
    def run(bounds: tuple[int, int]) -> Int64Array:
        pairs = np.zeros((LANES, 2 * k + 1, k + 1), dtype=np.int64)
        count(*bounds, pairs)
        counted: Int64Array = pairs.sum(axis=0)  # the lanes together
        return counted

    run((0, 0))  # compile once, before several threads need the code
    # The kernels release the GIL, and only threads share the arrays of the closures.
    threads = replace(parallel, backend="threading")
    total: Int64Array = np.sum(map_shards(run, _triangles(rows, k), parallel=threads), axis=0, dtype=np.int64)
    return total


def _groups(lists: DistinctLists) -> _ListGroups:
    filled = lists.items >= 0
    _, names, frequencies = np.unique(lists.items[filled], return_inverse=True, return_counts=True)
    falling = np.argsort(-frequencies, kind="stable")
    renamed = np.empty(len(falling), dtype=np.int32)
    renamed[falling] = np.arange(len(falling), dtype=np.int32)
    sets = np.full_like(lists.items, -1)
    sets[filled] = renamed[names]
    return _ListGroups(sets, lists.sizes, lists.users, frequencies[falling].astype(np.int64))


@dataclass(frozen=True, eq=False)
class _HeavyItems:
    """Number of heavy items, the heavy items of each group as bits, and the expected work."""

    items: int
    masks: UInt64Array
    work: float


def _choose_heavy(groups: _ListGroups) -> _HeavyItems:
    """Choose the number of heavy items for which the least work is expected."""
    masks = np.empty(len(groups.sizes), dtype=np.uint64)
    heavy_masks(groups.sets, groups.sizes, _HEAVY[-1], masks)
    meetings = groups.frequencies.astype(np.float64) ** 2 / 2
    best, best_cost = 0, math.inf
    for heavy in _HEAVY:
        kept = _keep(masks, heavy)
        light_cost = _LIGHT_COST * float(meetings[heavy:].sum())
        heavy_cost = float(len(np.unique(kept))) ** 2 / 2
        if light_cost + heavy_cost < best_cost:
            best, best_cost = heavy, light_cost + heavy_cost
        if heavy_cost > best_cost or heavy >= len(meetings):
            break
    return _HeavyItems(best, _keep(masks, best), best_cost)


def _keep(masks: UInt64Array, heavy: int) -> UInt64Array:
    return masks & np.uint64((1 << heavy) - 1)


def _classes(masks: UInt64Array, groups: _ListGroups) -> tuple[UInt64Array, Int32Array, Int64Array]:
    """Return mask, size and number of users of each class of groups with equal mask and size."""
    order = np.lexsort((masks, groups.sizes))
    sizes, sorted_masks = groups.sizes[order], masks[order]
    differ = (sizes[1:] != sizes[:-1]) | (sorted_masks[1:] != sorted_masks[:-1])
    starts = np.flatnonzero(np.r_[len(sizes) > 0, differ])
    weights = np.add.reduceat(groups.weights[order], starts) if len(starts) else groups.weights[:0]
    return sorted_masks[starts], sizes[starts], weights


def _postings(groups: _ListGroups, heavy: int) -> tuple[Int64Array, Int32Array]:
    """Return the ascending groups that contain each light item, as CSR."""
    rows, places = np.nonzero(groups.sets >= heavy)
    items = groups.sets[rows, places] - heavy
    order = np.argsort(items, kind="stable")
    counts = groups.frequencies[heavy:]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), rows[order].astype(np.int32)


def _triangles(rows: int, k: int) -> list[tuple[int, int]]:
    """Cut rows, each of which is compared with all before it, into shards of about equal work."""
    shards = max(min(_SHARDS, _MOST_CELLS // (2 * k * k)), 2) if rows >= _ALONE else 1
    bounds = [math.isqrt(rows * rows * shard // shards) for shard in range(shards + 1)]
    return list(itertools.pairwise(bounds))
