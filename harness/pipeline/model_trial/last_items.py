"""Where the last item of each history ranks when the model is given the rest of the history."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import AnyRecommender, History, RecommendationTask, Truth
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.pipeline.model_trial.rank_positions import BOTTOM, RankPositions, barely_listed
from harness.pipeline.model_trial.trial_users import TrialUsers
from harness.pipeline.stages.list_audit import cases_of
from harness.topk import TopKResult

_EQUAL = 1e-9  # positions that differ by less are tied


@dataclass(frozen=True, eq=False)
class LastItems:
    """The last items of histories, and a task that withholds them from the model.

    Parameters
    ----------
    users
        The users of the trial.
    task
        The histories without their last item. All items of the whole history count as relevant.
    rows
        int64 ``(users,)``: the rows of the run's task.
    items
        int64 ``(users,)``: the last items.
    """

    users: TrialUsers
    task: RecommendationTask
    rows: Int64Array
    items: Int64Array

    @classmethod
    def of(cls, users: TrialUsers, rows: Int64Array) -> LastItems:
        """Withhold the last item from the histories of some rows of the task, of at least two items each."""
        whole = users.task.history.rows(users.task.history_rows[rows])
        order, n_items = np.arange(len(rows)), users.task.n_items
        ends = whole.indptr[1:] - 1
        kept = np.ones(len(whole.items), dtype=bool)
        kept[ends] = False
        distinct = np.unique(np.repeat(order, whole.lengths) * n_items + whole.items)
        task = replace(
            users.task,
            users=users.task.users[rows],
            truth=Truth(np.searchsorted(distinct, np.arange(len(rows) + 1) * n_items), distinct % n_items),
            history=History(whole.indptr - np.arange(len(rows) + 1), whole.items[kept], n_items),
            places=order,
            candidates=None,
            lists=None,
            exclude_seen=False,
            k=1 if users.task.scored else users.task.k,  # scores give exact ranks, whatever k
        )
        return cls(users, task, rows, whole.items[ends].astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    def of_users(self, chosen: BoolArray) -> LastItems:
        """Return the last items of some users, bool ``(users,)``."""
        places = np.flatnonzero(chosen)
        return LastItems(self.users, self.task.of_users(places), self.rows[chosen], self.items[chosen])

    def positions(self, recommender: AnyRecommender) -> RankPositions:
        """Return where each last item ranks."""
        positions, ranked = positions_of(self.users.found(recommender, self.task), self.task)
        return RankPositions(positions[self._targets], ranked)

    def declared_positions(self) -> tuple[RankPositions, BoolArray]:
        """Return where each last item ranks, and whose whole history is left out, bool ``(users,)``.

        A model that leaves out what it was trained on ranks the whole history at the bottom, or in no list. A history
        whose items are all tied counts as such too: the model may rank unknown items lower still.
        """
        positions, ranked = positions_of(self.users.found(self.users.recommender, self.task), self.task)
        return RankPositions(positions[self._targets], ranked), self._left_out(positions, ranked)

    def _left_out(self, positions: Float64Array, ranked: Float64Array) -> BoolArray:
        starts, lengths = self.task.truth.indptr[:-1], np.diff(self.task.truth.indptr)
        if self.task.scored:
            highest, lowest = np.minimum.reduceat(positions, starts), np.maximum.reduceat(positions, starts)
            all_below = highest >= (self.task.n_items - lengths) / (self.task.n_items - 1) - _EQUAL
            tied = (lowest - highest < _EQUAL) & (lengths > 1)
            return np.asarray((positions[self._targets] > BOTTOM) & (all_below | tied))
        listed = positions < np.repeat(ranked, lengths)
        expected = float((ranked * lengths).sum())
        few_last = int(listed[self._targets].sum()) <= float(ranked.sum())
        return np.full(len(self), few_last and barely_listed(int(listed.sum()), expected))

    def beside_history(self, positions: Int64Array, by: int) -> BoolArray:
        """Return whose history has an item that many indices after the last item, bool ``(users,)``.

        If users go from each item to the one beside it, and the model ranks the history first, the last item ranks
        higher when items are shifted, although they are not off by one.
        """
        first = np.arange(len(self)) * (int(positions.max(initial=0)) + 5)  # of each user, with room for -2
        history = self.task.history.rows(self.task.history_rows)
        known = np.repeat(first, history.lengths) + positions[history.items]
        return np.isin(first + positions[self.items] + by, known)

    def cases(self, chosen: BoolArray) -> tuple[str, ...]:
        """Return the first of some users for a finding, bool ``(users,)``."""
        return cases_of(self.users.task, self.rows[chosen])

    @property
    def _targets(self) -> Int64Array:
        """The places of the last items among the relevant items of the task."""
        rows = np.arange(len(self))
        found: Int64Array = np.searchsorted(
            _keys(self.task.truth.indptr, self.task.truth.items, self.task.n_items),
            rows * self.task.n_items + self.items,
        )
        return found


def relevant_positions(users: TrialUsers, rows: Int64Array) -> RankPositions:
    """Return where a relevant item of each user ranks, for rows of the task with a relevant item among the candidates.

    Parameters
    ----------
    users
        The users of the trial.
    rows
        int64 ``(users,)``: rows of the task.
    """
    if len(rows) == 0:
        return RankPositions.empty()
    task = users.task.of_users(rows)
    positions, ranked = positions_of(users.lists(rows), task)
    owners = np.repeat(np.arange(len(rows)), np.diff(task.truth.indptr))
    known = np.flatnonzero(~np.isnan(positions))
    owners, first = np.unique(owners[known], return_index=True)
    return RankPositions(positions[known[first]], ranked[owners])


def positions_of(found: TopKResult, task: RecommendationTask) -> tuple[Float64Array, Float64Array]:
    """Return where the relevant items of a task rank among the candidates of their users.

    Returns
    -------
    tuple
        The share of the other candidates above each relevant item, ties counted half, ``(relevant items,)``, NaN for
        an item that is not a candidate; and the share of the candidates that are ranked, ``(users,)``. An item in no
        list stands in the middle of the candidates that are not listed.
    """
    rows = np.repeat(np.arange(task.n_users), np.diff(task.truth.indptr))
    candidates = task.n_candidates()
    others = np.maximum(candidates - 1, 1)[rows]
    if task.scored:
        above = (found.above + found.tied / 2) / others
        return np.where(found.above < 0, np.nan, above), np.ones(task.n_users)
    lengths = (found.items >= 0).sum(axis=1)
    hits = found.items[rows] == task.truth.items[:, None]  # (relevant items, k)
    left = np.maximum(candidates - 1 - lengths, 0)[rows]
    above = np.where(hits.any(axis=1), hits.argmax(axis=1), lengths[rows] + left / 2) / others
    return np.where(_are_candidates(task), above, np.nan), lengths / np.maximum(candidates, 1)


def _are_candidates(task: RecommendationTask) -> BoolArray:
    """Return which relevant items of a task are candidates, bool ``(relevant items,)``."""
    asked, keys = task.list_request(0, task.n_users), _keys(task.truth.indptr, task.truth.items, task.n_items)
    may = np.ones(len(keys), dtype=bool) if asked.allowed is None else asked.allowed[task.truth.items]
    for lists, allows in ((asked.lists, True), (asked.seen, False)):
        if lists is not None:
            may = may & (np.isin(keys, _keys(lists.indptr, lists.items, task.n_items)) == allows)
    return may


def _keys(indptr: Int64Array, items: np.ndarray, n_items: int) -> Int64Array:
    """Return a number for each entry of a CSR matrix that identifies its row and item."""
    keys: Int64Array = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)) * n_items + items
    return keys
