"""EASE: a linear item-to-item model with a solution in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import FittedModel, History, Recommender, Tensors, Vocabulary
from harness.artifacts.array_types import Float32Array, Float64Array
from harness.errors import HarnessError
from harness.execution import progress
from harness.memory import check_memory, forecast
from harness.models.checkpoints.tensor_checks import require, require_names
from harness.models.linear_algebra import matrix_inverse, pair_counts

_GRAM, _WEIGHT = 8, 4  # bytes of a cell of the Gram matrix, which is inverted in its place, and of the weights
_REMEDY = "Use model kind item_knn, or filter the items (dataset.filters, k_core with more interactions per item)."


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EASE(FittedModel):
    """Score with the linear model that best restores the history, where no item predicts itself.

    With X the binary matrix of users and items and ``P = inverse(XᵀX + l2 · I)``::

        B[i, j]     = -P[i, j] / P[j, j] for i ≠ j, and 0 on the diagonal
        score(u, j) = sum of B[i, j] over i in history(u), each item once

    P is found in float64, in the place of the matrix that it inverts; B is kept in float32. The peak
    is 12 bytes per pair of items. Scores are added up in
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
    explains_history: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

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
        size = history.n_items
        block, what, needed = matrix_inverse.block_for(size), f"EASE on {size:,} items", memory_of_fit(history)
        check_memory(needed, what, remedy=_REMEDY)

        def estimated(seconds: float) -> None:
            forecast(what, memory=needed, seconds=seconds + matrix_inverse.seconds_of(size))

        matrix = _gram(history, self.l2, estimated)
        steps = matrix_inverse.steps_of(size, block)
        with progress("fitting ease", steps, unit="steps", quiet=steps == 1) as advance:
            if not matrix_inverse.invert(matrix, advance, block=block):
                raise HarnessError(
                    f"EASE cannot invert its matrix with l2 {self.l2}. Use a larger model.params.l2, such as 100."
                )
        return {"weights": _weights(matrix)}

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> Recommender:
        """Return a scorer that sums the weights of each user's history.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``fit`` on this catalogue.
        """
        from harness.models.baselines.scorers import WeightsScorer

        require_names(tensors, ("weights",), kind="ease")
        weights = require(tensors, "weights", kind="ease", dtype=np.float32, shape=(len(items), len(items)))
        return WeightsScorer(weights, device)


def memory_of_fit(history: History) -> int:
    """Return the peak memory of fitting to a history, in bytes."""
    cells, block = history.n_items**2, matrix_inverse.block_for(history.n_items)
    inverting = matrix_inverse.memory_of(history.n_items, block)
    weighing = cells * _WEIGHT + min(cells, matrix_inverse.BLOCK_CELLS) * _GRAM
    return cells * _GRAM + max(pair_counts.memory_of(history), inverting, weighing)


def _gram(history: History, l2: float, estimated: Callable[[float], None]) -> Float64Array:
    """Return ``XᵀX + l2 · I``."""
    counts = pair_counts.PairCounts(history)
    gram = np.empty((history.n_items, history.n_items))
    with progress("counting pairs of items", history.n_items, unit="items", quiet=counts.short) as advance:
        for rows, counted in counts.blocks(advance, estimated=estimated):
            counted.toarray(out=gram[rows])
    gram.flat[:: history.n_items + 1] += l2
    return gram


def _weights(inverse: Float64Array) -> Float32Array:
    diagonal = inverse.diagonal()
    weights = np.empty(inverse.shape, dtype=np.float32)
    for rows in matrix_inverse.row_blocks(len(inverse)):
        weights[rows] = inverse[rows] / -diagonal
    np.fill_diagonal(weights, 0.0)
    return weights
