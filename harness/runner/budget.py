"""How many bytes lists take on the CPU while they are made, beside the model."""

from __future__ import annotations

from harness.runner.options import BYTES_PER_SCORE, Options, resolved_batch_size
from harness.runner.task import PredictionTask
from harness.topk import memory_of_blocks, memory_of_tiles

_PAIR = 8  # an item and its score
_COPIES = 3  # of the lists: two more while they are written


def memory_of_vectors(task: PredictionTask, dimension: int, *, n_jobs: int) -> int:
    """Return the bytes for lists by vectors of users and items, the users' vectors included."""
    return _lists(task) + task.n_users * dimension * 4 + memory_of_tiles(task.k, n_users=task.n_users, n_jobs=n_jobs)


def memory_of_rows(task: PredictionTask, options: Options) -> int:
    """Return the bytes for lists by whole rows of scores, so many of these at once as the options say."""
    size = min(resolved_batch_size(options, task.n_items), task.n_users)
    if options.fixed_batches:
        size = resolved_batch_size(options, task.n_items)
    batch = size * (task.n_items * BYTES_PER_SCORE + task.k * _PAIR)
    return _lists(task) + batch + memory_of_blocks(task.k, n_users=size, n_jobs=options.n_jobs)


def _lists(task: PredictionTask) -> int:
    return _COPIES * task.n_users * task.k * _PAIR
