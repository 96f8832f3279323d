"""Select the best items by dot products of vectors, on the CPU.

Every matrix product has the same shape, ``TILE_USERS`` users by ``TILE_ITEMS`` items; the last tiles are padded with
zeros. The last bits of a product depend on its shape. With one shape, the scores of a user depend neither on the other
users nor on the number of threads. Each thread multiplies into a buffer of its own, which stays in its cache.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from harness.artifacts.array_types import Float32Array, Int64Array
from harness.execution import Parallel, map_shards
from harness.topk.block_scan import BlockScan, capacity_of, memory_of_targets, outside_of, part_of
from harness.topk.mask_kernels import count_infinite
from harness.topk.product_precision import tile_product
from harness.topk.request import InfiniteScoreError, TopKRequest, TopKResult

TILE_USERS = 512
TILE_ITEMS = 1024
_TARGETS = 4096  # targets whose expected scores are computed at once

# Largest rounding error of a product, relative to the sum of the absolute values of its terms. If an error is larger
# after all, which shows once the score is known, the ranks are counted once more.
_ROUNDINGS = 4 * float(np.finfo(np.float32).eps)


# The number of calls that are running, and the number of torch threads to restore when the last one ends.
_counting, _callers, _before = threading.Lock(), 0, 1


# The first item of a tile, how many there are, and their vectors ``(TILE_ITEMS, dimension)``, the last ones padded.
_Tile = tuple[int, int, torch.Tensor]


def best_on_cpu(
    user_vectors: Float32Array,
    item_vectors: Float32Array,
    request: TopKRequest,
    *,
    checked: bool = False,
    n_jobs: int = -1,
    advance: Callable[[int], None] | None = None,
) -> TopKResult:
    """Return the best items of each user by the products of their vectors.

    Parameters
    ----------
    user_vectors, item_vectors
        float32 ``(users, dimension)`` and ``(items, dimension)``, C-contiguous; a memory map will do.
    request
        With a row for each user.
    checked
        Whether to check for NaN and infinite scores.
    n_jobs
        Threads; -1 for one per core. It never changes a result.
    advance
        Called with the number of users of each block that is done.

    Raises
    ------
    InfiniteScoreError
        A score is NaN or infinite, if ``checked``.
    """
    found = TopKResult.empty(request)
    work = _VectorScan(user_vectors, item_vectors, request, found, checked=checked)
    parallel = Parallel(n_jobs=n_jobs)
    buffers: queue.SimpleQueue[torch.Tensor] = queue.SimpleQueue()
    for _ in range(threads_for(request.n_users, TILE_USERS, n_jobs)):
        buffers.put(torch.empty((TILE_USERS, TILE_ITEMS)))

    def block(start: int) -> None:
        buffer = buffers.get()
        try:
            torch.set_num_threads(1)  # is of each thread
            work.block(start, buffer)
        finally:
            buffers.put(buffer)
        if advance is not None:
            advance(min(TILE_USERS, request.n_users - start))

    with one_thread_each():
        map_shards(block, range(0, request.n_users, TILE_USERS), parallel=parallel)
    return found


def memory_of_tiles(
    k: int, *, n_users: int, dimension: int = 0, targets: Int64Array | None = None, n_jobs: int = -1
) -> int:
    """Return the number of bytes in addition to vectors and lists: two tiles and the state of a block per thread.

    Parameters
    ----------
    k, n_users
        Length of the lists, and number of users.
    dimension
        Length of the vectors.
    targets
        int64 ``(users + 1,)``: where each user's targets begin; None for none.
    n_jobs
        Number of threads.
    """
    block = TILE_USERS * (2 * TILE_ITEMS * 4 + capacity_of(k) * 8) + _TARGETS * dimension * 20
    return threads_for(n_users, TILE_USERS, n_jobs) * (block + memory_of_targets(targets, TILE_USERS))


def threads_for(n_users: int, block: int, n_jobs: int) -> int:
    """Return the number of threads that have a block of users to process, 1 or more."""
    return max(1, min(Parallel(n_jobs=n_jobs).workers, -(-n_users // block)))


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Compute each product on the calling thread, since the number of threads changes its last bits."""
    global _callers, _before
    with _counting:
        if _callers == 0:
            _before = torch.get_num_threads()
        _callers += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _counting:
            _callers -= 1
            if _callers == 0:
                torch.set_num_threads(_before)


