"""Where the last item of a history stands in what a model gives to the rest of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import AnyRecommender, History, RecommendationTask, Truth
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.pipeline.model_trial.item_ranks import BOTTOM, Standing, barely_listed
from harness.pipeline.model_trial.trial_users import Few, places
from harness.pipeline.stages.list_audit import cases_of

_ALIKE = 1e-9  # places


@dataclass(frozen=True, eq=False)
class LastItems:
    """Histories without their last item, which is what to look for.

    Parameters
    ----------
    few
        What asks.
    before
        The histories without their last item, and as relevant items all that was in them.
    rows
        int64 ``(users,)``: rows of the run's task.
    items
        int64 ``(users,)``: the last items.
    """

    few: Few
    before: RecommendationTask
    rows: Int64Array
    items: Int64Array

    @classmethod
    def of(cls, few: Few, rows: Int64Array) -> LastItems:
        """Take the last item off the histories of some rows of a task, of at least two items each."""
        task = few.task
        whole = task.history.rows(task.history_rows[rows])
        users, n_items = np.arange(len(rows)), task.n_items
        ends = whole.indptr[1:] - 1
        kept = np.ones(len(whole.items), dtype=bool)
        kept[ends] = False
        each_once = np.unique(np.repeat(users, whole.lengths) * n_items + whole.items)
        before = replace(
            task,
            users=task.users[rows],
            truth=Truth(np.searchsorted(each_once, np.arange(len(rows) + 1) * n_items), each_once % n_items),
            history=History(whole.indptr - np.arange(len(rows) + 1), whole.items[kept], n_items),
            places=users,
            candidates=None,
            lists=None,
            exclude_seen=False,
            k=1 if task.scored else task.k,  # where all are scored, ranks tell
        )
        return cls(few, before, rows, whole.items[ends].astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    def of_users(self, chosen: BoolArray) -> LastItems:
        """Return those of some users, bool ``(users,)``."""
        places = np.flatnonzero(chosen)
        return LastItems(self.few, self.before.of_users(places), self.rows[chosen], self.items[chosen])

    def standing(self, recommender: AnyRecommender) -> Standing:
        """Return where each last item stands."""
        above, reach = places(self.few.found(recommender, self.before), self.before)
        return Standing(above[self._targets], reach)

    def as_it_is(self) -> tuple[Standing, BoolArray]:
        """Return where each last item stands, and who is given nothing of the whole history, bool ``(users,)``.

        A model that leaves out what its users had when it was trained puts all of it at the bottom, or into no list.
        What is tied with all the rest of the history is put there too, as where unknown items stand below.
        """
        above, reach = places(self.few.found(self.few.recommender, self.before), self.before)
        return Standing(above[self._targets], reach), self._left_out(above, reach)

    def _left_out(self, above: Float64Array, reach: Float64Array) -> BoolArray:
        starts, lengths = self.before.truth.indptr[:-1], np.diff(self.before.truth.indptr)
        if self.before.scored:
            highest, lowest = np.minimum.reduceat(above, starts), np.maximum.reduceat(above, starts)
            all_below = highest >= (self.before.n_items - lengths) / (self.before.n_items - 1) - _ALIKE
            tied = (lowest - highest < _ALIKE) & (lengths > 1)
            return np.asarray((above[self._targets] > BOTTOM) & (all_below | tied))
        listed = above < np.repeat(reach, lengths)
        expected = float((reach * lengths).sum())
        few_last = int(listed[self._targets].sum()) <= float(reach.sum())
        return np.full(len(self), few_last and barely_listed(int(listed.sum()), expected))

    def beside_history(self, positions: Int64Array, by: int) -> BoolArray:
        """Return whose last item has, so many positions on, an item of the same history, bool ``(users,)``.

        Where users go from each item to the one beside it, and a model ranks the history itself first, that is no sign
        of items that are off.
        """
        first = np.arange(len(self)) * (int(positions.max(initial=0)) + 5)  # of each user, with room for -2
        history = self.before.history.rows(self.before.history_rows)
        known = np.repeat(first, history.lengths) + positions[history.items]
        return np.isin(first + positions[self.items] + by, known)

    def cases(self, chosen: BoolArray) -> tuple[str, ...]:
        """Return words for some users, bool ``(users,)``."""
        return cases_of(self.few.task, self.rows[chosen])

    @property
    def _targets(self) -> Int64Array:
        """Where the last items stand among the relevant ones."""
        rows = np.arange(len(self))
        truth, n_items = self.before.truth, self.before.n_items
        keys = np.repeat(rows, np.diff(truth.indptr)) * n_items + truth.items
        found: Int64Array = np.searchsorted(keys, rows * n_items + self.items)
        return found


def relevant_standing(few: Few, rows: Int64Array) -> Standing:
    """Return where a relevant item of each user stands, of those who have one that may be recommended.

    Parameters
    ----------
    few
        What asks.
    rows
        int64 ``(users,)``: rows of the task.
    """
    if len(rows) == 0:
        return Standing(np.empty(0), np.empty(0))
    task = few.task.of_users(rows)
    above, reach = places(few.lists(rows), task)
    users = np.repeat(np.arange(len(rows)), np.diff(task.truth.indptr))
    known = np.flatnonzero(~np.isnan(above))
    owners, first = np.unique(users[known], return_index=True)
    return Standing(above[known[first]], reach[owners])
