"""State of a block of users, which the kernels share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.artifacts.array_types import Float32Array, Int32Array, Int64Array, UInt64Array

RUN = 64  # scores that are compared at once
EXCLUDED = np.float32(-np.inf)  # the score of an item that may not be recommended


class SortedRows(NamedTuple):
    """Ascending items of each user of a block, as CSR, and how far each row has been read.

    ``indptr`` int64 ``(users + 1,)``, ``items`` int32 ``(n,)``, ``places`` int64 ``(users,)``.
    """

    indptr: Int64Array
    items: Int32Array
    places: Int64Array


class TieKeys(NamedTuple):
    """Hashes that order equal scores: ``artifacts.user_halves`` of the users and the keys of all items, uint64."""

    users: UInt64Array
    items: UInt64Array


class Shortlist(NamedTuple):
    """The best items of each user of a block so far, by ascending item.

    ``scores`` float32 and ``items`` int32 ``(users, capacity)``, a multiple of ``RUN``, with -inf behind the
    last item; ``counts`` int64 ``(users,)``: number of items; ``thresholds`` float32 ``(users,)``: lower scores are not
    added; ``masked`` int64 ``(users,)``: number of items that were masked.
    """

    scores: Float32Array
    items: Int32Array
    counts: Int64Array
    thresholds: Float32Array
    masked: Int64Array


class TargetState(NamedTuple):
    """The target items of each user of a block, as CSR, and the counts that give their ranks.

    ``indptr`` int64 ``(users + 1,)``, ``items`` int32 ``(n,)``; ``lowest`` and ``highest`` float32 ``(n,)``:
    bounds of the score, equal where it is known; ``found`` float32 ``(n,)``: the score once it was computed; ``above``
    int64 ``(n,)``: number of candidates with a score above ``highest``; ``near`` int64 ``(n,)``: number of candidates
    within the bounds, the target included; ``close`` float32 ``(n, places)``: the scores of those.
    """

    indptr: Int64Array
    items: Int32Array
    lowest: Float32Array
    highest: Float32Array
    found: Float32Array
    above: Int64Array
    near: Int64Array
    close: Float32Array
