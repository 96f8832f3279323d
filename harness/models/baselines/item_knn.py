"""Item-based nearest neighbours by cosine similarity."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from pydantic.dataclasses import dataclass

from harness.artifacts import FittedModel, History, Recommender, Tensors, Vocabulary, pair_keys
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array
from harness.errors import CheckpointError
from harness.execution import progress
from harness.memory import check_memory, forecast
from harness.models.checkpoints.tensor_checks import REMEDY, require, require_names
from harness.models.linear_algebra import pair_counts

_BYTES_PER_NEIGHBOUR = 2 * (4 + 4)  # an index and a similarity; twice while they are joined
_BYTES_PER_ITEM = 2 * 112 + 56 + 4 * 8  # its two arrays and their pair, a row's norm, length and places


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ItemKNN(FittedModel):
    """Score an item by its similarity to the items of the history.

    With ``c(i, j)`` the users who had both items and ``c(i)`` those who had i, each counted once::

        similarity(i, j) = c(i, j) / (sqrt(c(i) * c(j)) + shrink)
        score(u, j)      = sum of similarity(i, j) over i in history(u) with j among the neighbours of i

    The neighbours of i are the ``neighbours`` other items most similar to it (at least one user in
    common). Where more tie than fit, a hash of the two items' places in the catalogue decides,
    which neither the order of rows nor the order of users can change and which prefers no end of
    the catalogue. Similarities are compared and kept in float32. A user without history gets 0 for
    every item. No matrix of all pairs of items is ever held dense.

    Parameters
    ----------
    neighbours
        Neighbours kept an item, 1 or more.
    shrink
        Damps similarities that few users support, 0 or more; 0 is the plain cosine.

    Raises
    ------
    ValueError
        A parameter is out of its range.

    References
    ----------
    Deshpande and Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004,
    section 4.

    Examples
    --------
    >>> history = History(np.array([0, 2, 4, 5]), np.array([0, 1, 0, 1, 1], dtype=np.int32), n_items=3)
    >>> ItemKNN(neighbours=1).fit(history)["similarities"].round(3)  # 2 / sqrt(2 * 3)
    array([0.816, 0.816], dtype=float32)
    """

    batch_invariant: ClassVar[bool] = True
    explains_history: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

    neighbours: int = 100
    shrink: float = 0.0

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise ValueError(f"neighbours is {self.neighbours}; use 1 or more")
        if not (math.isfinite(self.shrink) and self.shrink >= 0):
            raise ValueError(f"shrink is {self.shrink}; use 0 or more")

    def fit(self, history: History) -> Tensors:
        """Return a CSR ``(items, items)``: row i holds the neighbours of i, by ascending index.

        ``indptr`` int64 ``(items + 1,)``, ``neighbours`` int32 ``(n,)``, ``similarities`` float32
        ``(n,)``.

        Raises
        ------
        HarnessError
            The neighbours do not fit into memory.
        """
        counts = pair_counts.PairCounts(history)
        what, needed = f"item_knn on {history.n_items:,} items", self._memory(history, counts)
        remedy = "Use fewer neighbours (model.params.neighbours), or filter the items (dataset.filters)."
        check_memory(needed, what, remedy=remedy)

        def estimated(seconds: float) -> None:
            forecast(what, memory=needed, seconds=seconds)

        norms = np.sqrt(counts.users.astype(np.float64))
        lengths = np.zeros(history.n_items, dtype=np.int64)
        kept: list[tuple[Int32Array, Float32Array]] = []
        with progress("fitting item_knn", history.n_items, unit="items", quiet=counts.short) as advance:
            for rows, together in counts.blocks(advance, estimated=estimated):
                for row, item in enumerate(range(rows.start, rows.stop)):
                    places = slice(together.indptr[row], together.indptr[row + 1])
                    nearest = self._nearest(item, together.indices[places], together.data[places], norms)
                    lengths[item] = len(nearest[0])
                    kept.append(nearest)
        return {
            "indptr": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            "neighbours": np.concatenate([columns for columns, _ in kept]),
            "similarities": np.concatenate([values for _, values in kept]),
        }

    def _memory(self, history: History, counts: pair_counts.PairCounts) -> int:
        """Return the largest memory of fitting to a history, in bytes."""
        neighbours = int(np.minimum(counts.terms, self.neighbours).sum())
        held = neighbours * _BYTES_PER_NEIGHBOUR + history.n_items * _BYTES_PER_ITEM
        return pair_counts.memory_of(history) + held

    def _nearest(
        self, item: int, columns: Int32Array, common: np.ndarray, norms: np.ndarray
    ) -> tuple[Int32Array, Float32Array]:
        order = np.argsort(columns)
        order = order[columns[order] != item]
        columns, common = columns[order].astype(np.int32), common[order]
        values = (common / (norms[item] * norms[columns] + self.shrink)).astype(np.float32)
        if len(values) > self.neighbours:
            best = _largest(values, self.neighbours, item, columns)
            columns, values = columns[best], values[best]
        return columns, values

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> Recommender:
        """Return a scorer that sums the similarities of each user's history.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``fit`` on this catalogue.
        """
        from harness.models.baselines.scorers import ItemKNNScorer

        return ItemKNNScorer(_similarity(tensors, len(items)), device)


def _largest(values: Float32Array, count: int, item: int, columns: Int32Array) -> BoolArray:
    """Return where the ``count`` largest values are; ties at the cut follow the hash of (item, column)."""
    cut = np.partition(values, len(values) - count)[len(values) - count]
    best: BoolArray = values > cut
    tied = np.flatnonzero(values == cut)
    keys = pair_keys(0, np.array([item], dtype=np.uint64), columns[tied].astype(np.uint64))
    best[tied[np.argsort(keys, kind="stable")[: count - best.sum()]]] = True
    return best


def _similarity(tensors: Tensors, n_items: int) -> sp.csr_array:
    require_names(tensors, ("indptr", "neighbours", "similarities"), kind="item_knn")
    indptr = require(tensors, "indptr", kind="item_knn", dtype=np.int64, shape=(n_items + 1,))
    columns = require(tensors, "neighbours", kind="item_knn", dtype=np.int32, shape=(None,))
    values = require(tensors, "similarities", kind="item_knn", dtype=np.float32, shape=columns.shape)
    # The compiled product trusts these numbers, and would read beyond its arrays.
    whole = indptr[0] == 0 and indptr[-1] == len(columns) and (np.diff(indptr) >= 0).all()
    inside = not len(columns) or (columns.min() >= 0 and columns.max() < n_items)
    if not (whole and inside):
        raise CheckpointError(
            f"the neighbours of the item_knn checkpoint are not a matrix of {n_items} items. {REMEDY}"
        )
    return sp.csr_array((values, columns, indptr), shape=(n_items, n_items))
