"""A linear model of items by items in closed form."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import scipy.linalg
from pydantic.dataclasses import dataclass

from harness.artifacts import History, Recommender, Tensors, Vocabulary
from harness.artifacts.arrays import Float32Array, Float64Array
from harness.errors import HarnessError
from harness.memory import available_memory
from harness.models.tensors import require, require_names

_BYTES_PER_CELL = 8 + 4  # the Gram matrix, inverted in its place, and the weights in float32
_BLOCK_CELLS = 1 << 22


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EASE:
    """Score by the linear model of the history that best restores it, no item predicting itself.

    With X the binary matrix of users and items and ``P = inverse(XᵀX + l2 · I)``::

        B[i, j]     = -P[i, j] / P[j, j] for i ≠ j, and 0 on the diagonal
        score(u, j) = sum of B[i, j] over i in history(u), each item once

    P is found in float64 through a Cholesky factor; B is kept in float32. Scores are added up in
    the order of the items in the catalogue, so they depend neither on the batch nor on the order of
    the history. A user without history gets 0 for every item.

    Parameters
    ----------
    l2
        The ridge penalty λ, above 0.

    Raises
    ------
    ValueError
        ``l2`` is out of its range.

    References
    ----------
    Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019, arXiv 1905.03375,
    equation 8.

    Examples
    --------
    >>> history = History(np.array([0, 2, 3]), np.array([0, 1, 1], dtype=np.int32), n_items=2)
    >>> EASE(l2=1.0).fit(history)["weights"]
    array([[0.        , 0.5       ],
           [0.33333334, 0.        ]], dtype=float32)
    """

    batch_invariant: ClassVar[bool] = True

    l2: float = 100.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.l2) and self.l2 > 0):
            raise ValueError(f"l2 is {self.l2}; use a number above 0")

    def fit(self, history: History) -> Tensors:
        """Return ``weights``: float32 ``(items, items)``, row i the weights of history item i.

        Raises
        ------
        HarnessError
            A matrix of items by items does not fit into memory, or ``l2`` is too small to invert the matrix.
        """
        _check_memory(history.n_items)
        inverse = _inverse(_gram(history, self.l2))
        if inverse is None:
            raise HarnessError(
                f"EASE cannot invert its matrix with l2 {self.l2}. Use a larger model.params.l2, such as 100."
            )
        return {"weights": _weights(inverse)}

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> Recommender:
        """Return the scorer that adds up the weights of a user's history.

        Raises
        ------
        CheckpointError
            The tensors are not those of ``fit`` on this catalogue.
        """
        from harness.models.scorers import WeightsScorer

        require_names(tensors, ("weights",), kind="ease")
        weights = require(tensors, "weights", kind="ease", dtype=np.float32, shape=(len(items), len(items)))
        return WeightsScorer(weights, device)


def _check_memory(n_items: int) -> None:
    available = available_memory()
    needed = _BYTES_PER_CELL * n_items**2
    if available is not None and needed > available:
        raise HarnessError(
            f"EASE needs {needed / 2**30:.1f} GiB for a catalogue of {n_items:,} items; "
            f"{available / 2**30:.1f} GiB are available. "
            "Use model kind item_knn, or filter the items (dataset.filters, k_core with more interactions an item)."
        )


def _row_blocks(n_items: int) -> list[slice]:
    step = max(1, _BLOCK_CELLS // max(1, n_items))
    return [slice(start, min(start + step, n_items)) for start in range(0, n_items, step)]


def _gram(history: History, l2: float) -> Float64Array:
    """Return ``XᵀX + l2 · I``, built by rows so that no sparse product of full size stands beside it."""
    users_items = history.matrix.astype(np.float64)
    items_users = users_items.T.tocsr()
    gram = np.empty((history.n_items, history.n_items))
    for rows in _row_blocks(history.n_items):
        gram[rows] = (items_users[rows] @ users_items).toarray()
    gram.flat[:: history.n_items + 1] += l2
    return gram


def _inverse(gram: Float64Array) -> Float64Array | None:
    """Return the inverse in the place of a symmetric matrix, or None if it is not positive definite."""
    # The transposed view is in the order of columns that LAPACK works on in place.
    factor, failed = scipy.linalg.lapack.dpotrf(gram.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        return None
    inverse, failed = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or not np.isfinite(inverse.diagonal()).all():
        return None
    triangle: Float64Array = inverse.T  # rows again: the upper triangle holds the inverse
    for rows in _row_blocks(len(triangle)):
        corner = np.triu(triangle[rows, rows])
        triangle[rows, rows] = corner + np.triu(corner, 1).T
        triangle[rows.stop :, rows] = triangle[rows, rows.stop :].T
    return triangle


def _weights(inverse: Float64Array) -> Float32Array:
    diagonal = inverse.diagonal()
    weights = np.empty(inverse.shape, dtype=np.float32)
    for rows in _row_blocks(len(inverse)):
        weights[rows] = inverse[rows] / -diagonal
    np.fill_diagonal(weights, 0.0)
    return weights
