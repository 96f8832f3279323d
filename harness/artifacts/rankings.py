"""Ranked lists, what was relevant, and where it stood: the border between the GPU and the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from harness.artifacts.array_types import BoolArray, Float32Array, IdArray, Int32Array, Int64Array
from harness.artifacts.csr import indptr_of_kept, runs
from harness.artifacts.scores import as_gains, as_scores, plain_array
from harness.errors import DataError

NO_ITEM = -1  # fills a list that is shorter than k
NOT_A_CANDIDATE = -1  # the rank of a relevant item that the model was not allowed to recommend


@dataclass(frozen=True, eq=False)
class TopK:
    """Recommended items, best first.

    Parameters
    ----------
    items
        int32 ``(users, k)``: item indices, -1 where the list is shorter. An item whose score is -inf is not
        recommended: its slot becomes -1, and nothing moves up.
    scores
        ``(users, k)``, rounded to float32, or None. -inf where the list is shorter.
    users
        Own ids ``(users,)`` for alignment with a ``Truth``, or None: row by row.

    Attributes
    ----------
    highest
        The largest item index, -1 where there is no item.
    masked
        Number of slots that were emptied because their score is -inf.

    Raises
    ------
    DataError
        The shapes do not fit together; the items are not whole numbers from -1 on; or a score is NaN, plus infinity,
        beyond the range of float32, or no real number.

    Examples
    --------
    >>> TopK(np.array([[4, 2, -1]])).k
    3
    >>> TopK(np.array([[4, 2, 3]]), np.array([[0.5, 0.1, -np.inf]])).items
    array([[ 4,  2, -1]], dtype=int32)
    """

    items: Int32Array
    scores: Float32Array | None = None
    users: IdArray | None = None
    highest: int = field(init=False, repr=False)
    masked: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        items, scores = _as_int32(self.items, "TopK.items"), self.scores
        if items.ndim != 2:
            raise DataError(f"TopK.items has shape {items.shape}; (users, k) is needed.")
        _check_users(self.users, len(items), "TopK")
        if items.min(initial=NO_ITEM) < NO_ITEM:
            row = int(np.flatnonzero((items < NO_ITEM).any(axis=1))[0])
            raise DataError(
                f"{self.row_name(row)} holds the item index {items[row].min()}. Use indices from 0 on, and -1 for an "
                "empty slot."
            )
        masked = 0
        if scores is not None:
            scores = as_scores(scores, what="TopK.scores", place=self._slot)
            if scores.shape != items.shape:
                raise DataError(f"TopK.scores has shape {scores.shape}, items {items.shape}; they must be alike.")
            # Most lists are full, which one pass shows.
            if scores.min(initial=0.0) == -np.inf:
                barred = (scores == -np.inf) & (items != NO_ITEM)
                masked = int(barred.sum())
                items = np.where(barred, np.int32(NO_ITEM), items) if masked else items
        object.__setattr__(self, "items", items)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "highest", int(items.max(initial=NO_ITEM)))
        object.__setattr__(self, "masked", masked)

    def _slot(self, place: int) -> str:
        """Return the name of a slot at a flat index, for messages."""
        shape = np.asarray(self.scores).shape
        row, slot = divmod(place, shape[-1]) if shape else (0, 0)
        return f"the score at rank {slot + 1} in {self.row_name(row)}"

    def row_name(self, row: int) -> str:
        """Return the name of a row and its user, for messages."""
        known = self.users is not None and row < len(self.users)
        return f"row {row} of the TopK{f' (user {np.asarray(self.users).tolist()[row]!r})' if known else ''}"

    @property
    def n_users(self) -> int:
        """Number of lists."""
        return int(self.items.shape[0])

    @property
    def k(self) -> int:
        """Length of the lists."""
        return int(self.items.shape[1])


@dataclass(frozen=True, eq=False)
class Truth:
    """Relevant items of each user, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``.
    items
        int32 ``(n,)``: item indices; an item that repeats within a user counts once.
    gains
        float32 ``(n,)``, graded relevance, finite, or None: binary. Of an item that repeats within a user the highest
        gain counts; 0 or less is not relevant.
    users
        Own ids ``(users,)``, or None.

    Raises
    ------
    DataError
        The arrays do not describe a CSR, or a gain is not a finite number of float32.

    Examples
    --------
    >>> Truth.from_lists([[3, 5], [7]]).indptr
    array([0, 2, 3])
    """

    indptr: Int64Array
    items: Int32Array
    gains: Float32Array | None = None
    users: IdArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "indptr", np.ascontiguousarray(self.indptr, dtype=np.int64))
        object.__setattr__(self, "items", _as_int32(self.items, "Truth.items"))
        indptr, items = self.indptr, self.items
        if indptr.ndim != 1 or items.ndim != 1 or len(indptr) == 0:
            raise DataError(
                f"Truth has indptr {indptr.shape} and items {items.shape}; (users + 1,) and (n,) are needed."
            )
        if indptr[0] != 0 or indptr[-1] != len(items) or (np.diff(indptr) < 0).any():
            raise DataError(f"Truth.indptr must rise from 0 to the number of items, {len(items)}.")
        if self.gains is not None:
            object.__setattr__(self, "gains", as_gains(self.gains, what="Truth.gains"))
            if self.gains.shape != items.shape:
                raise DataError(f"Truth.gains has shape {self.gains.shape}, items {items.shape}; they must be alike.")
        _check_users(self.users, len(indptr) - 1, "Truth")

    @classmethod
    def from_lists(cls, lists: Iterable[Sequence[int]], *, users: IdArray | None = None) -> Truth:
        """Return the truth of a list of item indices a user."""
        rows = [_as_int32(np.asarray(row), "Truth.items") for row in lists]
        if any(row.ndim != 1 for row in rows):
            raise DataError("Truth.from_lists takes a list of item indices a user, such as [[3, 5], [7]].")
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        items = np.concatenate(rows) if rows else np.empty(0, dtype=np.int32)
        return cls(indptr, items, users=users)

    @property
    def n_users(self) -> int:
        """Number of users, those without relevant items included."""
        return len(self.indptr) - 1

    def rows(self, chosen: Int64Array) -> Truth:
        """Return some rows in the order given; int64 ``(n,)``, they may repeat."""
        indptr, places = runs(self.indptr[chosen], np.diff(self.indptr)[chosen])
        gains = None if self.gains is None else self.gains[places]
        users = None if self.users is None else self.users[chosen]
        return Truth(indptr, self.items[places], gains, users)

    def of_items(self, kept: BoolArray) -> Truth:
        """Return the truth with some of its items alone, bool ``(n,)``; its users stay."""
        gains = None if self.gains is None else self.gains[kept]
        return Truth(indptr_of_kept(self.indptr, kept), self.items[kept], gains, self.users)


@dataclass(frozen=True, eq=False)
class CandidateLists:
    """The candidates of each user, as CSR over the users who are asked for; items ascend within a user.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``.
    items
        int32 ``(n,)``.
    """

    indptr: Int64Array
    items: Int32Array

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the lists, as hex."""
        digest = hashlib.sha256(np.ascontiguousarray(self.indptr, dtype="<i8").data)
        digest.update(np.ascontiguousarray(self.items, dtype="<i4").data)
        return digest.hexdigest()

    def rows(self, start: int, stop: int) -> CandidateLists:
        """Return the lists of some users in a row."""
        part = slice(self.indptr[start], self.indptr[stop])
        return CandidateLists(self.indptr[start : stop + 1] - self.indptr[start], self.items[part])

    def of(self, rows: Int64Array) -> CandidateLists:
        """Return the lists of some users, int64 ``(n,)``, in the order given.

        Examples
        --------
        >>> lists = CandidateLists(np.array([0, 2, 3]), np.array([4, 5, 6], dtype=np.int32))
        >>> lists.of(np.array([1, 0])).items.tolist()
        [6, 4, 5]
        """
        indptr, places = runs(self.indptr[rows], np.diff(self.indptr)[rows])
        return CandidateLists(indptr, self.items[places])