class _VectorScan:
    def __init__(
        self,
        user_vectors: Float32Array,
        item_vectors: Float32Array,
        request: TopKRequest,
        found: TopKResult,
        *,
        checked: bool,
    ) -> None:
        self._users, self._items = user_vectors, item_vectors
        self._tiles = _tiles(item_vectors)
        self._request, self._found = request, found
        self._outside = outside_of(request)
        self._checked = checked

    def block(self, start: int, buffer: torch.Tensor) -> None:
        """Write the result for the block of users that begins at ``start``."""
        stop = min(start + TILE_USERS, self._request.n_users)
        part = self._request.rows(start, stop)
        vectors = torch.from_numpy(_padded(self._users[start:stop], TILE_USERS))
        lowest, highest = self._expected(vectors, part)
        scan = BlockScan(part, self._outside, lowest=lowest, highest=highest)
        self._scan(scan, vectors, start, stop, buffer)
        if not scan.ranked:
            # Many candidates lie close to a target: count again, now that its score is known.
            scan = BlockScan(part, self._outside, lowest=scan.found, highest=scan.found)
            self._scan(scan, vectors, start, stop, buffer)
        scan.write(part_of(self._found, self._request, start, stop))

    def _scan(self, scan: BlockScan, vectors: torch.Tensor, start: int, stop: int, buffer: torch.Tensor) -> None:
        for first, width, tile in self._tiles:
            rows = tile_product(vectors, tile, buffer).numpy()[: stop - start]
            if self._checked:
                _refuse_infinite(rows, first, width, start)
            scan.add(rows, first, width)

    def _expected(self, vectors: torch.Tensor, part: TopKRequest) -> tuple[Float32Array, Float32Array]:
        """Return lower and upper bounds of each target's score, for any order of summation."""
        if part.targets is None:
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.float32)
        rows = np.repeat(np.arange(part.n_users), np.diff(part.targets.indptr))
        users, items = vectors.numpy(), part.targets.items
        lowest, highest = np.empty(len(rows), dtype=np.float32), np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), _TARGETS):
            some = slice(start, start + _TARGETS)
            terms = users[rows[some]].astype(np.float64) * self._items[items[some]]  # (targets, dimension)
            scores = terms.sum(axis=1)
            margins = _ROUNDINGS * np.abs(terms).sum(axis=1)
            lowest[some], highest[some] = scores - margins, scores + margins
        return lowest, highest


def _tiles(vectors: Float32Array) -> list[_Tile]:
    n_items = len(vectors)
    whole = torch.from_numpy(vectors)
    tiles = [
        (first, TILE_ITEMS, whole[first : first + TILE_ITEMS])
        for first in range(0, n_items - TILE_ITEMS + 1, TILE_ITEMS)
    ]
    first = len(tiles) * TILE_ITEMS
    if first < n_items:
        tiles.append((first, n_items - first, torch.from_numpy(_padded(vectors[first:], TILE_ITEMS))))
    return tiles


def _padded(vectors: Float32Array, rows: int) -> Float32Array:
    """Return vectors with rows of zeros below, ``(rows, dimension)``."""
    if len(vectors) == rows:
        return np.ascontiguousarray(vectors)
    padded = np.zeros((rows, vectors.shape[1]), dtype=np.float32)
    padded[: len(vectors)] = vectors
    return padded


def _refuse_infinite(scores: Float32Array, first: int, width: int, start: int) -> None:
    odd = np.empty(len(scores), dtype=np.bool_)
    count_infinite(scores, width, odd)
    if odd.any():
        row = int(np.argmax(odd))
        column = int(np.argmin(np.isfinite(scores[row, :width])))
        raise InfiniteScoreError(start + row, first + column, float(scores[row, column]))
