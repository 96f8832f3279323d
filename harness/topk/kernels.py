"""Kernels over tiles of scores: what is masked, what is kept, and where relevant items stand.

A tile holds the scores of some users for consecutive items. It is looked at while it is still in the
cache: what may not be recommended becomes -inf, relevant items are counted past, and of the rest
only scores that reach a user's running threshold are touched again. The threshold is the k-th best
score so far, so that soon whole runs of items are passed over by one comparison each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from harness.artifacts.arrays import BoolArray, Float32Array, Int32Array, Int64Array, UInt64Array
from harness.jit import called, inlined, kernel

RUN = 64  # scores that are passed over at once
SHORT_RUN = 16  # and at once where one of those reaches the threshold
FEW = 100  # items that are sorted by insertion
EXCLUDED = np.float32(-np.inf)  # the score of an item that may not be recommended

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


class Rows(NamedTuple):
    """Items of each user of a block as CSR, ascending, and how far each row has been read.

    ``indptr`` int64 ``(users + 1,)``, ``items`` int32 ``(n,)``, ``places`` int64 ``(users,)``.
    """

    indptr: Int64Array
    items: Int32Array
    places: Int64Array


class Order(NamedTuple):
    """The order among equal scores: ``artifacts.user_halves`` of the users, uint64, and the keys of all items."""

    users: UInt64Array
    items: UInt64Array


class Kept(NamedTuple):
    """What each user of a block keeps so far, by ascending item.

    ``scores`` float32 and ``items`` int32 ``(users, capacity)``, ``counts`` int64 ``(users,)``,
    ``thresholds`` float32 ``(users,)``, ``masked`` int64 ``(users,)``: items that were masked.
    """

    scores: Float32Array
    items: Int32Array
    counts: Int64Array
    thresholds: Float32Array
    masked: Int64Array


class Targets(NamedTuple):
    """The relevant items of each user of a block, as CSR, and what is counted of them.

    ``indptr`` int64 ``(users + 1,)``, ``items`` int32 ``(n,)``; ``lowest`` and ``highest`` float32 ``(n,)``:
    between which the score will be, and equal where it is known; ``found`` float32 ``(n,)``: what it
    was; ``above`` int64 ``(n,)``: candidates with a score above the highest; ``near`` int64 ``(n,)``:
    candidates between the two, itself included; ``close`` float32 ``(n, places)``: the scores of those.
    """

    indptr: Int64Array
    items: Int32Array
    lowest: Float32Array
    highest: Float32Array
    found: Float32Array
    above: Int64Array
    near: Int64Array
    close: Float32Array


@kernel
def scan_tile(
    tile: Float32Array,
    first: int,
    width: int,
    k: int,
    order: Order,
    outside: Int32Array,
    seen: Rows,
    lists: Rows,
    targets: Targets,
    kept: Kept,
) -> None:
    """Take the scores of consecutive items into account; the tile is written to.

    Parameters
    ----------
    tile
        float32 ``(users, columns)``: finite scores, of which there may be more than ``width``; the number
        of columns is a multiple of ``RUN``.
    first, width
        The first item, and how many columns hold scores.
    k
        How many items to keep, 1 or more.
    order
        Of equal scores.
    outside
        int32 ``(n,)``: columns that nobody may be recommended.
    seen
        What each user may not be recommended.
    lists
        What alone each user may be recommended; everything, if it has no rows.
    targets, kept
        Counted on and updated in place.
    """
    # One loop over all users for each step: loops that do one thing are the ones that compilers make fast.
    whole = (width + RUN - 1) // RUN * RUN
    for user in range(len(tile)):
        for column in range(width, whole):
            tile[user, column] = EXCLUDED
    if len(lists.places) > 0:
        for user in range(len(tile)):
            lists.places[user], masked = _mask_others(
                tile[user, :whole], width, first, lists.items, lists.places[user], lists.indptr[user + 1]
            )
            kept.masked[user] += masked
    if len(outside) > 0:
        for user in range(len(tile)):
            kept.masked[user] += _mask_columns(tile[user, :whole], outside)
    if len(seen.items) > 0:
        _mask_seen(tile, width, first, seen.indptr, seen.items, seen.places, kept.masked)
    if len(targets.items) > 0:
        _count_targets(
            tile,
            whole,
            width,
            first,
            targets.indptr,
            targets.items,
            targets.lowest,
            targets.highest,
            targets.found,
            targets.above,
            targets.near,
            targets.close,
        )
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
def _mask_seen(tile: Any, width: int, first: int, indptr: Any, items: Any, places: Any, masked: Any) -> None:
    for user in range(len(tile)):
        place, end = places[user], indptr[user + 1]
        while place < end and items[place] < first + width:
            column = items[place] - first
            masked[user] += tile[user, column] != EXCLUDED
            tile[user, column] = EXCLUDED
            place += 1
        places[user] = place


@called
def _mask_others(row: Any, width: int, first: int, items: Any, place: int, end: int) -> Any:
    """Mask all but the items of a list; return the place after them, and how many items were masked."""
    masked = 0
    begin = 0
    while place < end and items[place] < first + width:
        column = items[place] - first
        for gap in range(begin, column):
            row[gap] = EXCLUDED
        masked += max(column - begin, 0)
        begin = column + 1
        place += 1
    for gap in range(begin, width):
        row[gap] = EXCLUDED
    return place, masked + max(width - begin, 0)


@called
def _mask_columns(row: Any, columns: Any) -> int:
    masked = 0
    for index in range(len(columns)):
        masked += row[columns[index]] != EXCLUDED
        row[columns[index]] = EXCLUDED
    return masked


@called
def _count_targets(
    tile: Any,
    whole: int,
    width: int,
    first: int,
    indptr: Any,
    items: Any,
    lowest: Any,
    highest: Any,
    found: Any,
    above: Any,
    near: Any,
    close: Any,
) -> None:
    """Count the scores above each target's and near it, and note these; see ``Targets``."""
    for user in range(len(tile)):
        row = tile[user]
        for target in range(indptr[user], indptr[user + 1]):
            column = items[target] - first
            if 0 <= column < width:
                found[target] = row[column]
            low, high = lowest[target], highest[target]
            higher = 0
            reaching = 0
            for place in range(whole):
                higher += row[place] > high
                reaching += row[place] >= low
            above[target] += higher
            if reaching > higher:
                if low < high:
                    _note(tile[user, :whole], low, high, close[target], near[target])
                near[target] += reaching - higher


@called
def _note(row: Any, low: Any, high: Any, close: Any, count: int) -> None:
    """Write the scores between two bounds behind those that are there, for as long as there are places."""
    for column in range(len(row)):
        if low <= row[column] <= high:
            if count < len(close):
                close[count] = row[column]
            count += 1


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


@kernel
def count_infinite(tile: Float32Array, width: int, infinite: BoolArray) -> None:
    """Mark the users with a score that is NaN or infinite among the first columns; bool ``(users,)``: output."""
    for user in range(tile.shape[0]):
        row = tile[user, :width]
        odd = 0
        for value in row:
            odd += (value - value) != np.float32(0.0)
        infinite[user] = odd > 0


@kernel
def sort_rows(indptr: Int64Array, items: Int32Array) -> None:
    """Sort the items of each row of a CSR, in place."""
    for row in range(len(indptr) - 1):
        begin, end = indptr[row], indptr[row + 1]
        if end - begin > FEW:
            items[begin:end].sort()
            continue
        for place in range(begin + 1, end):
            item = items[place]
            before = place
            while before > begin and items[before - 1] > item:
                items[before] = items[before - 1]
                before -= 1
            items[before] = item
