"""Select the best items from full rows of scores."""

from __future__ import annotations

import numpy as np
import torch

from harness.artifacts.array_types import Float32Array, Int64Array
from harness.execution import Parallel, map_shards
from harness.topk.block_scan import BlockScan, capacity_of, memory_of_targets, outside_of, part_of
from harness.topk.dense_ranks import target_ranks
from harness.topk.request import ItemRows, TopKRequest, TopKResult
from harness.topk.selection import TieOrder, mask_scores, select
from harness.topk.tie_keys import signed_keys
from harness.topk.vector_scores import TILE_ITEMS, threads_for

_BLOCK_USERS = 64  # few, so that several threads share a batch


def best_of_scores(scores: torch.Tensor, request: TopKRequest, *, n_jobs: int = -1) -> TopKResult:
    """Return the best items of each user by their scores, on the device of these.

    Parameters
    ----------
    scores
        float32 ``(users, items)``: finite; any strides. They are left as they are.
    request
        With a row for each user.
    n_jobs
        Threads on the CPU; -1 for one per core. It never changes a result.
    """
    if scores.device.type == "cpu":
        return _on_cpu(scores.numpy(), request, n_jobs=n_jobs)
    return best_of_scores_on_device(scores, request)


def best_of_scores_on_device(scores: torch.Tensor, request: TopKRequest) -> TopKResult:
    """Return the best items of each user by their scores, with torch only; see ``best_of_scores``."""
    device, ties = scores.device, request.ties
    excluded = torch.full(scores.shape, request.lists is not None, dtype=torch.bool, device=device)
    if request.lists is not None:
        _mark(excluded, request.lists, value=False)
    if request.allowed is not None:
        excluded |= torch.from_numpy(~request.allowed).to(device)
    if request.seen is not None:
        _mark(excluded, request.seen, value=True)
    masked = mask_scores(scores, excluded)
    best = select(masked, request.k, order=TieOrder(ties.seed, *(signed_keys(keys, device) for keys in ties.both)))
    targets = ItemRows.none(request.n_users) if request.targets is None else request.targets
    items = torch.from_numpy(targets.items.astype(np.int64)).to(device)
    ranks = target_ranks(masked, torch.from_numpy(targets.indptr).to(device), items)
    arrays = (best.items, best.scores, ranks.above, ranks.tied, (~excluded).sum(dim=1, dtype=torch.int32))
    return TopKResult(*(array.cpu().numpy() for array in arrays))


def memory_of_blocks(k: int, *, n_users: int, targets: Int64Array | None = None, n_jobs: int = -1) -> int:
    """Return the bytes that are held beside scores and lists: on each thread a tile, and what a block keeps.

    Parameters
    ----------
    k, n_users
        Length of the lists, and how many are made at once.
    targets
        int64 ``(users + 1,)``: where each user's targets begin; None for none.
    n_jobs
        Threads.
    """
    block = _BLOCK_USERS * (TILE_ITEMS * 4 + capacity_of(k) * 8) + memory_of_targets(targets, _BLOCK_USERS)
    return threads_for(n_users, _BLOCK_USERS, n_jobs) * block


def _mark(mask: torch.Tensor, rows: ItemRows, *, value: bool) -> None:
    """Set the cells of a mask that rows of items name."""
    users = np.repeat(np.arange(len(rows.indptr) - 1), np.diff(rows.indptr))
    places = torch.from_numpy(np.stack([users, rows.items.astype(np.int64)])).to(mask.device)
    mask[places[0], places[1]] = value


def _on_cpu(scores: Float32Array, request: TopKRequest, *, n_jobs: int) -> TopKResult:
    found = TopKResult.empty(request)
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


def _expected(scores: Float32Array, part: TopKRequest) -> Float32Array:
    if part.targets is None:
        return np.empty(0, dtype=np.float32)
    rows = np.repeat(np.arange(part.n_users), np.diff(part.targets.indptr))
    expected: Float32Array = scores[rows, part.targets.items]
    return expected
