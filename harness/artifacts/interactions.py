"""Interactions, histories and splits: the values of the data stage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp

from harness.artifacts.array_types import BoolArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array
from harness.artifacts.csr import runs
from harness.artifacts.json_values import Facts
from harness.artifacts.notebook import NotebookValue
from harness.artifacts.time_units import TimeUnit
from harness.artifacts.vocabulary import Vocabulary
from harness.errors import DataError

Part = Literal["train", "validation", "test", "fold_in"]
# The position of a part is its label. The rows of fold_in are the history of users who are held out whole: known when
# these users are predicted, and never fitted on.
PARTS: tuple[Part, ...] = ("train", "validation", "test", "fold_in")
OUTSIDE = -1  # the label of an interaction that no part holds


@dataclass(frozen=True, eq=False)
class Interactions(NotebookValue):
    """A table of interactions with contiguous indices, one row per interaction.

    Parameters
    ----------
    users, items
        int32 ``(n,)``: indices into ``user_ids`` and ``item_ids``.
    timestamps
        int64 or float64 ``(n,)`` in ``time_unit``, or None.
    values
        float32 ``(n,)``: rating, count or other strength, or None.
    user_ids, item_ids
        The vocabularies, which hold only users and items that occur.
    user_table, item_table
        Attributes, one row per user or item in the order of the vocabulary, or None.
    item_vectors
        float32 ``(items, dimension)``, one row per item of the vocabulary; NaN where an item has no vector.
    time_unit
        Unit of the timestamps, which are then times since 1970 in UTC; None where they are numbers
        without a unit.
    """

    users: Int32Array
    items: Int32Array
    user_ids: Vocabulary
    item_ids: Vocabulary
    timestamps: Int64Array | Float64Array | None = None
    values: Float32Array | None = None
    user_table: pd.DataFrame | None = None
    item_table: pd.DataFrame | None = None
    item_vectors: Float32Array | None = None
    time_unit: TimeUnit | None = None

    def __repr__(self) -> str:
        known = (("timestamps", self.timestamps), ("values", self.values))
        columns = " and ".join(name for name, column in known if column is not None)
        sizes = f"{len(self):,} of {len(self.user_ids):,} users and {len(self.item_ids):,} items"
        return f"Interactions({sizes}{f', with {columns}' if columns else ''})"

    def __len__(self) -> int:
        """Return the number of interactions."""
        return len(self.users)

    @property
    def has_fine_times(self) -> bool:
        """Whether the timestamps are integers in a unit finer than seconds."""
        return self.timestamps is not None and self.time_unit not in (None, "s") and self.timestamps.dtype.kind == "i"

    def rows(self, selection: BoolArray | Int64Array) -> Interactions:
        """Return the chosen rows with the same vocabularies."""
        return replace(
            self,
            users=self.users[selection],
            items=self.items[selection],
            timestamps=None if self.timestamps is None else self.timestamps[selection],
            values=None if self.values is None else self.values[selection],
        )

    def compact(self) -> Interactions:
        """Return the same rows with vocabularies of only the users and items that occur."""
        kept_users = _occurring(self.users, len(self.user_ids))
        kept_items = _occurring(self.items, len(self.item_ids))
        return replace(
            self,
            users=_places(kept_users, len(self.user_ids))[self.users],
            items=_places(kept_items, len(self.item_ids))[self.items],
            user_ids=Vocabulary(self.user_ids.ids[kept_users]),
            item_ids=Vocabulary(self.item_ids.ids[kept_items]),
            user_table=_rows_of(self.user_table, kept_users),
            item_table=_rows_of(self.item_table, kept_items),
            item_vectors=None if self.item_vectors is None else self.item_vectors[kept_items],
        )

    def titles(self, items: Int32Array) -> list[str | None]:
        """Return the titles of items by their indices; None for an item without one."""
        if self.item_table is None or "title" not in self.item_table:
            return [None] * len(items)
        found = self.item_table["title"].iloc[items]
        return [title if isinstance(title, str) and title.strip() else None for title in found]

    def frame(self) -> pd.DataFrame:
        """Return a table of external ids: ``user``, ``item``, and ``timestamp`` and ``rating`` where known.

        The timestamps are numbers; integers in a unit finer than seconds are dates in UTC of that unit.
        """
        columns: dict[str, Any] = {
            "user": self.user_ids.ids[self.users],
            "item": self.item_ids.ids[self.items],
        }
        if self.timestamps is not None:
            columns["timestamp"] = self.timestamps
            if self.has_fine_times:
                dates = pd.Series(self.timestamps.view(f"datetime64[{self.time_unit}]"))
                columns["timestamp"] = dates.dt.tz_localize("UTC")
        if self.values is not None:
            columns["rating"] = self.values
        return pd.DataFrame(columns)


def _occurring(indices: Int32Array, n: int) -> Int64Array:
    occurs = np.zeros(n, dtype=np.bool_)
    occurs[indices] = True
    return np.flatnonzero(occurs)


def _places(kept: Int64Array, n: int) -> Int32Array:
    """Return the position of each of n indices among the kept ones; 0 for the others."""
    places = np.zeros(n, dtype=np.int32)
    places[kept] = np.arange(len(kept), dtype=np.int32)
    return places


def _rows_of(table: pd.DataFrame | None, kept: Int64Array) -> pd.DataFrame | None:
    return None if table is None else table.iloc[kept].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class History:
    """The interactions of each user, oldest first, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``.
    items
        int32 ``(n,)``: the items of user u are ``items[indptr[u]:indptr[u + 1]]``.
    n_items
        Size of the item vocabulary.
    """

    indptr: Int64Array
    items: Int32Array
    n_items: int

    @property
    def n_users(self) -> int:
        """Size of the user vocabulary."""
        return len(self.indptr) - 1

    @cached_property
    def lengths(self) -> Int64Array:
        """Interactions of each user, int64 ``(users,)``."""
        return np.diff(self.indptr)

    def rows(self, chosen: Int64Array) -> History:
        """Return some rows, int64 ``(n,)``, in the order given; rows may repeat."""
        indptr, places = runs(self.indptr[chosen], self.lengths[chosen])
        return History(indptr, self.items[places], self.n_items)

    @cached_property
    def matrix(self) -> sp.csr_array:
        """Binary float32 CSR ``(users, items)``; repeated interactions count once."""
        data = np.ones(len(self.items), dtype=np.float32)
        matrix = sp.csr_array((data, self.items.copy(), self.indptr.copy()), shape=(self.n_users, self.n_items))
        matrix.sum_duplicates()
        matrix.data[:] = 1.0
        return matrix


@dataclass(frozen=True, eq=False)
class Split(NotebookValue):
    """Interactions, each labelled with its part.

    Parameters
    ----------
    interactions
        In canonical order: by user, then time, with ties in the order of the split's rule. It does not depend on
        the order of rows in the data file.
    labels
        int8 ``(n,)``: 0 train, 1 validation, 2 test, 3 fold-in, -1 in no part.
    facts
        Counts for the report, such as users with too few interactions to hold out.
    rolling
        Whether each held-out moment is predicted from all earlier interactions, including held-out ones, rather
        than from the interactions before the whole part.

    Raises
    ------
    DataError
        The interactions are not in that order, or there is not one label per row.
    """

    interactions: Interactions
    labels: Int8Array
    facts: Facts = field(default_factory=dict)
    rolling: bool = False

    def __post_init__(self) -> None:
        rows = self.interactions
        in_order = bool((rows.users[1:] >= rows.users[:-1]).all())
        if in_order and rows.timestamps is not None:
            earlier = rows.timestamps[1:] < rows.timestamps[:-1]
            in_order = not bool((earlier & (rows.users[1:] == rows.users[:-1])).any())
        if not in_order or len(self.labels) != len(rows):
            raise DataError(
                "the interactions of a split are not sorted by user, then time, with one label per row. "
                "A split from a plug-in has to sort them before it labels them."
            )

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {count:,}" for name, count in self.sizes.items() if count)
        rows = self.interactions
        return f"Split({parts} interactions of {len(rows.user_ids):,} users and {len(rows.item_ids):,} items)"

    @property
    def sizes(self) -> dict[Part, int]:
        """Number of interactions by part."""
        return {name: int((self.labels == place).sum()) for place, name in enumerate(PARTS)}

    @property
    def is_by_chance(self) -> bool:
        """Whether no order in time decides the parts, as in a random split: such splits state None as tied users."""
        return self.facts.get("tied_users", ...) is None

    def part(self, name: Part) -> Interactions:
        """Return the interactions of one part, vocabularies unchanged."""
        return self.interactions.rows(self.labels == PARTS.index(name))

    def history(self, parts: Sequence[Part]) -> History:
        """Return the interactions of each user in some parts, oldest first."""
        chosen = np.isin(self.labels, [PARTS.index(part) for part in parts])
        users = self.interactions.users[chosen]
        counts = np.bincount(users, minlength=len(self.interactions.user_ids))
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return History(indptr, self.interactions.items[chosen], len(self.interactions.item_ids))

    def with_fold_in_known(self) -> Split:
        """Return the split with the fold-in rows in train, for code that counts history and fits nothing."""
        fold_in = self.labels == PARTS.index("fold_in")
        if not fold_in.any():
            return self
        labels = np.where(fold_in, np.int8(PARTS.index("train")), self.labels)
        return replace(self, labels=labels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the ids, order, times, values and parts, as hex."""
        rows = self.interactions
        digest = hashlib.sha256(f"{rows.user_ids.digest}{rows.item_ids.digest}".encode())
        for array in (rows.users, rows.items, rows.timestamps, rows.values, self.labels):
            digest.update(b"none" if array is None else array.dtype.str.encode())
            digest.update(b"" if array is None else np.ascontiguousarray(array).data)
        # The digest of times in seconds, or without a unit, is that of their numbers.
        if rows.time_unit not in (None, "s"):
            digest.update(f"time unit {rows.time_unit}".encode())
        if self.rolling:
            digest.update(b"rolling")
        return digest.hexdigest()
