"""A user's held-out moments one by one, each with all that the user did before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts import PARTS, History, Part, Split, Truth
from harness.artifacts.arrays import BoolArray, Float64Array, Int64Array
from harness.data.sequences import Moments, needed_timestamps


@dataclass(frozen=True, eq=False)
class Occasions:
    """The moments of a part at which a user is predicted for, by user, then time.

    Parameters
    ----------
    users
        int64 ``(occasions,)``: indices into the user vocabulary; they repeat.
    times
        ``(occasions,)``, in the data set's own unit.
    truth
        Row by row: what the user did at that moment.
    history
        Row by row: what the user did before it, oldest first, earlier moments of the part included.
    """

    users: Int64Array
    times: Int64Array | Float64Array
    truth: Truth
    history: History

    def of_users(self, chosen: BoolArray) -> Occasions:
        """Return the occasions of some users, bool ``(users of the vocabulary,)``."""
        rows = np.flatnonzero(chosen[self.users])
        truth, history = self.truth, self.history
        held_out, before = _csr_rows(truth.indptr, rows), _csr_rows(history.indptr, rows)
        ids = None if truth.users is None else truth.users[rows]
        return Occasions(
            self.users[rows],
            self.times[rows],
            Truth(held_out.indptr, truth.items[held_out.places], users=ids),
            History(before.indptr, history.items[before.places], history.n_items),
        )


def occasions_of(split: Split, part: Part, known: Sequence[Part]) -> Occasions:
    """Return the occasions of a part.

    Parameters
    ----------
    split
        In canonical order, with timestamps.
    part
        What is predicted.
    known
        The parts whose rows are history from the start.

    Examples
    --------
    >>> from harness.artifacts import Interactions, Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0, 0]),
    ...     items=np.array([4, 5, 6, 7]),
    ...     timestamps=np.array([1, 2, 3, 3]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of(np.arange(8)),
    ... )
    >>> found = occasions_of(Split(rows, np.array([0, 2, 2, 2], dtype=np.int8)), "test", ("train",))
    >>> found.times.tolist(), found.truth.items.tolist(), found.history.items.tolist()
    ([2, 3], [5, 6, 7], [4, 4, 5])
    """
    labels = [PARTS.index(name) for name in (*known, part)]
    rows = split.interactions.rows(np.isin(split.labels, labels))
    held_out = split.labels[np.isin(split.labels, labels)] == PARTS.index(part)
    times = needed_timestamps(rows, purpose="rolling history")
    places = np.flatnonzero(held_out)
    users, moments = rows.users[places], times[places]
    first = np.flatnonzero(np.r_[True, (users[1:] != users[:-1]) | (moments[1:] != moments[:-1])][: len(places)])
    indptr = np.append(first, len(places)).astype(np.int64)
    owners = users[first].astype(np.int64)
    truth = Truth(indptr, rows.items[places], users=rows.user_ids.ids[owners])
    # In canonical order what a user did before is a run of rows that ends where the moment begins.
    begins = np.searchsorted(rows.users, owners, side="left")
    runs = Moments.of(rows.users, times)
    ends = np.repeat(runs.starts, runs.sizes)[places[first]]
    lengths = ends - begins
    history_indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    taken = np.repeat(begins - history_indptr[:-1], lengths) + np.arange(history_indptr[-1])
    history = History(history_indptr, rows.items[taken], len(rows.item_ids))
    return Occasions(owners, moments[first], truth, history)


@dataclass(frozen=True, eq=False)
class _Taken:
    indptr: Int64Array
    places: Int64Array


def _csr_rows(indptr: Int64Array, rows: Int64Array) -> _Taken:
    lengths = np.diff(indptr)[rows]
    taken = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return _Taken(taken, np.repeat(indptr[:-1][rows] - taken[:-1], lengths) + np.arange(taken[-1]))
