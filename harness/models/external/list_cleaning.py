"""Clean the lists of external models: remove invalid, repeated and excluded items."""

from __future__ import annotations

import numpy as np

from harness.artifacts import NO_ITEM, CandidateLists, ListRequest, RankedLists
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.errors import HarnessError
from harness.models.run_messages import warn_once


def cleaned(
    items: Int64Array,
    scores: Float32Array | None,
    asked: ListRequest,
    n_items: int,
    *,
    lengths: Int64Array | None = None,
) -> RankedLists:
    """Return lists without invalid, repeated and excluded items, and count each of these.

    Parameters
    ----------
    items
        int64 ``(batch, n)``: indices of items; values below 0 or from ``n_items`` on are invalid.
    scores
        float32 ``(batch, n)``, higher is better; each list is sorted by score, and ties keep their order. An item with
        -inf is invalid. None: the lists keep their order, and the scores become 0, -1, -2, and so on.
    asked
        Length of the lists, and the items that they may hold.
    n_items
        Size of the catalogue.
    lengths
        int64 ``(batch,)``: number of items in each row, the rest is empty; None: full rows.

    Raises
    ------
    HarnessError
        A score is NaN or infinity.

    Examples
    --------
    >>> made = cleaned(np.array([[2, 9, 2, 0]]), None, ListRequest(k=3), 3)
    >>> made.items.tolist(), made.scores.tolist(), made.invalid.tolist(), made.repeated.tolist()
    ([[2, 0, -1]], [[0.0, -1.0, -inf]], [1], [1])
    """
    batch, n = items.shape
    given = np.ones((batch, n), dtype=bool) if lengths is None else np.arange(n) < lengths[:, None]
    is_item = given & (items >= 0) & (items < n_items)
    if scores is not None:
        items, scores, given, is_item = _in_order(items, scores.astype(np.float32), given, is_item)
    keys = np.where(is_item, np.arange(batch)[:, None] * n_items + items, -1)  # of pairs of a list and an item
    first = is_item & _first(keys)
    kept = first & _may_be(keys, items, asked, n_items)
    places = np.cumsum(kept, axis=1) - 1
    kept_here = kept & (places < asked.k)
    rows, columns = np.nonzero(kept_here)
    found = np.full((batch, asked.k), NO_ITEM, dtype=np.int32)
    found_scores = np.full((batch, asked.k), -np.inf, dtype=np.float32)
    found[rows, places[rows, columns]] = items[rows, columns]
    found_scores[rows, places[rows, columns]] = -places[rows, columns] if scores is None else scores[rows, columns]
    return RankedLists(
        found,
        found_scores,
        given=_count(given),
        invalid=_count(given & ~is_item),
        repeated=_count(is_item & ~first),
        barred=_count(first & ~kept),
    )


def _in_order(
    items: Int64Array, scores: Float32Array, given: BoolArray, is_item: BoolArray
) -> tuple[Int64Array, Float32Array, BoolArray, BoolArray]:
    rising = (is_item[:, 1:] & is_item[:, :-1] & (scores[:, 1:] > scores[:, :-1])).any(axis=1)
    if rising.any():
        warn_once(
            "lists of the model have scores that rise along the list; they are put into the order of their scores, "
            "higher first. Where lower is better, as with distances, negate them"
        )
    wrong = is_item & (np.isnan(scores) | (scores == np.inf))
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise HarnessError(
            f"the model gave the score {scores[row, column]} for place {column + 1} of a list; scores have to be "
            "finite, or -inf for a place without an item."
        )
    is_item = is_item & (scores > -np.inf)
    order = np.argsort(np.where(is_item, -scores, np.inf), axis=1, kind="stable")
    return (
        np.take_along_axis(items, order, axis=1),
        np.take_along_axis(scores, order, axis=1),
        np.take_along_axis(given, order, axis=1),
        np.take_along_axis(is_item, order, axis=1),
    )


def _first(keys: Int64Array) -> BoolArray:
    """Return where each key occurs for the first time, row by row."""
    first = np.zeros(keys.size, dtype=bool)
    first[np.unique(keys, return_index=True)[1]] = True
    return first.reshape(keys.shape)  # (batch, n)


def _may_be(keys: Int64Array, items: Int64Array, asked: ListRequest, n_items: int) -> BoolArray:
    """Return where an item may be recommended; the key of an invalid item is -1."""
    may = keys >= 0
    if asked.allowed is not None:
        may &= asked.allowed[np.where(may, items, 0)]
    if asked.lists is not None:
        may &= np.isin(keys, _keys(asked.lists, n_items))
    if asked.seen is not None:
        may &= ~np.isin(keys, _keys(asked.seen, n_items))
    return may


def _keys(lists: CandidateLists, n_items: int) -> Int64Array:
    rows = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr))
    keys: Int64Array = rows * n_items + lists.items
    return keys


def _count(where: BoolArray) -> Int32Array:
    counts: Int32Array = where.sum(axis=1, dtype=np.int32)
    return counts