@dataclass(frozen=True, eq=False)
class TargetRanks:
    """Where each relevant item stood among the candidates, whatever k was.

    Rows are those of the ``Truth`` it was made for: the entry j of ``above`` belongs to
    ``truth.items[j]``.

    Parameters
    ----------
    above
        int32 ``(n,)``: candidates with a higher score; -1 where the item was not a candidate.
    tied
        int32 ``(n,)``: other candidates with the same score; -1 where it was not a candidate.
    candidates
        int32 ``(users,)``: candidates of each user.
    """

    above: Int32Array
    tied: Int32Array
    candidates: Int32Array

    def of_items(self, kept: BoolArray) -> TargetRanks:
        """Return the ranks of some items alone, bool ``(n,)``; the users stay."""
        return TargetRanks(self.above[kept], self.tied[kept], self.candidates)


def _as_int32(values: Any, what: str) -> Int32Array:
    array = plain_array(values, what=what)
    if array.dtype == np.int32:
        return np.ascontiguousarray(array)
    if array.size == 0:
        return np.ascontiguousarray(array, dtype=np.int32)
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{what} holds {array.dtype}; item indices are whole numbers. "
            "Pass data frames to harness.evaluate for ids of other kinds."
        )
    limits = np.iinfo(np.int32)
    if array.min() < limits.min or array.max() > limits.max:
        raise DataError(
            f"{what} holds {array.min()} to {array.max()}, beyond int32. Pass data frames to harness.evaluate instead."
        )
    return np.ascontiguousarray(array, dtype=np.int32)


def _check_users(users: IdArray | None, rows: int, what: str) -> None:
    if users is not None and len(users) != rows:
        raise DataError(f"{what}.users has {len(users)} ids for {rows} rows.")
