"""Pad histories to sequences of items, in blocks of fixed shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array

# The last bits of a matrix product on a CPU depend on its shape: each block is padded to this number of rows.
BLOCK_ROWS = 64
_SHORTEST = 8
_POOL = 8  # batches whose rows are sorted by length together


@dataclass(frozen=True, eq=False)
class Block:
    """Sequences of one padded length; the items come before the padding.

    Parameters
    ----------
    rows
        int64 ``(n,)``: the row of each sequence; n is at most the number of rows of the block.
    items
        int64 ``(block, length)``: oldest first, 0 for padding.
    real
        bool ``(block, length)``: where there is an item. Rows from n on hold only padding.
    """

    rows: Int64Array
    items: Int64Array
    real: BoolArray

    @property
    def last(self) -> Int64Array:
        """The position of each sequence's last item, int64 ``(block,)``; 0 for empty sequences."""
        places: Int64Array = np.maximum(self.real.sum(axis=1) - 1, 0)
        return places


def blocks(indptr: Int64Array, items: Int32Array, max_length: int, *, n_rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """Yield the last items of each row in blocks of sequences of similar length.

    The padded length of a row depends only on the row, so that its results do not depend on other rows.

    Parameters
    ----------
    indptr
        int64 ``(rows + 1,)``.
    items
        int32 ``(n,)``, oldest first.
    max_length
        Number of last items of a row that are kept.
    n_rows
        Number of rows of each block.

    Examples
    --------
    >>> block = next(blocks(np.array([0, 3, 3]), np.array([5, 6, 7], dtype=np.int32), 2))
    >>> block.rows, block.items[:2].tolist(), block.real[:2].tolist()
    (array([0, 1]), [[6, 7], [0, 0]], [[True, True], [False, False]])
    """
    lengths = np.minimum(np.diff(indptr), max_length)
    padded = padded_lengths(lengths, max_length)
    for length in np.unique(padded):
        chosen = np.flatnonzero(padded == length)
        for start in range(0, len(chosen), n_rows):
            rows = chosen[start : start + n_rows]
            table, real = padded_rows(indptr[rows + 1], lengths[rows], items, int(length))
            missing = ((0, n_rows - len(rows)), (0, 0))
            yield Block(rows, np.pad(table, missing), np.pad(real, missing))


def padded_lengths(lengths: Int64Array, max_length: int) -> Int64Array:
    """Round each length up to a power of two, at least 8 and at most ``max_length``.

    Examples
    --------
    >>> padded_lengths(np.array([0, 8, 9, 70]), 100)
    array([  8,   8,  16, 100])
    """
    powers = 2 ** np.ceil(np.log2(np.maximum(lengths, _SHORTEST))).astype(np.int64)
    return np.minimum(powers, max_length)


def padded_rows(stops: Int64Array, lengths: Int64Array, items: Int32Array, width: int) -> tuple[Int64Array, BoolArray]:
    """Return a padded table of the items before given positions, and a mask of its items.

    Parameters
    ----------
    stops
        int64 ``(rows,)``: where each sequence ends in ``items``, exclusive.
    lengths
        int64 ``(rows,)``: length of each sequence, at most ``width``.
    items
        int32 ``(n,)``.
    width
        Columns of the table.

    Returns
    -------
    table : numpy.ndarray
        int64 ``(rows, width)``, oldest first; 0 for padding on the right.
    real : numpy.ndarray
        bool ``(rows, width)``.
    """
    columns = np.arange(width)
    real = columns < lengths[:, None]
    places = np.where(real, stops[:, None] - lengths[:, None] + columns, 0)
    table = items[places] if len(items) else np.zeros(places.shape, dtype=np.int32)
    return np.where(real, table, 0).astype(np.int64), real


def alike(rows: Int64Array, lengths: Int64Array, size: int, rng: np.random.Generator) -> Iterator[Int64Array]:
    """Yield batches of rows of similar length, so that batches hold little padding.

    Parameters
    ----------
    rows
        int64 ``(n,)``, in a random order.
    lengths
        int64: length of each row.
    size
        Rows per batch; the last batch of a pool may be smaller.
    rng
        Shuffles the batches.
    """
    for start in range(0, len(rows), _POOL * size):
        pool = rows[start : start + _POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches = [pool[at : at + size] for at in range(0, len(pool), size)]
        for place in rng.permutation(len(batches)):
            yield batches[place]
