"""Estimate the memory that lists take on the CPU while they are made, without the model.

The estimates are upper bounds. They count what grows with users, items, k, relevant items and history. They do not
count code and buffers that are loaded at the first use.
"""

from __future__ import annotations

import numpy as np

from harness.artifacts import RecommendationTask
from harness.runner.scoring_options import BYTES_PER_SCORE, Options, resolved_batch_size
from harness.topk import memory_of_blocks, memory_of_tiles

_PAIR = 8  # an item and its score
_COPIES = 3  # of the result: two more while it is written
_RANKS = 8  # the rank of a relevant item
_INTERACTION = 32  # in the rows of the engine, and in the matrix that a model reads


def memory_of_vectors(task: RecommendationTask, dimension: int, *, precision: str, n_jobs: int) -> int:
    """Return the bytes for lists from vectors of users and items, including the users' vectors."""
    vectors = task.n_users * dimension * 4
    if precision != "float32":
        vectors += (task.n_users + task.n_items) * dimension * 4  # rounded copies
    tiles = memory_of_tiles(task.k, n_users=task.n_users, dimension=dimension, targets=task.truth.indptr, n_jobs=n_jobs)
    return memory_of_lists(task) + vectors + tiles


def memory_of_rows(task: RecommendationTask, size: int, *, n_jobs: int) -> int:
    """Return the bytes for lists from whole rows of scores, ``size`` rows at once."""
    blocks = memory_of_blocks(task.k, n_users=size, targets=task.truth.indptr, n_jobs=n_jobs)
    return memory_of_lists(task) + blocks + size * memory_of_row(task.n_items, task.k)


def memory_of_lists(task: RecommendationTask) -> int:
    """Return the bytes for lists that a model makes itself."""
    found = task.n_users * task.k * _PAIR + len(task.truth.items) * _RANKS
    history = int(np.sum(task.history.lengths[task.history_rows])) * _INTERACTION
    return _COPIES * found + history


def memory_of_row(n_items: int, k: int) -> int:
    """Return the bytes for the scores and the list of one user."""
    return n_items * BYTES_PER_SCORE + k * _PAIR


def batch_size_of(task: RecommendationTask, options: Options) -> int:
    """Return how many users are scored at once, 1 or more.

    With ``runner.memory`` the batch takes what the rest leaves. For a model whose last bits depend on the shape of the
    batch the size is the same in all shards of a run: half of the memory is for the batch.
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
    """Return the smallest ``runner.memory`` with which these lists can be made; any larger value works too."""
    row = memory_of_row(task.n_items, task.k)
    if options.batch_size != "auto":
        return memory_of_rows(task, options.batch_size, n_jobs=options.n_jobs)
    size = resolved_batch_size(options, task.n_items)
    rest = memory_of_rows(task, size, n_jobs=options.n_jobs) - size * row
    return 2 * max(rest, row) if options.fixed_batches else rest + row
