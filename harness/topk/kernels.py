"""Kernels over tiles of scores: which are kept, and in which order in the end.

A tile holds the scores of some users for consecutive items, and is looked at while it is still in the
cache: only scores that reach a user's running threshold are touched. It is the k-th best score so
far or a little less, so that soon whole runs of items are passed over by one comparison each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.arrays import Float32Array, Int32Array
from harness.jit import called, inlined, kernel
from harness.topk.state import EXCLUDED, RUN, Kept, Order

SHORT_RUN = 16  # scores that are passed over at once where one of a run reaches the threshold

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_LAST_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_ALL_BUT_SIGN = np.uint64(0x7FFFFFFF)
_LOWEST = np.float32(np.finfo(np.float32).min)
_ONE_HALF = np.float32(0.5)
_HALF = np.uint64(32)
_SIGN = np.uint64(31)


@kernel
def keep_tile(tile: Float32Array, first: int, width: int, k: int, order: Order, kept: Kept) -> None:
    """Keep the scores of consecutive items that may be among the best k; see ``mask_tile`` for the tile.

    Parameters
    ----------
    tile
        float32 ``(users, columns)``: -inf for what is no candidate.
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
    scratch = np.empty(max(kept.scores.shape[1], whole), np.float32)
    if first == 0:
        for user in range(len(tile)):
            kept.thresholds[user] = _lower_bound(tile[user, :whole], k, scratch)
    hits = np.empty((len(tile), whole // RUN), np.bool_)
    any_hit = np.empty(len(tile), np.bool_)
    _runs_reaching(tile, kept.thresholds, hits, any_hit)
    keys = np.empty(kept.scores.shape[1], np.uint64)
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
        scratch,
        keys,
    )


@called
def _lower_bound(row: Any, k: int, scratch: Any) -> Any:
    """Return a score that k items of the row reach, -inf if there are not so many.

    A value that k of the maxima of short runs reach is one.
    """
    run = RUN
    while run > 1 and len(row) // run < 4 * k:
        run //= 2
    count = len(row) // run
    if count < k:
        return EXCLUDED
    for index in range(count):
        best = row[index * run]
        for column in range(index * run + 1, index * run + run):
            best = max(best, row[column])
        scratch[index] = best
    return _bound(scratch, count, k)


@called
def _runs_reaching(tile: Any, thresholds: Any, hits: Any, any_hit: Any) -> None:
    """Mark the runs of each row that have a score which reaches the user's threshold, and the rows with such."""
    for user in range(len(tile)):
        row, threshold = tile[user], thresholds[user]
        any_hit[user] = False
        for run in range(hits.shape[1]):
            values = row[run * RUN : run * RUN + RUN]
            reached = 0
            for column in range(RUN):
                reached += values[column] >= threshold
            hits[user, run] = reached > 0
            any_hit[user] |= reached > 0


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
    scratch: Any,
    keys: Any,
) -> None:
    """Keep what reaches the thresholds in the runs that were hit; see ``Kept``."""
    full = scores.shape[1] - RUN
    for user in range(len(tile)):
        if not any_hit[user]:
            continue
        count, threshold = counts[user], thresholds[user]
        lowest = max(threshold, _LOWEST)  # what is masked reaches no number
        for run in range(hits.shape[1]):
            if not hits[user, run]:
                continue
            for begin in range(run * RUN, run * RUN + RUN, SHORT_RUN):
                values = tile[user, begin : begin + SHORT_RUN]
                reached = 0
                for column in range(SHORT_RUN):
                    reached += values[column] >= lowest
                if reached == 0:
                    continue
                for column in range(SHORT_RUN):
                    if values[column] >= lowest:
                        scores[user, count] = values[column]
                        items[user, count] = first + begin + column
                        count += 1
            if count > full:
                threshold = _bound(scores[user], count, k)
                count = _drop(scores[user], items[user], count, threshold)
                if count > k + (full - k) // 2:  # many scores are the same: the order among them decides
                    threshold, count = _compact(
                        scores[user], items[user], count, k, halves[user], item_keys, scratch, keys
                    )
                lowest = max(threshold, _LOWEST)
        counts[user], thresholds[user] = count, threshold


@called
def _bound(values: Any, count: int, k: int) -> Any:
    """Return a value that k of the first values reach, and not many more: bisection, as counting is quick."""
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
        for index in range(count):
            reached += values[index] >= middle
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
        scores[write] = scores[index]
        items[write] = items[index]
        write += scores[index] >= threshold
    return write


