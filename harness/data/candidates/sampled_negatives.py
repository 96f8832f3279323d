"""Sampled negatives: drawn once, the same for every model, and reported with a warning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.artifacts import Finding, RecommendationTask, pair_keys, stream
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array, UInt64Array
from harness.data.candidates.allow_lists import UserCandidates, among, codes_of, lists_of_codes
from harness.errors import DataError

_BLOCK = 1 << 14  # users per block of draws
_TURNS = 64  # rounds of draws, after which missing negatives are taken in the order of a hash
_KRICHENE = (
    "sampled metrics need not rank models as metrics over all candidates do "
    "(Krichene and Rendle, On sampled metrics for item recommendation, KDD 2020)."
)


def sampled_negatives(
    task: RecommendationTask,
    *,
    negatives: int,
    by: Literal["uniform", "popularity"],
    seed: int,
    allowed: BoolArray | None = None,
    popularity: Int64Array | None = None,
) -> UserCandidates:
    """Return the relevant items of each user together with sampled negatives, drawn once for all models.

    A negative is neither relevant to the user nor in their history. The draw depends on the seed, the user's external
    id and the catalogue only: neither the model nor the order of rows changes it. A user with fewer eligible items gets
    all of them.

    Parameters
    ----------
    task
        The users, their relevant items and their histories.
    negatives
        Number of negatives per user, 1 or more.
    by
        ``uniform``, or ``popularity``: by the number of interactions in training, without replacement.
    seed
        Seed of the draw.
    allowed
        bool ``(items,)``: the items that may be drawn; None: all items.
    popularity
        int64 ``(items,)``: interactions in training; needed for ``popularity``.

    References
    ----------
    Krichene and Rendle, "On sampled metrics for item recommendation", KDD 2020.

    Raises
    ------
    DataError
        ``by`` is ``popularity``, and no item that may be drawn occurs in training.
    """
    n_items = len(task.item_ids)
    weights = np.ones(n_items) if by == "uniform" or popularity is None else popularity.astype(np.float64)
    if allowed is not None:
        weights = np.where(allowed, weights, 0.0)
    if not weights.any():
        raise DataError(f"no item can be drawn by {by}: no allowed item occurs in training. Draw by uniform.")
    relevant = np.unique(codes_of(task.truth.indptr, task.truth.items, n_items))
    history = task.history.rows(task.users)
    barred = np.union1d(relevant, codes_of(history.indptr, history.items, n_items))
    drawn = _drawn(task, weights, barred, negatives, stream(seed, f"negatives by {by}"))
    counts = np.bincount(drawn // n_items, minlength=len(task.users))
    facts = {"negatives": negatives, "by": by, "seed": seed, "users_with_fewer": int((counts < negatives).sum())}
    finding = Finding.counted(
        "sampled_candidates",
        len(task.users),
        len(task.users),
        "users",
        f"only their relevant items and {negatives} negatives drawn by {by} are ranked; {_KRICHENE}",
    )
    lists = lists_of_codes(np.sort(np.concatenate([relevant, drawn])), len(task.users), n_items)
    return UserCandidates(lists, facts, (finding,))


def _drawn(
    task: RecommendationTask, weights: Float64Array, barred: Int64Array, negatives: int, seed: int
) -> Int64Array:
    """Return codes of (user, item), ascending, drawn per block of users; the blocks change no draw."""
    n_items, n_users = len(weights), len(task.users)
    keys = task.user_ids.keys[task.users]
    parts = []
    for start in range(0, n_users, _BLOCK):
        stop = min(start + _BLOCK, n_users)
        own = barred[np.searchsorted(barred, start * n_items) : np.searchsorted(barred, stop * n_items)]
        block = _BlockSampler(keys[start:stop], task.item_ids.keys, weights, own - start * n_items, negatives, seed)
        parts.append(block.codes() + start * n_items)
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _BlockSampler:
    """The draw of one block of users; codes are user times items plus item."""

    user_keys: UInt64Array
    item_keys: UInt64Array
    weights: Float64Array
    barred: Int64Array
    negatives: int
    seed: int

    def codes(self) -> Int64Array:
        """Return ascending codes: ``negatives`` per user, or all that are eligible."""
        n_items, n_users = len(self.weights), len(self.user_keys)
        cumulated = np.cumsum(self.weights)
        taken = np.empty(0, dtype=np.int64)
        open_users = np.arange(n_users)
        for turn in range(_TURNS):
            lacking = self.negatives - np.bincount(taken // n_items, minlength=n_users)
            open_users = open_users[lacking[open_users] > 0]
            if len(open_users) == 0:
                return taken
            # The same number of draws per user in each round, so that no user's draw depends on others.
            numbers = np.arange(self._width) + turn * self._width
            bits = pair_keys(self.seed, self.user_keys[open_users, None], numbers.astype(np.uint64))  # (users, draws)
            points = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53 * cumulated[-1]
            found = np.minimum(np.searchsorted(cumulated, points, side="right"), self._last)
            fresh = self._fresh((open_users[:, None] * n_items + found).reshape(-1), taken)
            _, first = np.unique(fresh, return_index=True)
            fresh = fresh[np.sort(first)]  # users ascend, each in the order of their draws
            owner = fresh // n_items
            place = np.arange(len(owner)) - np.searchsorted(owner, owner, side="left")
            taken = np.sort(np.concatenate([taken, fresh[place < lacking[owner]]]))
        return self._filled(taken, open_users)

    @property
    def _width(self) -> int:
        # A few more than needed, since some will be excluded or drawn twice.
        return self.negatives + 8

    @property
    def _last(self) -> int:
        return int(np.flatnonzero(self.weights > 0)[-1])

    def _fresh(self, codes: Int64Array, taken: Int64Array) -> Int64Array:
        return codes[~among(codes, self.barred) & ~among(codes, taken)]

    def _filled(self, taken: Int64Array, open_users: Int64Array) -> Int64Array:
        """Return the draw, completed from all eligible items in the order of a hash."""
        n_items = len(self.weights)
        eligible = np.flatnonzero(self.weights > 0)
        parts = [taken]
        for user in open_users.tolist():
            have = np.searchsorted(taken, (user + 1) * n_items) - np.searchsorted(taken, user * n_items)
            codes = self._fresh(user * n_items + eligible, taken)
            order = np.argsort(pair_keys(self.seed, self.user_keys[user : user + 1], self.item_keys[codes % n_items]))
            parts.append(codes[order[: max(self.negatives - int(have), 0)]])
        return np.sort(np.concatenate(parts))
