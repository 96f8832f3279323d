"""The relevant items of each user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import BoolArray, Float32Array, IdArray, Int32Array, Int64Array
from harness.artifacts.csr import indptr_of_kept, runs
from harness.artifacts.list_checks import as_item_indices, check_user_ids
from harness.artifacts.scores import as_gains
from harness.errors import DataError


@dataclass(frozen=True, eq=False)
class Truth:
    """The relevant items of each user, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``.
    items
        int32 ``(n,)``: item indices. An item that repeats for a user counts once.
    gains
        float32 ``(n,)``: finite graded relevance; None: binary relevance. The highest gain of a repeated item counts.
        An item with a gain of 0 or less is not relevant.
    users
        External ids ``(users,)``, or None.

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
        object.__setattr__(self, "items", as_item_indices(self.items, what="Truth.items"))
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
                raise DataError(f"Truth.gains has shape {self.gains.shape}, items {items.shape}; they must be equal.")
        check_user_ids(self.users, len(indptr) - 1, what="Truth")

    @classmethod
    def from_lists(cls, lists: Iterable[Sequence[int]], *, users: IdArray | None = None) -> Truth:
        """Return the truth of one list of item indices per user."""
        rows = [as_item_indices(np.asarray(row), what="Truth.items") for row in lists]
        if any(row.ndim != 1 for row in rows):
            raise DataError("Truth.from_lists takes one list of item indices per user, such as [[3, 5], [7]].")
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        items = np.concatenate(rows) if rows else np.empty(0, dtype=np.int32)
        return cls(indptr, items, users=users)

    @property
    def n_users(self) -> int:
        """Number of users, those without relevant items included."""
        return len(self.indptr) - 1

    def rows(self, chosen: Int64Array) -> Truth:
        """Return some rows, int64 ``(n,)``, in the order given; rows may repeat."""
        indptr, places = runs(self.indptr[chosen], np.diff(self.indptr)[chosen])
        gains = None if self.gains is None else self.gains[places]
        users = None if self.users is None else self.users[chosen]
        return Truth(indptr, self.items[places], gains, users)

    def of_items(self, kept: BoolArray) -> Truth:
        """Return the truth with only some of its items, bool ``(n,)``, and all of its users."""
        gains = None if self.gains is None else self.gains[kept]
        return Truth(indptr_of_kept(self.indptr, kept), self.items[kept], gains, self.users)
