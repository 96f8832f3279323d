"""Vectors of items from who did what: what is done by the same users lies together."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

from harness.artifacts import History
from harness.artifacts.arrays import Float32Array, Float64Array


def cooccurrence_vectors(history: History, dimension: int, *, seed: int) -> Float32Array:
    """Return vectors of items by the largest singular values of their positive pointwise mutual information.

    With ``n[i, j]`` the users with both items, ``n[i]`` those with one, and N those with any, the matrix that is
    decomposed is ``max(0, log(n[i, j] N / (n[i] n[j])))`` off the diagonal, and the vectors are its left singular
    vectors times the square roots of the singular values.

    Parameters
    ----------
    history
        What users did, each item once.
    dimension
        Of the vectors, 1 or more; where there are too few items the rest is 0.
    seed
        Of the iteration's start, which changes the last bits alone.

    Returns
    -------
    numpy.ndarray
        float32 ``(items, dimension)``; zeros for items without a neighbour.

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
    start = np.random.default_rng(seed).random(history.n_items)
    left, values, _ = scipy.sparse.linalg.svds(information, k=kept, v0=start)
    order = np.argsort(-values, kind="stable")
    found: Float64Array = left[:, order] * np.sqrt(np.maximum(values[order], 0))
    # The sign of a singular vector is free: its largest entry is made positive.
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(kept)])
    vectors[:, :kept] = found * np.where(signs == 0, 1, signs)
    return vectors


def _positive_information(history: History) -> sp.csr_array:
    matrix = history.matrix.astype(np.float64)
    together = (matrix.T @ matrix).tocoo()
    alone = np.asarray(matrix.sum(axis=0)).ravel()
    rows, columns = together.coords
    off = rows != columns
    rows, columns, counts = rows[off], columns[off], together.data[off]
    values = np.log(counts * int((history.lengths > 0).sum()) / (alone[rows] * alone[columns]))
    positive = values > 0
    shape = (history.n_items, history.n_items)
    return sp.csr_array((values[positive], (rows[positive], columns[positive])), shape=shape)
