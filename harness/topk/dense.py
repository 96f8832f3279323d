"""The best items by whole rows of scores, on the CPU."""

from __future__ import annotations

import numpy as np

from harness.artifacts.arrays import Float32Array
from harness.execution import Parallel, map_shards
from harness.topk.block import BlockScan, outside_of, part_of
from harness.topk.request import Found, Request
from harness.topk.vectors import TILE_ITEMS

_BLOCK_USERS = 64  # so few that threads have something to share in a batch


def best_of_scores(scores: Float32Array, request: Request, *, n_jobs: int = -1) -> Found:
    """Return the best items of each user by their scores.

    Parameters
    ----------
    scores
        float32 ``(users, items)``: finite; any strides. They are left as they are.
    request
        With a row for each user.
    n_jobs
        Threads; -1 for one a core. It never changes a result.
    """
    found = Found.empty(request)
    outside = outside_of(request)

    def block(start: int) -> None:
        stop = min(start + _BLOCK_USERS, request.n_users)
        part, rows = request.rows(start, stop), scores[start:stop]
        expected = _expected(rows, part)
        scan = BlockScan(part, outside, lowest=expected, highest=expected)
        tile = np.empty((stop - start, TILE_ITEMS), dtype=np.float32)
        for first in range(0, request.n_items, TILE_ITEMS):
            width = min(TILE_ITEMS, request.n_items - first)
            tile[:, :width] = rows[:, first : first + width]
            scan.add(tile, first, width)
        scan.write(part_of(found, request, start, stop))

    map_shards(block, range(0, request.n_users, _BLOCK_USERS), parallel=Parallel(n_jobs=n_jobs))
    return found


def _expected(scores: Float32Array, part: Request) -> Float32Array:
    if part.targets is None:
        return np.empty(0, dtype=np.float32)
    rows = np.repeat(np.arange(part.n_users), np.diff(part.targets.indptr))
    expected: Float32Array = scores[rows, part.targets.items]
    return expected
