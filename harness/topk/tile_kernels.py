"""Kernels that select the best scores of tiles, and sort them at the end.

A tile holds the scores of some users for consecutive items, and is looked at while it is still in the
cache: only scores that reach a user's running threshold are touched. It is the k-th best score so
far or a little less, so that soon whole runs of items are passed over by one comparison each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.array_types import Float32Array, Int32Array
from harness.jit import called, inlined, kernel
from harness.topk.bit_kernels import bits_reaching, count_bits, lowest_bit
from harness.topk.kernel_state import EXCLUDED, RUN, Shortlist, TieKeys

_MANY = 256  # from this number of scores on they are sorted; below, ranks are counted

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_ALL_BUT_SIGN = np.uint64(0x7FFFFFFF)
_NONE, _ONE = np.uint64(0), np.uint64(1)
_ONE_HALF = np.float32(0.5)
_HALF = np.uint64(32)
_SIGN = np.uint64(31)


@kernel
def keep_tile(tile: Float32Array, first: int, width: int, k: int, order: TieKeys, kept: Shortlist) -> None:
    """Keep the scores of consecutive items that may be among the best k; see ``mask_tile`` for the tile.

    Parameters
    ----------
    tile
        float32 ``(users, columns)``: -inf for items that are not candidates.
    first, width
        The first item, and how many columns hold scores.
    k
        How many items to keep, 1 or more.
    order
        Of equal scores.
    kept
        Updated in place.
    """
    whole = (width + RUN - 1) // RUN * RUN
    if first == 0:
        scratch = np.empty(whole, np.float32)
        for user in range(len(tile)):
            kept.thresholds[user] = _lower_bound(tile[user, :whole], k, scratch)
    hits = np.empty((len(tile), whole // RUN), np.uint64)
    any_hit = np.empty(len(tile), np.uint64)
    _mark(tile, kept.thresholds, hits, any_hit)
    packed = np.empty(kept.scores.shape[1], np.uint64)
    ordered = np.empty(kept.scores.shape[1], np.uint64)
    _collect(
        tile,
        hits,
        any_hit,
        first,
        k,
        kept.scores,
        kept.items,
        kept.counts,
        kept.thresholds,
        order.users,
        order.items,
        packed,
        ordered,
    )


@called
def _lower_bound(row: Any, k: int, scratch: Any) -> Any:
    """Return a score that k items of the row reach; -inf if there are fewer.

    A value that k of the maxima of groups of items reach is one.
    """
    group = RUN
    while group > 1 and len(row) // group < 4 * k:
        group //= 2
    count = len(row) // group
    if count < k:
        return EXCLUDED
    best = scratch[:count]
    best[:] = row[:count]
    for begin in range(count, group * count, count):
        part = row[begin : begin + count]
        for index in range(len(best)):
            best[index] = max(part[index], best[index])
    scratch[count : (count + RUN - 1) // RUN * RUN] = EXCLUDED
    return _bound(scratch, count, k)


@called
def _mark(tile: Any, thresholds: Any, hits: Any, any_hit: Any) -> None:
    """Set a bit for each score that reaches the user's threshold, and a flag for each user with such a score."""
    for user in range(len(tile)):
        row, threshold = tile[user], thresholds[user]
        found = _NONE
        for run in range(hits.shape[1]):
            bits = bits_reaching(row, run * RUN, threshold)
            hits[user, run] = bits
            found |= bits
        any_hit[user] = found


@called
def _collect(
    tile: Any,
    hits: Any,
    any_hit: Any,
    first: int,
    k: int,
    scores: Any,
    items: Any,
    counts: Any,
    thresholds: Any,
    halves: Any,
    item_keys: Any,
    packed: Any,
    ordered: Any,
) -> None:
    """Keep the scores that were marked; see ``Shortlist``."""
    full = scores.shape[1] - RUN
    for user in range(len(tile)):
        if any_hit[user] == _NONE:
            continue
        count, threshold = counts[user], thresholds[user]
        for run in range(hits.shape[1]):
            bits = hits[user, run]
            while bits != _NONE:
                column = run * RUN + lowest_bit(bits)
                bits &= bits - _ONE
                scores[user, count] = tile[user, column]
                items[user, count] = first + column
                count += tile[user, column] > EXCLUDED  # without a threshold, masked scores are marked, too
            if count > full:
                threshold = _bound(scores[user], count, k)
                count = _drop(scores[user], items[user], count, threshold)
                if count > k + (full - k) // 2:  # many scores are equal: break the ties
                    threshold = _cut(scores[user], items[user], count, k, halves[user], item_keys, packed, ordered)
                    count = k
        counts[user], thresholds[user] = count, threshold


