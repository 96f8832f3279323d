"""Reduce graded judgements to relevant items, with one gain per user and item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.artifacts import TargetRanks, Truth
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.errors import HarnessError
from harness.jit import kernel

_SHORT = 16  # up to this number of items, comparing all pairs is faster than sorting


@dataclass(frozen=True, eq=False)
class JudgedTruth:
    """A truth whose items are all relevant; with gains, none of them repeats within a user.

    Parameters
    ----------
    truth
        Each item with its highest gain, which is above 0.
    ranks
        Of these items, or None where they are not known.
    repeated
        Entries left out because a relevant item of the user stood before. 0 without gains.
    contradictions
        Relevant items of a user that were judged more than once, with different gains. 0 without gains.
    """

    truth: Truth
    ranks: TargetRanks | None = None
    repeated: int = 0
    contradictions: int = 0


def relevant_once(truth: Truth, ranks: TargetRanks | None = None) -> JudgedTruth:
    """Return the relevant items of a truth. Of several gains of a user and item the highest counts.

    A binary truth is returned as it is.

    Parameters
    ----------
    truth
        The judgements, in any order.
    ranks
        Ranks of its items; None if they are not known.

    Raises
    ------
    HarnessError
        The ranks are of another truth.

    Examples
    --------
    >>> truth = Truth(np.array([0, 4]), np.array([7, 8, 7, 9]), np.array([1.0, 2.0, 3.0, 0.0]))
    >>> judged = relevant_once(truth)
    >>> judged.truth.items.tolist(), judged.truth.gains.tolist(), judged.contradictions
    ([7, 8], [3.0, 2.0], 1)
    """
    _check_ranks(ranks, truth)
    if truth.gains is None:
        return JudgedTruth(truth, ranks)
    highest, kept = np.empty_like(truth.gains), np.empty(len(truth.gains), dtype=np.bool_)
    counts = np.zeros(2, dtype=np.int64)
    _highest_gains(truth.indptr, truth.items, truth.gains, highest, kept, counts)
    if kept.all():
        return JudgedTruth(truth, ranks)
    once = Truth(truth.indptr, truth.items, highest, truth.users).of_items(kept)
    return JudgedTruth(once, None if ranks is None else ranks.of_items(kept), int(counts[0]), int(counts[1]))


def _check_ranks(ranks: TargetRanks | None, truth: Truth) -> None:
    if ranks is None:
        return
    sizes = (len(ranks.above), len(ranks.tied), len(ranks.candidates))
    if sizes != (len(truth.items), len(truth.items), truth.n_users):
        raise HarnessError(
            f"target_ranks has {sizes[0]} entries of above, {sizes[1]} of tied and {sizes[2]} of candidates, and the "
            f"truth {len(truth.items)} items of {truth.n_users} users. They must belong to the same truth."
        )


@kernel
def _highest_gains(
    indptr: Int64Array,
    items: Int32Array,
    gains: Float32Array,
    highest: Float32Array,
    kept: BoolArray,
    counts: Int64Array,
) -> None:
    """Write the highest gain of each user and item where the item stands first.

    Parameters
    ----------
    indptr, items, gains
        As in ``Truth``.
    highest
        float32 ``(n,)``: output; of other entries their own gain.
    kept
        bool ``(n,)``: output, set where an item of a user stands first and its highest gain is above 0.
    counts
        int64 ``(2,)``: output, as ``repeated`` and ``contradictions`` of ``JudgedTruth``.
    """
    counts[0] = counts[1] = 0
    for row in range(len(indptr) - 1):
        begin, end = indptr[row], indptr[row + 1]
        repeats = False
        if end - begin <= _SHORT:
            for entry in range(begin, end):
                for before in range(begin, entry):
                    repeats = repeats or items[before] == items[entry]
        else:
            ordered = np.sort(items[begin:end])
            for place in range(1, len(ordered)):
                repeats = repeats or ordered[place - 1] == ordered[place]
        for entry in range(begin, end):
            highest[entry] = gains[entry]
            kept[entry] = gains[entry] > 0
        if not repeats:
            continue
        order = np.argsort(items[begin:end], kind="mergesort")  # stable: the first of equal items stays first
        start = 0
        while start < len(order):
            first = begin + order[start]
            low = high = gains[first]
            relevant = 0
            stop = start
            while stop < len(order) and items[begin + order[stop]] == items[first]:
                entry = begin + order[stop]
                low, high = min(low, gains[entry]), max(high, gains[entry])
                relevant += gains[entry] > 0
                kept[entry] = False
                stop += 1
            highest[first] = high
            kept[first] = high > 0
            counts[0] += max(relevant - 1, 0)
            counts[1] += high > 0 and low < high
            start = stop
