"""Histories as padded sequences of items, in blocks of canonical shapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array

# A matrix product on a CPU changes in its last bits with its shape: each block has so many rows, filled up.
BLOCK_ROWS = 64
_SHORTEST = 8
_POOL = 8  # batches that are drawn together


@dataclass(frozen=True, eq=False)
class Block:
    """Sequences of one padded length, real items first.

    Parameters
    ----------
    rows
        int64 ``(n,)``, at most as many as the block has: whose sequences these are.
    items
        int64 ``(block, length)``: oldest first, 0 where there is padding.
    real
        bool ``(block, length)``: where there is an item. Rows from n on are padding alone.
    """

    rows: Int64Array
    items: Int64Array
    real: BoolArray

    @property
    def last(self) -> Int64Array:
        """The place of each sequence's last item, int64 ``(block,)``; 0 where it has none."""
        places: Int64Array = np.maximum(self.real.sum(axis=1) - 1, 0)
        return places


def blocks(indptr: Int64Array, items: Int32Array, max_length: int, *, n_rows: int = BLOCK_ROWS) -> Iterator[Block]:
    """Yield the last items of each row in blocks of sequences of about one length.

    The length that a row is padded to depends on the row alone, so that what is computed of it does not depend on the
    others.

    Parameters
    ----------
    indptr
        int64 ``(rows + 1,)``.
    items
        int32 ``(n,)``, oldest first.
    max_length
        How many of a row's last items are kept.
    n_rows
        Rows of each block.

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
    """Return the next power of two of each length, at least 8 and at most ``max_length``.

    Examples
    --------
    >>> padded_lengths(np.array([0, 8, 9, 70]), 100)
    array([  8,   8,  16, 100])
    """
    powers = 2 ** np.ceil(np.log2(np.maximum(lengths, _SHORTEST))).astype(np.int64)
    return np.minimum(powers, max_length)


def padded_rows(stops: Int64Array, lengths: Int64Array, items: Int32Array, width: int) -> tuple[Int64Array, BoolArray]:
    """Return the items that stand before some places as a padded table, and where it holds items.

    Parameters
    ----------
    stops
        int64 ``(rows,)``: where each sequence ends in ``items``, exclusive.
    lengths
        int64 ``(rows,)``: how many items before that belong to it, at most ``width``.
    items
        int32 ``(n,)``.
    width
        Columns of the table.

    Returns
    -------
    table : numpy.ndarray
        int64 ``(rows, width)``, oldest first, from the left; 0 for padding.
    real : numpy.ndarray
        bool ``(rows, width)``.
    """
    columns = np.arange(width)
    real = columns < lengths[:, None]
    places = np.where(real, stops[:, None] - lengths[:, None] + columns, 0)
    table = items[places] if len(items) else np.zeros(places.shape, dtype=np.int32)
    return np.where(real, table, 0).astype(np.int64), real


def alike(rows: Int64Array, lengths: Int64Array, size: int, rng: np.random.Generator) -> Iterator[Int64Array]:
    """Yield batches of rows that have about one length, so that little of a batch is padding.

    Parameters
    ----------
    rows
        int64 ``(n,)``, in a random order.
    lengths
        int64, of each row.
    size
        Rows a batch; the last of a pool of batches may be smaller.
    rng
        Puts the batches into a random order.
    """
    for start in range(0, len(rows), _POOL * size):
        pool = rows[start : start + _POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches = [pool[at : at + size] for at in range(0, len(pool), size)]
        for place in rng.permutation(len(batches)):
            yield batches[place]
