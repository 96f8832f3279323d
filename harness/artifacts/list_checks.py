"""Checks that ranked lists and relevant items have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.array_types import IdArray, Int32Array
from harness.artifacts.scores import plain_array
from harness.errors import DataError


def as_item_indices(values: Any, *, what: str) -> Int32Array:
    """Return item indices as contiguous int32, in the shape given.

    Parameters
    ----------
    values
        Whole numbers of any shape.
    what
        Name of the array, for messages.

    Raises
    ------
    DataError
        The values are not whole numbers, or do not fit into int32.

    Examples
    --------
    >>> as_item_indices([[4, -1]], what="items")
    array([[ 4, -1]], dtype=int32)
    """
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
            f"{what} holds values from {array.min()} to {array.max()}, beyond int32. "
            "Pass data frames to harness.evaluate instead."
        )
    return np.ascontiguousarray(array, dtype=np.int32)


def check_user_ids(users: IdArray | None, rows: int, *, what: str) -> None:
    """Check that there is one external id per row, or none at all.

    Raises
    ------
    DataError
        The number of ids differs from the number of rows.
    """
    if users is not None and len(users) != rows:
        raise DataError(f"{what}.users has {len(users)} ids for {rows} rows.")