@called
def _bound(values: Any, count: int, k: int) -> Any:
    """Return a value that k of the first values reach, and not many more: bisection, as counting is quick.

    Behind the values is -inf, up to a whole number of runs.
    """
    low = values[0]
    high = values[0]
    for index in range(count):
        low = min(low, values[index])
        high = max(high, values[index])
    few = k + k // 8
    reaching = count
    while reaching > few:
        middle = low * _ONE_HALF + high * _ONE_HALF
        if not low < middle < high:
            break
        reached = 0
        for begin in range(0, count, RUN):
            reached += count_bits(bits_reaching(values, begin, middle))
        if reached >= k:
            low, reaching = middle, reached
        else:
            high = middle
    return low


@called
def _drop(scores: Any, items: Any, count: int, threshold: Any) -> int:
    """Keep the scores that reach a threshold, and return how many do."""
    write = 0
    for index in range(count):
        score, item = scores[index], items[index]  # read before writing, so that no read waits for a write
        scores[write], items[write] = score, item
        write += score >= threshold
    scores[write:count] = EXCLUDED
    return write


@called
def _cut(scores: Any, items: Any, count: int, k: int, half: Any, item_keys: Any, packed: Any, ordered: Any) -> Any:
    """Keep the best k, with ties broken, still by ascending item; return the k-th score."""
    _sort(scores, items, count, half, item_keys, packed, ordered)
    worst = scores[ordered[k - 1] & _LOW_HALF]
    stays = packed[:count]
    stays[:] = _NONE
    for rank in range(k):
        stays[ordered[rank] & _LOW_HALF] = _ONE
    write = 0
    for index in range(count):
        score, item = scores[index], items[index]
        scores[write], items[write] = score, item
        write += stays[index] == _ONE
    scores[k:count] = EXCLUDED
    return worst


@kernel
def write_best(k: int, order: TieKeys, kept: Shortlist, best_items: Int32Array, best_scores: Float32Array) -> None:
    """Write the best k of each user, best first; -1 and -inf where candidates ran out.

    Parameters
    ----------
    k
        Length of the lists.
    order
        Of equal scores.
    kept
        After the last tile; it is used up.
    best_items, best_scores
        int32 and float32 ``(users, k)``: output.
    """
    capacity = kept.scores.shape[1]
    packed = np.empty(capacity, np.uint64)
    ordered = np.empty(capacity, np.uint64)
    for user in range(len(best_items)):
        scores, items, count = kept.scores[user], kept.items[user], kept.counts[user]
        if count > k:
            count = _drop(scores, items, count, _bound(scores, count, k))
        _sort(scores, items, count, order.users[user], order.items, packed, ordered)
        for rank in range(k):
            if rank < count:
                place = ordered[rank] & _LOW_HALF
                best_items[user, rank] = items[place]
                best_scores[user, rank] = scores[place] + np.float32(0.0)  # -0.0 becomes 0.0
            else:
                best_items[user, rank] = -1
                best_scores[user, rank] = EXCLUDED


@called
def _sort(scores: Any, items: Any, count: int, half: Any, item_keys: Any, packed: Any, ordered: Any) -> None:
    """Write the places of the items, best first, into the lower halves of ``ordered``."""
    for index in range(count):
        bits = np.uint64(np.float32(scores[index] + np.float32(0.0)).view(np.uint32))
        # The bits of floats have the order of the numbers except for the sign: these integers rise as the scores fall.
        falling = bits if bits >> _SIGN else bits ^ _ALL_BUT_SIGN
        packed[index] = (falling << _HALF) | np.uint64(index)
    if count > _MANY:
        ordered[:count] = np.sort(packed[:count])
    else:
        for index in range(count):
            rank = 0
            for other in range(count):
                rank += packed[other] < packed[index]
            ordered[rank] = packed[index]
    begin = 0
    for index in range(1, count + 1):
        if index == count or ordered[index] >> _HALF != ordered[begin] >> _HALF:
            if index - begin > 1:
                _settle(items, half, item_keys, ordered[begin:index])
            begin = index


@called
def _settle(items: Any, half: Any, item_keys: Any, places: Any) -> None:
    """Sort places of equal scores, given by ascending item, by their keys."""
    keys = np.empty(len(places), np.uint64)
    for index in range(len(places)):
        keys[index] = _mix(half ^ item_keys[items[places[index] & _LOW_HALF]])
    places[:] = places[np.argsort(keys, kind="mergesort")]


@inlined
def _mix(value: Any) -> Any:
    """Return the last step of ``artifacts.pair_keys``."""
    mixed = value + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST_FACTOR
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND_FACTOR
    return mixed ^ (mixed >> np.uint64(31))
