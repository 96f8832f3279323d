"""How many bytes lists take on the CPU while they are made, beside the model.

Bounds rather than measurements: what grows with users, items, k, relevant items and history is counted, where it is
largest. Code and buffers that are loaded at the first use are not.
"""

from __future__ import annotations

import numpy as np

from harness.artifacts import RecommendationTask
from harness.runner.scoring_options import BYTES_PER_SCORE, Options, resolved_batch_size
from harness.topk import memory_of_blocks, memory_of_tiles

_PAIR = 8  # an item and its score
_COPIES = 3  # of what is found: two more while it is written
_RANKS = 8  # where a relevant item stands
_INTERACTION = 32  # of a history: as rows of the engine, and as the matrix that a model reads


def memory_of_vectors(task: RecommendationTask, dimension: int, *, precision: str, n_jobs: int) -> int:
    """Return the bytes for lists by vectors of users and items, the users' vectors included."""
    vectors = task.n_users * dimension * 4
    if precision != "float32":
        vectors += (task.n_users + task.n_items) * dimension * 4  # rounded copies
    tiles = memory_of_tiles(task.k, n_users=task.n_users, dimension=dimension, targets=task.truth.indptr, n_jobs=n_jobs)
    return _found(task) + _history(task) + vectors + tiles


def memory_of_rows(task: RecommendationTask, size: int, *, n_jobs: int) -> int:
    """Return the bytes for lists by whole rows of scores, so many of these at once."""
    blocks = memory_of_blocks(task.k, n_users=size, targets=task.truth.indptr, n_jobs=n_jobs)
    return _found(task) + _history(task) + blocks + size * memory_of_row(task.n_items, task.k)


def memory_of_lists(task: RecommendationTask) -> int:
    """Return the bytes for lists that a model makes itself."""
    return _found(task) + _history(task)


def memory_of_row(n_items: int, k: int) -> int:
    """Return the bytes for a user's row of scores, and what is found in it."""
    return n_items * BYTES_PER_SCORE + k * _PAIR


def batch_size_of(task: RecommendationTask, options: Options) -> int:
    """Return how many users' rows are scored at once, 1 or more.

    With a stated memory it is what the rest leaves, and so depends on it. Models whose last bits depend on the shape of
    a batch have one size for a run, whatever the shard: half of the memory is theirs.
    """
    size = resolved_batch_size(options, task.n_items)
    if options.batch_size != "auto" or options.memory is None:
        return size
    row = memory_of_row(task.n_items, task.k)
    if options.fixed_batches:
        return max(1, min(size, options.memory // 2 // row))
    rest = memory_of_rows(task, size, n_jobs=options.n_jobs) - size * row
    return max(1, min(size, (options.memory - rest) // row))


def enough_for_rows(task: RecommendationTask, options: Options) -> int:
    """Return the least stated memory with which these lists can be made, and from which on they can."""
    row = memory_of_row(task.n_items, task.k)
    if options.batch_size != "auto":
        return memory_of_rows(task, options.batch_size, n_jobs=options.n_jobs)
    size = resolved_batch_size(options, task.n_items)
    rest = memory_of_rows(task, size, n_jobs=options.n_jobs) - size * row
    return 2 * max(rest, row) if options.fixed_batches else rest + row


def _found(task: RecommendationTask) -> int:
    return _COPIES * (task.n_users * task.k * _PAIR + len(task.truth.items) * _RANKS)


def _history(task: RecommendationTask) -> int:
    return int(np.sum(task.history.lengths[task.history_rows])) * _INTERACTION
