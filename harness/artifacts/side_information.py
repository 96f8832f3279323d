"""Side information on items and users, which metrics beyond accuracy need."""

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
        Names of the categories, in the order of their codes.

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
        """Return the categories of one list of names per item."""
        rows = [sorted(set(names)) for names in lists]
        names = tuple(sorted({name for row in rows for name in row}))
        codes = {name: code for code, name in enumerate(names)}
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(indptr, np.array([codes[name] for row in rows for name in row], dtype=np.int32), names)


@dataclass(frozen=True, eq=False)
class SideInformation:
    """Side information on items and users. None stands for unknown.

    Parameters
    ----------
    popularity
        int64 ``(items,)``: number of users who had each item before the predicted part.
    n_users
        Number of users before the predicted part; needed with ``popularity``.
    history
        Earlier interactions, one row per row of the truth.
    categories
        Categories of the items.
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
        """Names of the known parts, as metrics state them under ``needs``."""
        return frozenset(self._sizes)

    @property
    def n_items(self) -> int | None:
        """Size of the catalogue; None where nothing is known about items."""
        return next(iter(self._sizes.values()), None)

    def rows(self, chosen: Int64Array) -> SideInformation:
        """Return the side information of some rows of the truth; int64 ``(n,)``."""
        return self if self.history is None else replace(self, history=self.history.rows(chosen))

    @cached_property
    def share_above(self) -> Float64Array:
        """Share of all popularity that the more popular items have, for each item; float64 ``(items,)``."""
        if self.popularity is None:
            raise DataError("the popularity of items is not known")
        return share_above(self.popularity)

    def tail(self, head: float) -> BoolArray:
        """Return the items outside the most popular ones that together have a share ``head`` of all popularity."""
        return self.share_above >= head


def share_above(popularity: Int64Array) -> Float64Array:
    """Return for each item the share of all popularity that the more popular items have; float64 ``(items,)``.

    Items of equal popularity have the same share. 0 throughout where nothing is popular.
    """
    levels, counts = np.unique(popularity, return_counts=True)
    total = int(popularity.sum())
    if total == 0:
        return np.zeros(len(popularity))
    # Levels ascend, so the popularity above a level is that of all later levels.
    above = total - np.cumsum(levels * counts)
    return np.asarray((above / total)[np.searchsorted(levels, popularity)])
