"""Ranked lists of recommended items."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from harness.artifacts.array_types import Float32Array, IdArray, Int32Array
from harness.artifacts.list_checks import as_item_indices, check_user_ids
from harness.artifacts.notebook import NotebookValue
from harness.artifacts.scores import as_scores
from harness.errors import DataError

NO_ITEM = -1  # fills a list that is shorter than k


@dataclass(frozen=True, eq=False)
class TopK(NotebookValue):
    """Ranked lists of items, one per user, best first.

    Parameters
    ----------
    items
        int32 ``(users, k)``: item indices, -1 where the list is shorter. An item whose score is -inf is not
        recommended: its slot becomes -1, and the items below it keep their ranks.
    scores
        ``(users, k)``, rounded to float32, or None. -inf where the list is shorter.
    users
        External ids ``(users,)`` for alignment with a ``Truth``; None: rows are aligned in their order.

    Attributes
    ----------
    highest
        The largest item index; -1 where all lists are empty.
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
        items, scores = as_item_indices(self.items, what="TopK.items"), self.scores
        if items.ndim != 2:
            raise DataError(f"TopK.items has shape {items.shape}; (users, k) is needed.")
        check_user_ids(self.users, len(items), what="TopK")
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
                raise DataError(f"TopK.scores has shape {scores.shape}, items {items.shape}; they must be equal.")
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

    def __repr__(self) -> str:
        scores = "without scores" if self.scores is None else "with scores"
        return f"TopK({self.n_users:,} users, k={self.k}, {scores})"

    @property
    def n_users(self) -> int:
        """Number of lists."""
        return int(self.items.shape[0])

    @property
    def k(self) -> int:
        """Length of the lists."""
        return int(self.items.shape[1])
