"""A few users, asked for as the whole run asks for all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import AnyRecommender, CandidateLists, ListRecommender, VectorRecommender
from harness.artifacts.arrays import BoolArray, Float64Array, Int64Array
from harness.errors import HarnessError
from harness.runner import Options, PredictionTask, found_by
from harness.runner.budget import batch_size_of
from harness.topk import Found, is_out_of_memory

DEPTH = 100  # how far down a list is looked
_CASES = 5


@dataclass(frozen=True, eq=False)
class Few:
    """Asks a model for a few users, with the options and the batches of its run.

    Parameters
    ----------
    task
        That of the run.
    options
        Those of the run.
    """

    task: PredictionTask
    options: Options

    def found(self, recommender: AnyRecommender, task: PredictionTask) -> Found:
        """Return what a model finds for the users of a task, so many at once as the run has at most.

        Raises
        ------
        HarnessError
            What is wrong with the model, or that so many users do not fit into memory.
        """
        users = max(1, task.n_users)
        if isinstance(recommender, VectorRecommender):
            # It is asked for thousands at once, which a few are not to be filled up to.
            options = replace(self.options, fixed_batches=False, precision="float32")
            try:
                return found_by(recommender, task, options)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                raise HarnessError(
                    f"the vectors of {users:,} users do not fit into the memory of {options.device}. Set how many a "
                    "module is called for at once, such as model.params.call.users_at_once: 16."
                ) from error
        if isinstance(recommender, ListRecommender):
            size = recommender.users_at_once if self.options.batch_size == "auto" else self.options.batch_size
            size = max(1, size * min(self.task.k, task.k) // task.k)  # longer lists of fewer users
        else:
            size = batch_size_of(self.task, self.options)
        return found_by(recommender, task, replace(self.options, batch_size=min(size, users)))

    def alone(self, recommender: AnyRecommender, task: PredictionTask) -> Found:
        """Return what a model finds for users who are asked for one by one."""
        parts = [self.found(recommender, task.rows(row, row + 1)) for row in range(task.n_users)]
        names = ("items", "scores", "above", "tied", "candidates")
        return Found(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def places(self, recommender: AnyRecommender, task: PredictionTask) -> tuple[Float64Array, Float64Array]:
        """Return where the relevant items of a task stand in the ranking of a user's candidates.

        Returns
        -------
        tuple
            The share of other candidates above each relevant item, ties counted half, ``(relevant items,)``, 0 at the
            top and NaN where it is no candidate; and the share of the candidates whose order is known, ``(users,)``,
            1 where all are scored. What is not in a list stands in the middle of what is left.
        """
        rows = np.repeat(np.arange(task.n_users), np.diff(task.truth.indptr))
        if not task.scored:
            task = replace(task, k=min(max(task.k, DEPTH), task.n_items))
        found = self.found(recommender, task)
        candidates = task.n_candidates()
        others = np.maximum(candidates - 1, 1)[rows]
        if task.scored:
            places = (found.above + found.tied / 2) / others
            return np.where(found.above < 0, np.nan, places), np.ones(task.n_users)
        lengths = (found.items >= 0).sum(axis=1)
        hits = found.items[rows] == task.truth.items[:, None]  # (relevant items, k)
        left = np.maximum(candidates - 1 - lengths, 0)[rows]
        places = np.where(hits.any(axis=1), hits.argmax(axis=1), lengths[rows] + left / 2) / others
        return np.where(_may_be(task, rows), places, np.nan), lengths / np.maximum(candidates, 1)


def cases_of(task: PredictionTask, rows: Int64Array) -> tuple[str, ...]:
    """Return words for the first users of some rows of a task."""
    return tuple(f"user {user}" for user in task.user_ids.ids[task.users[rows[:_CASES]]])


def _may_be(task: PredictionTask, rows: Int64Array) -> BoolArray:
    """Return which of a task's relevant items are candidates, bool ``(relevant items,)``."""
    asked, keys = task.asked(0, task.n_users), rows * task.n_items + task.truth.items
    may = np.ones(len(keys), dtype=bool) if asked.allowed is None else asked.allowed[task.truth.items]
    if asked.lists is not None:
        may = may & np.isin(keys, _keys(asked.lists, task.n_items))
    if asked.seen is not None:
        may = may & ~np.isin(keys, _keys(asked.seen, task.n_items))
    return may


def _keys(lists: CandidateLists, n_items: int) -> Int64Array:
    keys: Int64Array = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr)) * n_items + lists.items
    return keys
