"""What a model is asked to recommend: the users, their candidates and the relevant items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from harness.artifacts.array_types import BoolArray, Float64Array, Int32Array, Int64Array
from harness.artifacts.candidate_lists import CandidateLists
from harness.artifacts.finding import Finding
from harness.artifacts.interactions import History, Part
from harness.artifacts.json_values import Facts
from harness.artifacts.list_request import ListRequest
from harness.artifacts.size_findings import candidate_counts
from harness.artifacts.time_units import TimeUnit
from harness.artifacts.truth import Truth
from harness.artifacts.user_batch import UserBatch
from harness.artifacts.vocabulary import Vocabulary
from harness.errors import HarnessError


@dataclass(frozen=True, eq=False)
class RecommendationTask:
    """Users in their order, with everything but the model that decides their lists.

    Parameters
    ----------
    users
        int64 ``(users,)``: the users to recommend to, as indices into ``user_ids``. With rolling history a user has
        one row per moment.
    truth
        Relevant items, one row for each of ``users``.
    history
        Earlier interactions, which the model reads and which decide what counts as seen.
    user_ids, item_ids
        The vocabularies.
    places
        int64 ``(users,)``: the row of ``history`` for each of ``users``; None where ``history`` has one row per user of
        the vocabulary.
    candidates
        bool ``(items,)``: the items that may be recommended; None: all items.
    lists
        The candidates of each of ``users``, row by row; None: all of ``candidates``.
    exclude_seen
        Whether the items of a user's history are excluded from that user's candidates.
    k
        Length of the lists, 1 or more. A user with fewer candidates gets a shorter list.
    seed
        Seed of the random order among equal scores.
    scored
        Whether the model scores all candidates. False for a model or a file that gives ranked lists only, so that the
        exact ranks of relevant items are unknown.
    history_parts
        The parts of the split that ``history`` holds.
    times
        int64 or float64 ``(users,)``: with rolling history the moment of each row, else None.
    time_unit
        The unit of ``times``; None where they are numbers without a unit.
    candidate_facts
        Counts of the candidates that files and draws give, for the report.
    findings
        Findings about the candidates.

    Examples
    --------
    >>> ids, history = Vocabulary.of([7, 8]), History(np.array([0, 1, 1]), np.array([1], dtype=np.int32), n_items=3)
    >>> task = RecommendationTask(
    ...     np.array([0, 1]), Truth.from_lists([[0], [2]]), history, ids, Vocabulary.of([4, 5, 6]), k=2
    ... )
    >>> task.n_candidates().tolist()
    [2, 3]
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
    history_parts: tuple[Part, ...] = ()
    times: Int64Array | Float64Array | None = None
    time_unit: TimeUnit | None = None
    candidate_facts: Mapping[str, Facts] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def n_users(self) -> int:
        """Number of lists to make."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.item_ids)

    @property
    def history_rows(self) -> Int64Array:
        """The row of ``history`` for each of ``users``; int64 ``(users,)``."""
        return self.users if self.places is None else self.places

    def rows(self, start: int, stop: int) -> RecommendationTask:
        """Return the task of consecutive users."""
        lists = None if self.lists is None else self.lists.rows(start, stop)
        return self._selected(slice(start, stop), self.truth.rows(np.arange(start, stop)), lists)

    def of_users(self, chosen: Int64Array) -> RecommendationTask:
        """Return the task of some rows, int64 ``(n,)``, in the order given."""
        return self._selected(chosen, self.truth.rows(chosen), None if self.lists is None else self.lists.of(chosen))

    def _selected(self, rows: slice | Int64Array, truth: Truth, lists: CandidateLists | None) -> RecommendationTask:
        places = None if self.places is None else self.places[rows]
        times = None if self.times is None else self.times[rows]
        return replace(self, users=self.users[rows], truth=truth, places=places, lists=lists, times=times)

    def batch(self, start: int, stop: int) -> UserBatch:
        """Return consecutive users as a model reads them."""
        places = None if self.places is None else self.places[start:stop]
        return UserBatch(self.users[start:stop], self.history, places)

    def list_request(self, start: int, stop: int) -> ListRequest:
        """Return the request for the lists of consecutive users, for a model that makes lists itself."""
        seen = CandidateLists(*self.batch(start, stop).rows()) if self.exclude_seen else None
        lists = None if self.lists is None else self.lists.rows(start, stop)
        return ListRequest(self.k, seen, lists, self.candidates, self.seed)

    def n_candidates(self) -> Int64Array:
        """Return the number of candidates per user; int64 ``(users,)``."""
        return candidate_counts(
            allowed=np.ones(self.n_items, dtype=np.bool_) if self.candidates is None else self.candidates,
            lists=self.lists,
            seen=self.history.rows(self.history_rows) if self.exclude_seen else None,
            n_users=self.n_users,
        )

    def check(self) -> None:
        """Check that the parts of the task fit together.

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
                f"{len(self.user_ids)} and {self.n_items}; they must be equal."
            )
        if self.truth.n_users != self.n_users:
            raise HarnessError(
                f"the truth has {self.truth.n_users} rows for {self.n_users} users; one row per user is needed."
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


def _check_range(indices: Int32Array | Int64Array, size: int, what: str) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        raise HarnessError(f"{what} holds {indices.min()} to {indices.max()}; indices from 0 to {size - 1} are needed.")
