"""The largest singular values of a sparse matrix and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

from harness.artifacts.array_types import Float64Array
from harness.execution import Advance, progress
from harness.memory import check_memory, forecast

Sparse = sp.csr_array | sp.csc_array


@dataclass(frozen=True, eq=False)
class SingularVectors:
    """Singular vectors in descending order of their singular values.

    Parameters
    ----------
    values
        float64 ``(count,)``.
    vectors
        float64 ``(rows, count)`` or ``(columns, count)`` of the matrix.
    """

    values: Float64Array
    vectors: Float64Array


def singular_vectors(
    matrix: sp.csr_array, count: int, *, side: Literal["left", "right"], seed: int, what: str, remedy: str
) -> SingularVectors:
    """Return the singular vectors of the largest singular values, computed by ARPACK.

    The number of products is not known in advance, so progress has no total.

    Parameters
    ----------
    matrix
        float64 ``(rows, columns)``.
    count
        Number of values; below the smaller side of the matrix.
    side
        Which vectors to return.
    seed
        Seed of the start of the iteration, which only changes the last bits.
    what, remedy
        The work, and what to do if it does not fit into memory, for progress and messages.

    Raises
    ------
    HarnessError
        It does not fit into memory.
    """
    needed = memory_of(matrix.shape, count)
    check_memory(needed, what, remedy=remedy)
    forecast(what, memory=needed)
    start = np.random.default_rng(seed).random(min(matrix.shape))
    with progress(f"fitting {what}", None, unit="products") as advance:
        left, values, right = scipy.sparse.linalg.svds(
            _CountingOperator(matrix, matrix.T, advance),
            k=count,
            v0=start,
            return_singular_vectors="u" if side == "left" else "vh",  # type: ignore[arg-type]  # stubs lack "vh"
        )
    vectors: Float64Array = left if side == "left" else right.T
    order = np.argsort(-values, kind="stable")
    return SingularVectors(np.asarray(values[order], dtype=np.float64), vectors[:, order])


def with_positive_peaks(vectors: Float64Array) -> Float64Array:
    """Return vectors ``(n, count)`` with positive largest entries, as the sign of a singular vector is free."""
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    positive: Float64Array = vectors * np.where(signs == 0, 1, signs)
    return positive


def memory_of(shape: tuple[int, int], count: int) -> int:
    """Return the peak memory of ``singular_vectors`` besides a matrix of this shape, in bytes."""
    smaller, larger = min(shape), max(shape)
    iteration = smaller * max(2 * count + 1, 20) + 2 * larger
    factor = 3 * larger * count + 2 * smaller * count
    return 8 * max(iteration, factor)


class _CountingOperator(scipy.sparse.linalg.LinearOperator):
    """A matrix that reports each multiplication as progress."""

    def __init__(self, matrix: Sparse, transposed: Sparse, advance: Advance | None) -> None:
        super().__init__(matrix.dtype, matrix.shape)  # type: ignore[call-arg]  # stubs lack it
        self._matrix, self._transposed, self._advance = matrix, transposed, advance

    def _matmat(self, vectors: Float64Array) -> Float64Array:
        product: Float64Array = self._matrix @ vectors
        if self._advance is not None:
            self._advance(1)
        return product

    def _adjoint(self) -> _CountingOperator:
        # A step multiplies by the matrix and by its transposed; it counts once.
        return _CountingOperator(self._transposed, self._matrix, None)
