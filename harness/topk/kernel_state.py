"""What the kernels share: the state of a block of users."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from harness.artifacts.array_types import Float32Array, Int32Array, Int64Array, UInt64Array

RUN = 64  # scores that are passed over at once
EXCLUDED = np.float32(-np.inf)  # the score of an item that may not be recommended


class RowArrays(NamedTuple):
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

    ``scores`` float32 and ``items`` int32 ``(users, capacity)``, whole runs, with -inf behind what is kept;
    ``counts`` int64 ``(users,)``,
    ``thresholds`` float32 ``(users,)``, ``masked`` int64 ``(users,)``: items that were masked.
    """

    scores: Float32Array
    items: Int32Array
    counts: Int64Array
    thresholds: Float32Array
    masked: Int64Array


class TargetArrays(NamedTuple):
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
