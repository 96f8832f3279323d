"""Arithmetic of CSR arrays."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import BoolArray, Int64Array


def runs(starts: Int64Array, lengths: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the positions of several runs, one run after the other.

    Parameters
    ----------
    starts
        int64 ``(rows,)``: the first position of each run.
    lengths
        int64 ``(rows,)``, 0 or more.

    Returns
    -------
    indptr : numpy.ndarray
        int64 ``(rows + 1,)``: where each run begins and ends in ``places``.
    places : numpy.ndarray
        int64 ``(lengths.sum(),)``.

    Examples
    --------
    >>> runs(np.array([7, 2]), np.array([3, 1]))
    (array([0, 3, 4]), array([7, 8, 9, 2]))
    """
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return indptr, np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])


def indptr_of_kept(indptr: Int64Array, kept: BoolArray) -> Int64Array:
    """Return the row pointer that remains when only some entries are kept; bool ``(n,)``.

    Examples
    --------
    >>> indptr_of_kept(np.array([0, 2, 3]), np.array([True, False, True])).tolist()
    [0, 1, 2]
    """
    before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    rows: Int64Array = before[indptr]
    return rows
