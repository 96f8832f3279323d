"""What metrics beyond accuracy know of items and users beside lists and truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.artifacts.array_types import BoolArray, Float32Array, Float64Array, Int32Array, Int64Array
from harness.artifacts.interactions import History
from harness.artifacts.scores import real_array, rounded
from harness.errors import DataError


@dataclass(frozen=True, eq=False)
class Categories:
    """The categories of each item, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(items + 1,)``.
    codes
        int32 ``(n,)``, ascending within an item, each once.
    names
        Of the categories, in the order of their codes.

    Examples
    --------
    >>> Categories.of([("drama",), (), ("comedy", "drama")]).codes
    array([1, 0, 1], dtype=int32)
    """

    indptr: Int64Array
    codes: Int32Array
    names: tuple[str, ...]

    @classmethod
    def of(cls, lists: Iterable[Sequence[str]]) -> Categories:
        """Return the categories of a list of names an item."""
        rows = [sorted(set(names)) for names in lists]
        names = tuple(sorted({name for row in rows for name in row}))
        codes = {name: code for code, name in enumerate(names)}
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(indptr, np.array([codes[name] for row in rows for name in row], dtype=np.int32), names)


@dataclass(frozen=True, eq=False)
class SideInformation:
    """What is known beside lists and truth. What is None is not known.

    Parameters
    ----------
    popularity
        int64 ``(items,)``: how many users had each item before what is predicted.
    n_users
        How many users there were then; needed with ``popularity``.
    history
        What each user did before, a row for each row of the truth.
    categories
        Of the items.
    vectors
        float32 ``(items, dimension)``, of any length; NaN where an item has none.

    Raises
    ------
    DataError
        The parts do not fit together.

    Examples
    --------
    >>> SideInformation(popularity=np.array([6, 2, 2, 0]), n_users=7).share_above.tolist()
    [0.0, 0.6, 0.6, 1.0]
    """

    popularity: Int64Array | None = None
    n_users: int | None = None
    history: History | None = None
    categories: Categories | None = None
    vectors: Float32Array | None = None

    def __post_init__(self) -> None:
        if self.popularity is not None:
            given = real_array(self.popularity, what="popularity")
            if given.dtype.kind == "f" and not (given == np.floor(given)).all():
                raise DataError(
                    f"popularity holds {given[given != np.floor(given)][0]:g}; it counts users. Use whole numbers."
                )
            counts = np.ascontiguousarray(given, dtype=np.int64)
            object.__setattr__(self, "popularity", counts)
            if self.n_users is None or self.n_users < max(1, int(counts.max(initial=0))) or counts.min(initial=0) < 0:
                raise DataError(
                    f"popularity counts users, 0 to {int(counts.max(initial=0))} here, and n_users is {self.n_users}. "
                    "Give how many users there were, as many as the most popular item has or more."
                )
        if self.vectors is not None:
            vectors = rounded(real_array(self.vectors, what="vectors"))
            if np.isinf(vectors).any():
                item = int(np.flatnonzero(np.isinf(vectors).any(axis=-1))[0])
                raise DataError(
                    f"the vector of the item {item} holds a number that is infinite in float32. Use finite numbers, or "
                    "NaN where an item has no vector."
                )
            object.__setattr__(self, "vectors", vectors)
        if len(set(self._sizes.values())) > 1:
            raise DataError(f"side information is of different catalogues: {self._sizes} items. Give all for one.")

    @property
    def _sizes(self) -> dict[str, int]:
        parts = {
            "popularity": None if self.popularity is None else len(self.popularity),
            "history": None if self.history is None else self.history.n_items,
            "categories": None if self.categories is None else len(self.categories.indptr) - 1,
            "vectors": None if self.vectors is None else len(self.vectors),
        }
        return {name: size for name, size in parts.items() if size is not None}

    @property
    def known(self) -> frozenset[str]:
        """The names of what is known, as metrics state them under ``needs``."""
        return frozenset(self._sizes)

    @property
    def n_items(self) -> int | None:
        """Size of the catalogue; None where nothing is known of items."""
        return next(iter(self._sizes.values()), None)

    def rows(self, chosen: Int64Array) -> SideInformation:
        """Return it for some rows of the truth; int64 ``(n,)``."""
        return self if self.history is None else replace(self, history=self.history.rows(chosen))

    @cached_property
    def share_above(self) -> Float64Array:
        """What share of all popularity the items have that are more popular than each; float64 ``(items,)``."""
        if self.popularity is None:
            raise DataError("the popularity of items is not known")
        return share_above(self.popularity)

    def tail(self, head: float) -> BoolArray:
        """Return which items are outside the most popular ones that have a share ``head`` of all popularity."""
        return self.share_above >= head


def share_above(popularity: Int64Array) -> Float64Array:
    """Return what share of all popularity the items have that are more popular than each; float64 ``(items,)``.

    Items of equal popularity have the same share. 0 throughout where nothing is popular.
    """
    levels, counts = np.unique(popularity, return_counts=True)
    total = int(popularity.sum())
    if total == 0:
        return np.zeros(len(popularity))
    # Levels ascend: what lies above one is all that comes after it.
    above = total - np.cumsum(levels * counts)
    return np.asarray((above / total)[np.searchsorted(levels, popularity)])
