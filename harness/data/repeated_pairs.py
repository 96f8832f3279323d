"""Rows that repeat a pair of user and item."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import Interactions
from harness.artifacts.array_types import Int64Array


def count_distinct(values: NDArray[Any]) -> int:
    """Return the number of distinct values.

    Examples
    --------
    >>> count_distinct(np.array([3, 1, 3])), count_distinct(np.array([]))
    (2, 0)
    """
    # Sorting is many times faster here than the hash table of numpy.unique.
    ascending = np.sort(values)
    return min(len(values), 1) + int(np.count_nonzero(ascending[1:] != ascending[:-1]))


def pair_codes(interactions: Interactions) -> Int64Array:
    """Return one number per row that encodes its pair of user and item; int64 ``(n,)``."""
    return interactions.users.astype(np.int64) * len(interactions.item_ids) + interactions.items


def repeated_rows(interactions: Interactions) -> int:
    """Return the number of rows that repeat the pair of an earlier row."""
    return len(interactions) - count_distinct(pair_codes(interactions))
