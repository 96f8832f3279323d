"""Kernels that mask a tile of scores and count the ranks of relevant items."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.jit import called, kernel
from harness.topk.kernel_state import EXCLUDED, RUN, SortedRows, TargetState

FEW = 100  # rows of at most this number of items are sorted by counting


@kernel
def mask_tile(
    tile: Float32Array,
    first: int,
    width: int,
    outside: Int32Array,
    seen: SortedRows,
    lists: SortedRows,
    targets: TargetState,
    masked: Int64Array,
) -> None:
    """Set the scores of items that are not candidates to -inf, and count the candidates above and near each target.

    Parameters
    ----------
    tile
        float32 ``(users, columns)``: finite scores, of which there may be more than ``width``; the number
        of columns is a multiple of ``RUN``. It is written to.
    first, width
        The first item, and how many columns hold scores.
    outside
        int32 ``(n,)``: columns that nobody may be recommended.
    seen
        What each user may not be recommended.
    lists
        The only items that each user may be recommended; all items if it has no rows.
    targets
        Counted on in place.
    masked
        int64 ``(users,)``: raised by the items that were masked.
    """
    # One loop over all users for each step: compilers optimise loops that do one thing.
    whole = (width + RUN - 1) // RUN * RUN
    for user in range(len(tile)):
        for column in range(width, whole):
            tile[user, column] = EXCLUDED
    if len(lists.places) > 0:
        for user in range(len(tile)):
            lists.places[user], others = _mask_others(
                tile[user, :whole], width, first, lists.items, lists.places[user], lists.indptr[user + 1]
            )
            masked[user] += others
    if len(outside) > 0:
        for user in range(len(tile)):
            masked[user] += _mask_columns(tile[user, :whole], outside)
    if len(seen.items) > 0:
        _mask_seen(tile, width, first, seen.indptr, seen.items, seen.places, masked)
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
    """Mask all items except those of a list; return the place after them, and the number of masked items."""
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
    """Count the scores above and near each target's, and store the near ones; see ``TargetState``."""
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
    """Append the scores between two bounds, up to the number of places."""
    for column in range(len(row)):
        if low <= row[column] <= high:
            if count < len(close):
                close[count] = row[column]
            count += 1


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
    keys = np.empty(FEW, np.int64)
    for row in range(len(indptr) - 1):
        part = items[indptr[row] : indptr[row + 1]]
        if len(part) > FEW:
            part.sort()
        else:
            _sort_few(part, keys)


@called
def _sort_few(items: Any, keys: Any) -> None:
    """Place each item by the number of smaller items, since counting is faster than moving."""
    for place in range(len(items)):
        keys[place] = np.int64(items[place]) << 32 | np.int64(place)  # no two are equal
    for place in range(len(items)):
        key, smaller = keys[place], 0
        for other in range(len(items)):
            smaller += keys[other] < key
        items[smaller] = key >> 32
