"""Select the best items of a block of users from tiles of scores, on the CPU."""

from __future__ import annotations

import numpy as np

from harness.artifacts import NOT_A_CANDIDATE
from harness.artifacts.array_types import Float32Array, Int32Array, Int64Array
from harness.topk.kernel_state import EXCLUDED, RUN, Shortlist, SortedRows, TargetState
from harness.topk.mask_kernels import mask_tile
from harness.topk.request import ItemRows, TopKRequest, TopKResult
from harness.topk.tile_kernels import keep_tile, write_best

_CLOSE = 32  # scores close to a target's that are stored until that score is known
_TARGET = 96  # bytes per target, in addition to these scores
_SPARE = 16  # additional places: items that are collected before the worst are dropped


def capacity_of(k: int) -> int:
    """Return how many scores per user are held at once for lists of length k."""
    runs = -(-(k + max(k // 2, _SPARE)) // RUN) + 1
    return runs * RUN


def memory_of_targets(indptr: Int64Array | None, block: int) -> int:
    """Return the number of bytes for the targets of the block of users that has the most targets.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``: where each user's targets begin; None without targets.
    block
        Number of users per block.
    """
    if indptr is None or len(indptr) < 2:
        return 0
    edges = np.append(indptr[:-1:block], indptr[-1])
    return int(np.diff(edges).max()) * (_CLOSE * 4 + _TARGET)


class BlockScan:
    """Scan of the scores of one block of users.

    Parameters
    ----------
    request
        Of these users only.
    outside
        int32 ``(n,)``: the items that must not be recommended to anyone, ascending.
    lowest, highest
        float32 ``(targets,)``: bounds of each target's score; equal where it is known.
    """

    def __init__(
        self, request: TopKRequest, outside: Int32Array, *, lowest: Float32Array, highest: Float32Array
    ) -> None:
        self._request = request
        self._outside = outside
        self._seen = _ascending(request.seen, request.n_users)
        self._lists = _ascending(request.lists, 0)
        targets = ItemRows.none(request.n_users) if request.targets is None else request.targets
        n_targets = len(targets.items)
        self._targets = TargetState(
            targets.indptr,
            targets.items,
            lowest,
            highest,
            np.full(n_targets, EXCLUDED, dtype=np.float32),
            np.zeros(n_targets, dtype=np.int64),
            np.zeros(n_targets, dtype=np.int64),
            np.full((n_targets, _CLOSE), EXCLUDED, dtype=np.float32),
        )
        capacity = capacity_of(request.k)
        self._kept = Shortlist(
            np.full((request.n_users, capacity), EXCLUDED, dtype=np.float32),
            np.empty((request.n_users, capacity), dtype=np.int32),
            np.zeros(request.n_users, dtype=np.int64),
            np.full(request.n_users, EXCLUDED, dtype=np.float32),
            np.zeros(request.n_users, dtype=np.int64),
        )
        self._order = request.ties.order

    def add(self, tile: Float32Array, first: int, width: int) -> None:
        """Add the scores ``(users, width or more)`` of the items from ``first`` on. The tile is overwritten."""
        outside = self._outside
        if len(outside):
            begin, end = np.searchsorted(outside, (first, first + width))
            outside = outside[begin:end] - np.int32(first)
        mask_tile(tile, first, width, outside, self._seen, self._lists, self._targets, self._kept.masked)
        keep_tile(tile, first, width, self._request.k, self._order, self._kept)

    @property
    def found(self) -> Float32Array:
        """The targets' scores, float32 ``(targets,)``; -inf for targets that are not candidates."""
        return self._targets.found

    @property
    def ranked(self) -> bool:
        """Whether the ranks of all targets are exact, because their scores were within the bounds."""
        targets = self._targets
        known = targets.lowest == targets.highest
        inside = (targets.lowest <= targets.found) & (targets.found <= targets.highest)
        enough = targets.near <= _CLOSE
        return bool(((targets.found == EXCLUDED) | (inside & (known | enough))).all())

    def write(self, out: TopKResult) -> None:
        """Write the result into the arrays of these users."""
        write_best(self._request.k, self._order, self._kept, out.items, out.scores)
        targets, found = self._targets, self._targets.found[:, None]
        known = targets.lowest == targets.highest
        above = targets.above + np.where(known, 0, (targets.close > found).sum(axis=1))
        equal = np.where(known, targets.near, (targets.close == found).sum(axis=1))
        outside = targets.found == EXCLUDED
        out.above[:] = np.where(outside, NOT_A_CANDIDATE, above)
        out.tied[:] = np.where(outside, NOT_A_CANDIDATE, equal - 1)
        out.candidates[:] = self._request.n_items - self._kept.masked


def outside_of(request: TopKRequest) -> Int32Array:
    """Return the items that must not be recommended to anyone, ascending; int32 ``(n,)``."""
    if request.allowed is None:
        return np.empty(0, dtype=np.int32)
    return np.flatnonzero(~request.allowed).astype(np.int32)


def part_of(found: TopKResult, request: TopKRequest, start: int, stop: int) -> TopKResult:
    """Return writable views of the result for consecutive users of a request."""
    targets = slice(0, 0)
    if request.targets is not None:
        targets = slice(int(request.targets.indptr[start]), int(request.targets.indptr[stop]))
    users = slice(start, stop)
    return TopKResult(
        found.items[users], found.scores[users], found.above[targets], found.tied[targets], found.candidates[users]
    )


def _ascending(rows: ItemRows | None, n_without: int) -> SortedRows:
    return (ItemRows.none(n_without) if rows is None else rows).ascending()