@called
def _compact(scores: Any, items: Any, count: int, k: int, half: Any, item_keys: Any, scratch: Any, keys: Any) -> Any:
    """Keep the best k, still by ascending item; return the k-th score, and how many are kept.

    Those above the k-th score stay, and of those that have it the first in order.
    """
    if count <= k:
        return EXCLUDED, count
    for index in range(count):
        scratch[index] = scores[index]
    cut = _largest(scratch, count, k)
    above = 0
    tied = 0
    for index in range(count):
        if scores[index] > cut:
            above += 1
        elif scores[index] == cut:
            keys[tied] = _mix(half ^ item_keys[items[index]])
            tied += 1
    room = k - above
    last = _LAST_KEY
    if tied > room:
        last = ~_largest(~keys[:tied], tied, room)
    # Keys that are equal to the last one go by ascending item, for as long as there is room.
    before = 0
    for index in range(count):
        if scores[index] == cut and _mix(half ^ item_keys[items[index]]) < last:
            before += 1
    at_last = room - before
    write = 0
    for index in range(count):
        keep = scores[index] > cut
        if scores[index] == cut:
            key = _mix(half ^ item_keys[items[index]])
            keep = key < last or (key == last and at_last > 0)
            at_last -= key == last
        if keep:
            scores[write] = scores[index]
            items[write] = items[index]
            write += 1
    return cut, write


@called
def _largest(values: Any, count: int, k: int) -> Any:
    """Return the k-th largest of the first values; they are reordered (Hoare's selection)."""
    low, high, wanted = 0, count - 1, k - 1
    while low < high:
        pivot = values[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while values[left] > pivot:
                left += 1
            while values[right] < pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if wanted <= right:
            high = right
        elif wanted >= left:
            low = left
        else:
            break
    return values[wanted]


@kernel
def write_best(k: int, order: Order, kept: Kept, best_items: Int32Array, best_scores: Float32Array) -> None:
    """Write each user's best k, the best first; -1 and -inf where candidates ran out.

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
    scratch = np.empty(capacity, np.float32)
    keys = np.empty(capacity, np.uint64)
    packed = np.empty(capacity, np.uint64)
    for user in range(len(best_items)):
        scores, items, half = kept.scores[user], kept.items[user], order.users[user]
        _, count = _compact(scores, items, kept.counts[user], k, half, order.items, scratch, keys)
        _sort(scores, items, count, half, order.items, packed)
        for rank in range(k):
            if rank < count:
                place = packed[rank] & _LOW_HALF
                best_items[user, rank] = items[place]
                best_scores[user, rank] = scores[place] + np.float32(0.0)  # -0.0 becomes 0.0
            else:
                best_items[user, rank] = -1
                best_scores[user, rank] = EXCLUDED


@called
def _sort(scores: Any, items: Any, count: int, half: Any, item_keys: Any, packed: Any) -> None:
    """Write the places of the items, the best first, into the lower halves of ``packed``."""
    for index in range(count):
        bits = np.uint64(np.float32(scores[index] + np.float32(0.0)).view(np.uint32))
        # The bits of floats order them but for the sign: these numbers rise as the scores fall.
        falling = bits if bits >> _SIGN else bits ^ _ALL_BUT_SIGN
        packed[index] = (falling << _HALF) | np.uint64(index)
    packed[:count].sort()
    begin = 0
    for index in range(1, count + 1):
        if index == count or packed[index] >> _HALF != packed[begin] >> _HALF:
            if index - begin > 1:
                _settle(items, half, item_keys, packed[begin:index])
            begin = index


@called
def _settle(items: Any, half: Any, item_keys: Any, packed: Any) -> None:
    """Sort places of equal scores, which are by ascending item, by their keys."""
    keys = np.empty(len(packed), np.uint64)
    for index in range(len(packed)):
        keys[index] = _mix(half ^ item_keys[items[packed[index] & _LOW_HALF]])
    packed[:] = packed[np.argsort(keys, kind="mergesort")]


@inlined
def _mix(value: Any) -> Any:
    """Return the last step of ``artifacts.pair_keys``."""
    mixed = value + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST_FACTOR
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND_FACTOR
    return mixed ^ (mixed >> np.uint64(31))
