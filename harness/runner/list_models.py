"""Collect and check the lists of models that make lists themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.artifacts import NO_ITEM, ListRecommender, ListRequest, RankedLists, RecommendationTask
from harness.errors import HarnessError
from harness.runner.batches import filled
from harness.runner.memory_budget import memory_of_lists
from harness.runner.scoring_options import Options
from harness.topk import TopKResult, is_out_of_memory

_NONE = np.empty(0, dtype=np.int32)


def by_lists(
    recommender: ListRecommender, task: RecommendationTask, options: Options, advance: Callable[[int], None]
) -> TopKResult:
    """Return the lists that a model makes for the users of a task, batch by batch.

    Raises
    ------
    HarnessError
        A list holds an item that may not be recommended or a score that is not finite, the lists have the wrong shape,
        or a batch or the lists do not fit into memory.
    """
    if task.scored:
        raise HarnessError("the model makes lists itself, so that exact ranks among all candidates are unknown.")
    needed = memory_of_lists(task)
    options.check(needed, f"keeping lists of {task.k:,} items for {task.n_users:,} users", enough=needed)
    size = recommender.users_at_once if options.batch_size == "auto" else options.batch_size
    items = np.empty((task.n_users, task.k), dtype=np.int32)
    scores = np.empty((task.n_users, task.k), dtype=np.float32)
    oddities = np.empty((task.n_users, 4), dtype=np.int32)
    for first in range(0, task.n_users, size):
        stop = min(first + size, task.n_users)
        batch, asked = task.batch(first, stop), task.list_request(first, stop)
        if options.fixed_batches:
            batch, asked = filled(batch, size), asked.of(np.minimum(np.arange(size), stop - first - 1))
        try:
            made = recommender.recommend(batch, asked)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            fewer = f"Set runner.batch_size, such as to {max(1, size // 4)}, or ask for shorter ones"
            raise HarnessError(
                f"lists for {size} user{'' if size == 1 else 's'} at once do not fit into the memory of "
                f"{options.device}. {'Ask for shorter ones' if size == 1 else fewer} (runner.k)."
            ) from error
        _check(made, asked, task, first, stop)
        rows = slice(0, stop - first)
        items[first:stop], scores[first:stop] = made.items[rows], made.scores[rows]
        oddities[first:stop] = np.stack([made.given, made.invalid, made.repeated, made.barred], axis=1)[rows]
        advance(stop - first)
    return TopKResult(items, scores, _NONE, _NONE, _NONE, oddities)


def _check(made: RankedLists, asked: ListRequest, task: RecommendationTask, first: int, stop: int) -> None:
    """Check the lists of a model that may be external."""
    shape = made.items.shape
    if len(shape) != 2 or shape[0] < stop - first or shape[1] != asked.k or made.scores.shape != shape:
        raise HarnessError(
            f"the model returned lists of shape {shape} with scores of shape {made.scores.shape}; "
            f"({stop - first}, {asked.k}) is needed of both."
        )
    items, scores = made.items[: stop - first], made.scores[: stop - first]
    is_item = items != NO_ITEM
    if (is_item[:, 1:] & ~is_item[:, :-1]).any():
        raise HarnessError("the model returned a list with a gap; -1 is allowed only at the end.")
    if ((items < NO_ITEM) | (items >= task.n_items)).any():
        raise HarnessError(f"the model returned a list with an item outside 0 to {task.n_items - 1}.")
    if not np.isfinite(scores[is_item]).all():
        row, column = np.argwhere(is_item & ~np.isfinite(scores))[0]
        raise infinite_score_error(task, first + row, items[row, column], scores[row, column])
    ordered = np.sort(np.where(is_item, items, -1 - np.arange(shape[1])), axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        raise HarnessError("the model returned a list that holds an item twice.")


def infinite_score_error(task: RecommendationTask, user: int, item: int, score: float) -> HarnessError:
    """Return the error for a score that is not finite; ``user`` is a row of the task."""
    own_user, own_item = task.user_ids.ids[task.users[user]], task.item_ids.ids[item]
    return HarnessError(
        f"the model gave user '{own_user}' the score {score} for item '{own_item}'; scores have to be finite. "
        "Fit the model again, with other parameters if that does not help; for an external model check its output."
    )
