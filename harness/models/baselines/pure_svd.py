"""PureSVD: item vectors from the largest singular values of the interactions."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import scipy.sparse as sp
from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import FittedModel, History, Tensors, VectorRecommender, Vocabulary
from harness.errors import HarnessError
from harness.models.checkpoints.tensor_checks import require, require_names
from harness.models.linear_algebra.singular_vectors import singular_vectors, with_positive_peaks


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PureSVD(FittedModel):
    """Score by the projection of the history onto the space of the largest singular values.

    With X the binary matrix of users and items and its truncated decomposition ``X ≈ U · diag(s) · Qᵀ``::

        user vector of u = sum of the rows of Q over history(u), each item once
        score(u, j)      = user vector of u · Q[j]

    A user vector is summed in the order of the items in the catalogue, so it depends neither on the
    batch nor on the order of the history. Users without history have a score of 0 for every item.

    Parameters
    ----------
    factors
        Dimension of the vectors; below the number of users and of items.
    seed
        Seed of the start of the iteration, which only changes the last bits; 0 or more.

    References
    ----------
    Cremonesi, Koren and Turrin, "Performance of recommender algorithms on top-N recommendation
    tasks", RecSys 2010, section 3.2.

    Examples
    --------
    >>> history = History(np.array([0, 2, 4, 5]), np.array([0, 1, 0, 1, 2], dtype=np.int32), n_items=3)
    >>> PureSVD(factors=1).fit(history)["item_vectors"].round(3) + 0.0
    array([[0.707],
           [0.707],
           [0.   ]], dtype=float32)
    """

    batch_invariant: ClassVar[bool] = True
    explains_history: ClassVar[bool] = True

    factors: Annotated[int, Field(ge=1)] = 64
    seed: Annotated[int, Field(ge=0)] = 0

    def fit(self, history: History) -> Tensors:
        """Return ``item_vectors``: float32 ``(items, factors)``, in descending order of their singular values.

        Raises
        ------
        HarnessError
            There are not more users and items than factors, or the vectors do not fit into memory.
        """
        smaller = min(history.n_users, history.n_items)
        if self.factors >= smaller:
            raise HarnessError(
                f"pure_svd with {self.factors} factors needs more users and items than that; the history has "
                f"{history.n_users:,} users and {history.n_items:,} items. Use fewer factors (model.params.factors)."
            )
        matrix = sp.csr_array(history.matrix.astype(np.float64))
        remedy = "Use fewer factors (model.params.factors), or filter users and items (dataset.filters)."
        found = singular_vectors(matrix, self.factors, side="right", seed=self.seed, what="pure_svd", remedy=remedy)
        return {"item_vectors": np.ascontiguousarray(with_positive_peaks(found.vectors), dtype=np.float32)}

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> VectorRecommender:
        """Return a scorer by products of vectors.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``fit`` on this catalogue.
        """
        from harness.models.baselines.scorers import HistoryVectors

        require_names(tensors, ("item_vectors",), kind="pure_svd")
        vectors = require(tensors, "item_vectors", kind="pure_svd", dtype=np.float32, shape=(len(items), None))
        return HistoryVectors(vectors, device)
