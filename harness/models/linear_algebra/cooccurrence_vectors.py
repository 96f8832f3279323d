"""Item vectors from co-occurrence: items of the same users have similar vectors."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from harness.artifacts import History
from harness.artifacts.array_types import Float32Array
from harness.execution import progress
from harness.memory import check_memory
from harness.models.linear_algebra.pair_counts import PairCounts
from harness.models.linear_algebra.singular_vectors import singular_vectors, with_positive_peaks

_WHAT = "vectors by co-occurrence"
_REMEDY = "Use a smaller model.params.codes.dimension, or filter the items (dataset.filters)."


def cooccurrence_vectors(history: History, dimension: int, *, seed: int) -> Float32Array:
    """Return item vectors from the largest singular values of the positive pointwise mutual information.

    With ``n[i, j]`` users with both items, ``n[i]`` users with item i, and N users with any item, the decomposed matrix
    is ``max(0, log(n[i, j] N / (n[i] n[j])))`` off the diagonal, and the vectors are its left singular
    vectors times the square roots of the singular values.

    Parameters
    ----------
    history
        What users did, each item once.
    dimension
        Length of the vectors, 1 or more. If there are too few items, the rest is 0.
    seed
        Seed of the start of the iteration, which only changes the last bits.

    Returns
    -------
    numpy.ndarray
        float32 ``(items, dimension)``; zeros for items without a neighbour.

    Raises
    ------
    HarnessError
        The matrix of pairs of items, or its vectors, do not fit into memory.

    References
    ----------
    Levy and Goldberg, "Neural word embedding as implicit matrix factorization", NeurIPS 2014, section 3.

    Examples
    --------
    Items 0 and 1 go with item 2, items 3 and 4 with each other:

    >>> history = History(np.array([0, 2, 4, 6]), np.array([0, 2, 1, 2, 3, 4], dtype=np.int32), n_items=5)
    >>> vectors = cooccurrence_vectors(history, 4, seed=0)
    >>> bool(vectors[0] @ vectors[1] > vectors[0] @ vectors[3] + 0.1)
    True
    """
    information = _positive_information(history)
    vectors = np.zeros((history.n_items, dimension), dtype=np.float32)
    kept = min(dimension, history.n_items - 1)
    if kept < 1 or information.nnz == 0:
        return vectors
    found = singular_vectors(information, kept, side="left", seed=seed, what=_WHAT, remedy=_REMEDY)
    vectors[:, :kept] = with_positive_peaks(found.vectors * np.sqrt(np.maximum(found.values, 0)))
    return vectors


def _positive_information(history: History) -> sp.csr_array:
    counts = PairCounts(history)
    n_users = int((history.lengths > 0).sum())
    parts, held = [], 0
    with progress("counting pairs of items", history.n_items, unit="items", quiet=counts.short) as advance:
        for rows, counted in counts.blocks(advance):
            counted.sort_indices()  # the order of what is added up decides the last bits
            alone = counts.users[rows.start : rows.stop]
            row_of = np.repeat(np.arange(rows.stop - rows.start), np.diff(counted.indptr))
            values = np.log(counted.data * n_users / (alone[row_of] * counts.users[counted.indices]))
            kept = (values > 0) & (row_of + rows.start != counted.indices)
            indptr = np.concatenate([[0], np.cumsum(np.bincount(row_of[kept], minlength=counted.shape[0]))])
            part = sp.csr_array((values[kept], counted.indices[kept], indptr), shape=counted.shape)
            parts.append(part)
            held += part.data.nbytes + part.indices.nbytes + part.indptr.nbytes
            check_memory(held, f"{_WHAT} of {history.n_items:,} items", remedy=_REMEDY)  # which takes as much again
    return sp.csr_array(sp.vstack(parts, format="csr"))
