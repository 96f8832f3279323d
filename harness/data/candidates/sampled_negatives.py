"""Sampled negatives: drawn once, the same for every model, and a warning with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.artifacts import CandidateLists, Finding, pair_keys, stream
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array, UInt64Array
from harness.data.candidates.allow_lists import AskedUsers, FoundCandidates, among, codes_of
from harness.errors import DataError

_BLOCK = 1 << 14  # users drawn for at once
_TURNS = 64  # of draws, after which what is lacking is taken in the order of a hash
_KRICHENE = (
    "sampled metrics need not rank models as metrics over all candidates do "
    "(Krichene and Rendle, On sampled metrics for item recommendation, KDD 2020)."
)


def sampled_negatives(
    users: AskedUsers,
    *,
    negatives: int,
    by: Literal["uniform", "popularity"],
    seed: int,
    allowed: BoolArray | None = None,
    popularity: Int64Array | None = None,
) -> FoundCandidates:
    """Return for each user the relevant items and so many others, drawn once for all models.

    A negative is neither relevant to the user nor in their history. The draw follows from (seed,
    the user's own id) and the catalogue: neither the model nor the order of rows changes it. A user
    with fewer eligible items gets them all.

    Parameters
    ----------
    users
        Who is asked for.
    negatives
        How many a user, 1 or more.
    by
        ``uniform``, or ``popularity``: by the number of interactions in training, without replacement.
    seed
        Of the draw.
    allowed
        bool ``(items,)``: what may be drawn, or None for every item.
    popularity
        int64 ``(items,)``: interactions in training; needed for ``popularity``.

    References
    ----------
    Krichene and Rendle, "On sampled metrics for item recommendation", KDD 2020.

    Raises
    ------
    DataError
        By popularity, and nothing that may be drawn was ever interacted with.
    """
    n_items = len(users.item_ids)
    weights = np.ones(n_items) if by == "uniform" or popularity is None else popularity.astype(np.float64)
    if allowed is not None:
        weights = np.where(allowed, weights, 0.0)
    if not weights.any():
        raise DataError(f"no item can be drawn by {by}: none that is allowed occurs in training. Draw by uniform.")
    relevant = np.unique(codes_of(np.arange(len(users.indices)), users.truth.indptr, users.truth.items, n_items))
    barred = np.union1d(relevant, _history_codes(users))
    drawn = _drawn(users, weights, barred, negatives, stream(seed, f"negatives by {by}"))
    counts = np.bincount(drawn // n_items, minlength=len(users.indices))
    codes = np.sort(np.concatenate([relevant, drawn]))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(codes // n_items, minlength=len(users.indices)))])
    facts = {"negatives": negatives, "by": by, "seed": seed, "users_with_fewer": int((counts < negatives).sum())}
    finding = Finding.counted(
        "sampled_candidates",
        len(users.indices),
        len(users.indices),
        "users",
        f"only their relevant items and {negatives} negatives drawn by {by} are ranked; {_KRICHENE}",
    )
    lists = CandidateLists(indptr.astype(np.int64), (codes % n_items).astype(np.int32))
    return FoundCandidates(lists, facts, (finding,))


def _history_codes(users: AskedUsers) -> Int64Array:
    starts, lengths = users.history.indptr[users.indices], users.history.lengths[users.indices]
    places = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
    codes: Int64Array = np.repeat(np.arange(len(lengths)), lengths) * len(users.item_ids) + users.history.items[places]
    return codes


def _drawn(users: AskedUsers, weights: Float64Array, barred: Int64Array, negatives: int, seed: int) -> Int64Array:
    """Return codes of (user, item), ascending, drawn block by block of users, which changes no draw."""
    n_items, n_users = len(weights), len(users.indices)
    keys = users.user_ids.keys[users.indices]
    parts = []
    for start in range(0, n_users, _BLOCK):
        stop = min(start + _BLOCK, n_users)
        own = barred[np.searchsorted(barred, start * n_items) : np.searchsorted(barred, stop * n_items)]
        block = _Draw(keys[start:stop], users.item_ids.keys, weights, own - start * n_items, negatives, seed)
        parts.append(block.codes() + start * n_items)
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Draw:
    """The draw of one block of users; codes are user times items plus item."""

    user_keys: UInt64Array
    item_keys: UInt64Array
    weights: Float64Array
    barred: Int64Array
    negatives: int
    seed: int

    def codes(self) -> Int64Array:
        """Return as many a user as asked for, or as there are; ascending."""
        n_items, n_users = len(self.weights), len(self.user_keys)
        cumulated = np.cumsum(self.weights)
        taken = np.empty(0, dtype=np.int64)
        open_users = np.arange(n_users)
        for turn in range(_TURNS):
            lacking = self.negatives - np.bincount(taken // n_items, minlength=n_users)
            open_users = open_users[lacking[open_users] > 0]
            if len(open_users) == 0:
                return taken
            # As many for each user in each turn: what others lack changes nobody's draw.
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
        # Some more than are asked for, since some will be barred or drawn twice.
        return self.negatives + 8

    @property
    def _last(self) -> int:
        return int(np.flatnonzero(self.weights > 0)[-1])

    def _fresh(self, codes: Int64Array, taken: Int64Array) -> Int64Array:
        return codes[~among(codes, self.barred) & ~among(codes, taken)]

    def _filled(self, taken: Int64Array, open_users: Int64Array) -> Int64Array:
        """Return the draw with what is lacking taken from all that is left, in the order of a hash."""
        n_items = len(self.weights)
        eligible = np.flatnonzero(self.weights > 0)
        parts = [taken]
        for user in open_users.tolist():
            have = np.searchsorted(taken, (user + 1) * n_items) - np.searchsorted(taken, user * n_items)
            codes = self._fresh(user * n_items + eligible, taken)
            order = np.argsort(pair_keys(self.seed, self.user_keys[user : user + 1], self.item_keys[codes % n_items]))
            parts.append(codes[order[: max(self.negatives - int(have), 0)]])
        return np.sort(np.concatenate(parts))
