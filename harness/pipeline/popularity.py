"""How popular items were before the part that is predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.artifacts import Part, Split
from harness.artifacts.arrays import Float64Array, Int64Array


def popularity_of(split: Split, parts: Sequence[Part]) -> Int64Array:
    """Return how many users have each item in some parts; int64 ``(items,)``."""
    history = split.history(parts)
    counts: Int64Array = np.bincount(history.matrix.indices, minlength=history.n_items)
    return counts


def share_above(popularity: Int64Array) -> Float64Array:
    """Return what share of all popularity the items have that are more popular than each; float64 ``(items,)``.

    Items of equal popularity have the same share. 0 throughout where nothing is popular.

    Examples
    --------
    >>> share_above(np.array([6, 2, 2, 0])).tolist()
    [0.0, 0.6, 0.6, 1.0]
    """
    levels, counts = np.unique(popularity, return_counts=True)
    total = int(popularity.sum())
    if total == 0:
        return np.zeros(len(popularity))
    # Levels ascend: what lies above one is all that comes after it.
    held = levels * counts
    above = total - np.cumsum(held)
    return (above / total)[np.searchsorted(levels, popularity)]
