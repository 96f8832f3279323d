"""What is asked of a model: whom to recommend to, of what, and what was relevant."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import CandidateLists, History, ListsAsked, Truth, UserBatch, Vocabulary, candidate_counts
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.topk import ItemRows, TieBreak, TopKRequest


@dataclass(frozen=True, eq=False)
class PredictionTask:
    """Users in their order, with all that decides their lists beside the model.

    Parameters
    ----------
    users
        int64 ``(users,)``: whom to score, as indices into ``user_ids``.
    truth
        Relevant items, a row for each of ``users``.
    history
        What each user of the vocabulary did; the model sees it, and it is what ``seen`` means.
    user_ids, item_ids
        The vocabularies.
    places
        int64 ``(users,)``: the row of ``history`` for each of ``users``, which may repeat then; None
        where it has a row a user of the vocabulary.
    candidates
        bool ``(items,)``: what may be recommended; None for every item.
    lists
        The candidates of each of ``users``, row by row; None for all of ``candidates``.
    exclude_seen
        Whether items of a user's history are no candidates for that user.
    k
        Length of the lists, 1 or more. A user with fewer candidates gets a shorter list.
    seed
        Of the random order among equal scores.
    scored
        Whether the model scores all candidates; False for one that makes lists itself, so that the ranks of relevant
        items are not known.
    """

    users: Int64Array
    truth: Truth
    history: History
    user_ids: Vocabulary
    item_ids: Vocabulary
    places: Int64Array | None = None
    candidates: BoolArray | None = None
    lists: CandidateLists | None = None
    exclude_seen: bool = True
    k: int = 100
    seed: int = 0
    scored: bool = True

    @property
    def n_users(self) -> int:
        """How many lists are asked for."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.item_ids)

    @property
    def history_rows(self) -> Int64Array:
        """The row of ``history`` for each of ``users``; int64 ``(users,)``."""
        return self.users if self.places is None else self.places

    def rows(self, start: int, stop: int) -> PredictionTask:
        """Return the task of consecutive users."""
        return replace(
            self,
            users=self.users[start:stop],
            truth=self.truth.rows(np.arange(start, stop)),
            places=None if self.places is None else self.places[start:stop],
            lists=None if self.lists is None else self.lists.rows(start, stop),
        )

    def of_users(self, chosen: Int64Array) -> PredictionTask:
        """Return the task of some rows in the order given; int64 ``(n,)``."""
        return replace(
            self,
            users=self.users[chosen],
            truth=self.truth.rows(chosen),
            places=None if self.places is None else self.places[chosen],
            lists=None if self.lists is None else self.lists.of(chosen),
        )

    def batch(self, start: int, stop: int) -> UserBatch:
        """Return consecutive users as a model reads them."""
        places = None if self.places is None else self.places[start:stop]
        return UserBatch(self.users[start:stop], self.history, places)

    def request(self, start: int, stop: int) -> TopKRequest:
        """Return what is asked of the engine for consecutive users."""
        part = self.rows(start, stop)
        seen = None
        if self.exclude_seen:
            seen = ItemRows(*part.batch(0, stop - start).rows())
        return TopKRequest(
            self.k,
            TieBreak(self.seed, self.user_ids.keys[part.users], self.item_ids.keys),
            seen=seen,
            lists=None if part.lists is None else ItemRows(part.lists.indptr, part.lists.items),
            allowed=self.candidates,
            targets=ItemRows(part.truth.indptr, part.truth.items),
        )

    def asked(self, start: int, stop: int) -> ListsAsked:
        """Return what is asked of a model that makes lists itself, for consecutive users."""
        seen = CandidateLists(*self.batch(start, stop).rows()) if self.exclude_seen else None
        lists = None if self.lists is None else self.lists.rows(start, stop)
        return ListsAsked(self.k, seen, lists, self.candidates, self.seed)

    def n_candidates(self) -> Int64Array:
        """Return the number of candidate items per user; int64 ``(users,)``."""
        return candidate_counts(
            allowed=np.ones(self.n_items, dtype=np.bool_) if self.candidates is None else self.candidates,
            lists=self.lists,
            seen=self.history.rows(self.history_rows) if self.exclude_seen else None,
            n_users=self.n_users,
        )

    def check(self) -> None:
        """Check that the parts fit together.

        Raises
        ------
        HarnessError
            They do not.
        """
        if self.k < 1:
            raise HarnessError(f"k is {self.k}; lists need 1 item or more (runner.k).")
        history, places = self.history, self.places
        if places is not None:
            _check_range(places, history.n_users, "places")
        rows = len(self.user_ids) if places is None else history.n_users
        if (history.n_users, history.n_items) != (rows, self.n_items):
            raise HarnessError(
                f"the history has {history.n_users} users and {history.n_items} items, the vocabularies "
                f"{len(self.user_ids)} and {self.n_items}; they must be alike."
            )
        if self.truth.n_users != self.n_users:
            raise HarnessError(
                f"the truth has {self.truth.n_users} rows for {self.n_users} users; one a user is needed."
            )
        _check_range(self.users, len(self.user_ids), "users")
        _check_range(self.truth.items, self.n_items, "truth.items")
        if self.candidates is not None and self.candidates.shape != (self.n_items,):
            raise HarnessError(f"candidates has shape {self.candidates.shape}; ({self.n_items},) is needed.")
        if self.candidates is not None and not self.candidates.any():
            raise HarnessError("no item may be recommended: candidates is false throughout. Use candidates.items: all.")
        if self.lists is not None:
            if len(self.lists.indptr) != self.n_users + 1:
                raise HarnessError(
                    f"there are {len(self.lists.indptr) - 1} lists of candidates for {self.n_users} users; "
                    "one each is needed."
                )
            _check_range(self.lists.items, self.n_items, "lists.items")


def _check_range(indices: np.ndarray, size: int, what: str) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        raise HarnessError(f"{what} holds {indices.min()} to {indices.max()}; indices from 0 to {size - 1} are needed.")
