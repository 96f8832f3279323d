"""Invert a large positive definite matrix in place and in short steps."""

from __future__ import annotations

import time

import numpy as np
import scipy.linalg

from harness.artifacts.array_types import Float64Array
from harness.execution import Advance

AT_ONCE = 4096  # rows up to which one call of LAPACK inverts a matrix, in some seconds
_BLOCK = 256  # rows eliminated together
BLOCK_CELLS = 1 << 22  # of a copy of some rows


def block_for(size: int) -> int:
    """Return how many rows of a matrix are eliminated together."""
    return max(1, size) if size <= AT_ONCE else _BLOCK


def steps_of(size: int, block: int) -> int:
    """Return the number of steps of ``invert``."""
    return -(-size // block) * -(-size // (2 * block))


def memory_of(size: int, block: int) -> int:
    """Return the memory that ``invert`` needs besides the matrix, in bytes."""
    corner = min(size, max(1, BLOCK_CELLS // max(1, size)))
    panels = 0 if size <= block else 2 * size * block * 8
    return panels + 3 * corner**2 * 8


def seconds_of(size: int) -> float:
    """Estimate the time of ``invert`` on this machine from one matrix product, in seconds."""
    import torch

    rows, columns, terms = (min(most, size) for most in (512, 2048, _BLOCK))
    target = torch.zeros((rows, columns), dtype=torch.float64)
    left, right = (torch.ones((length, terms), dtype=torch.float64) for length in (rows, columns))
    times = []
    for _ in range(4):
        start = time.perf_counter()
        target.addmm_(left, right.T, alpha=-1)
        times.append(time.perf_counter() - start)
    elapsed = min(times)  # the first one loads what is needed, and other work may slow down any
    whole = elapsed * (size / rows) * (size / columns) * (size / terms) / 2
    return whole * (1 + 4 * _BLOCK / size)  # of each block its own rows, and what lies above the diagonal


def invert(matrix: Float64Array, advance: Advance, *, block: int) -> bool:
    """Invert a symmetric matrix in place; return False if it is not positive definite.

    A matrix of one block is inverted through LAPACK's Cholesky factor. A larger one is inverted by
    Gauss-Jordan elimination, block by block. That takes as many multiplications (n³ in all) and
    needs no pivots where the matrix is positive definite. Each of its steps stands for itself, so
    that an interrupt is heeded within a second.

    Parameters
    ----------
    matrix
        float64 ``(n, n)``, C-contiguous. What it holds is lost where False is returned.
    advance
        Called with 1 after each of ``steps_of(n, block)`` steps.
    block
        Rows eliminated together, 1 or more. The last bits of the inverse depend on it.

    References
    ----------
    Bauer and Reinsch, "Inversion of positive definite matrices by the Gauss-Jordan method", Handbook
    for Automatic Computation, volume II, 1971. Higham, "Accuracy and stability of numerical
    algorithms", 2nd edition, 2002, section 14.4.
    """
    import torch

    size = len(matrix)
    if size <= block:
        found = _invert_at_once(matrix)
        advance(steps_of(size, block))
        return found
    panels = np.empty((2, size, block))
    whole = torch.from_numpy(matrix)
    for first in range(0, size, block):
        last = min(first + block, size)
        # Only the lower triangle is kept up to date, and LAPACK is given the upper one.
        pivot = np.ascontiguousarray(matrix[first:last, first:last].T)
        if not _invert_at_once(pivot):
            return False
        columns, products = panels[:, :, : last - first]  # (n, block)
        columns[:first], columns[last:] = matrix[first:last, :first].T, matrix[last:, first:last]
        columns[first:last] = 0
        np.matmul(columns, pivot, out=products)
        left, right = torch.from_numpy(products), torch.from_numpy(columns)
        for start in range(0, size, 2 * block):
            stop = min(start + 2 * block, size)
            whole[start:stop, :stop].addmm_(left[start:stop], right[:stop].T, alpha=-1)
            advance(1)
        matrix[first:last, :first], matrix[last:, first:last] = products[:first].T, products[last:]
        matrix[first:last, first:last] = -pivot
    for rows in row_blocks(size):  # the elimination leaves the negative inverse
        matrix[rows, : rows.stop] *= -1
        corner = np.tril(matrix[rows, rows])
        matrix[rows, rows] = corner + np.tril(corner, -1).T
        matrix[: rows.start, rows] = matrix[rows, : rows.start].T
    return True


def row_blocks(size: int) -> list[slice]:
    """Return slices of the rows of a matrix ``(size, size)`` that are small enough to copy."""
    step = max(1, BLOCK_CELLS // max(1, size))
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _invert_at_once(matrix: Float64Array) -> bool:
    # The transposed view is in the order of columns that LAPACK works on in place.
    factor, failed = scipy.linalg.lapack.dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        return False
    inverse, failed = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or not np.isfinite(inverse.diagonal()).all():
        return False
    for rows in row_blocks(len(matrix)):  # the upper triangle holds the inverse
        corner = np.triu(matrix[rows, rows])
        matrix[rows, rows] = corner + np.triu(corner, 1).T
        matrix[rows.stop :, rows] = matrix[rows, rows.stop :].T
    return True
