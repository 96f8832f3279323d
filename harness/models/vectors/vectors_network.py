"""Recommenders by products of user and item vectors from files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch

from harness.artifacts import ExternalRecommender, ShiftTarget, UserBatch, VectorRecommender, Vocabulary
from harness.artifacts.array_types import Float32Array, Int64Array
from harness.errors import CheckpointError
from harness.models.baselines.scorers import HistoryVectors

# Below all plausible scores, and finite, as scores have to be.
LAST = -1e30
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class VectorTable:
    """User or item vectors of a file, and the row of each external id.

    Parameters
    ----------
    source
        Numbers ``(rows, dimension)``.
    rows
        int64 ``(external ids,)``: the row of each id, -1 if it has none.
    vocabulary
        The external ids.
    where
        The file, for messages.
    what
        Whose vectors they are.
    missing
        Treatment of external ids without a row.
    """

    source: Any
    rows: Int64Array
    vocabulary: Vocabulary
    where: str
    what: Literal["user", "item"]
    missing: Literal["error", "zero", "last"]

    def matrix(self) -> Float32Array:
        """Return float32 ``(external ids, dimension)``, zeros for ids without a row.

        Raises
        ------
        CheckpointError
            A number is not finite in 32 bits.
        """
        matrix = np.zeros((len(self.rows), self.source.shape[1]), dtype=np.float32)
        known = np.flatnonzero(self.rows >= 0)
        with np.errstate(over="ignore"):
            matrix[known] = self.source[self.rows[known]]
        bad = ~np.isfinite(matrix).all(axis=1)
        if bad.any():
            index = int(np.argmax(bad))
            value = matrix[index][~np.isfinite(matrix[index])][0]
            half = " Half precision turns numbers beyond 65,504 into infinity." if self._is_half else ""
            raise CheckpointError(
                f"{self.where}: the vectors of {int(bad.sum()):,} {self.what}s hold numbers that are not finite, such "
                f"as {value} for {self.what} {self.shown(np.array([index]))} (row {self.rows[index]}).{half} "
                "Save finite float32 numbers."
            )
        return matrix

    def refuse_missing(self, missing: Int64Array) -> None:
        """Raise if external ids without a row, int64 ``(n,)``, are an error."""
        if len(missing) == 0 or self.missing != "error":
            return
        choice = f"model.params.{self.what}s.missing"
        remedy = (
            f"set {choice}: zero to give them 0 for every item"
            if self.what == "user"
            else f"set {choice}: last to put them after all others, or zero to score them 0"
        )
        raise CheckpointError(
            f"{self.where}: {len(missing):,} {self.what}s have no vector, such as {self.shown(missing)}; "
            f"{int((self.rows >= 0).sum()):,} of the {len(self.rows):,} of the data set have one. Add theirs, "
            f"or {remedy}."
        )

    def shown(self, indices: Int64Array) -> str:
        """Return a few external ids as text for messages."""
        return ", ".join(f"'{own}'" for own in self.vocabulary.ids[indices[:_SHOWN]])

    def shifted(self, by: int) -> VectorTable:
        """Return a variant with rows moved by a number; -1 where there is no such row."""
        rows = self.rows + by
        inside = (self.rows >= 0) & (rows >= 0) & (rows < len(self.source))
        return replace(self, rows=np.where(inside, rows, -1), missing="zero")

    @property
    def _is_half(self) -> bool:
        return bool(self.source.dtype == np.float16)


class _Items:
    """Item vectors, with one more dimension for a bias or for items that come last."""

    def __init__(self, side: VectorTable, *, cosine: bool, bias: Any, device: str) -> None:
        side.refuse_missing(np.flatnonzero(side.rows < 0))
        vectors = side.matrix()
        self.plain = _unit(vectors) if cosine else vectors
        more = np.zeros(len(vectors), dtype=np.float32)
        missing = side.rows < 0
        if bias is not None:
            more[~missing] = np.asarray(bias, dtype=np.float32)[side.rows[~missing]]
            if not np.isfinite(more).all():
                raise CheckpointError(f"{side.where}: the bias holds numbers that are not finite in 32 bits.")
        if side.missing == "last":
            more[missing] = LAST
        self.extended = bias is not None or (side.missing == "last" and bool(missing.any()))
        whole = np.column_stack([self.plain, more]) if self.extended else self.plain
        self.vectors = torch.from_numpy(np.require(whole, requirements=["C", "W"])).to(device)

    def fitting(self, users: torch.Tensor) -> torch.Tensor:
        """Return user vectors with as many dimensions as the item vectors."""
        return torch.nn.functional.pad(users, (0, 1), value=1.0) if self.extended else users


class StoredVectors(ExternalRecommender):
    """Scorer by products of stored user and item vectors; see ``UserItemVectors``."""

    def __init__(self, users: VectorTable, items: VectorTable, *, cosine: bool, bias: Any, device: str) -> None:
        self._sides, self._options = (users, items), {"cosine": cosine, "bias": bias, "device": device}
        self._items = _Items(items, cosine=cosine, bias=bias, device=device)
        vectors = users.matrix()
        self._users = torch.from_numpy(_unit(vectors) if cosine else vectors).to(device)

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        users = self._sides[0]
        # Only requested users need a vector: a file may hold the users of one part.
        if users.missing == "error" and (users.rows[batch.users] < 0).any():
            asked = batch.users[users.rows[batch.users] < 0]
            others = np.setdiff1d(np.flatnonzero(users.rows < 0), asked)
            users.refuse_missing(np.concatenate([np.unique(asked), others]))
        return self._items.fitting(self._users[torch.from_numpy(batch.users).to(self._users.device)])

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._items.vectors

    def with_shift(self, target: ShiftTarget, by: int) -> VectorRecommender | None:
        """Return the same model with users or items moved: each has the vector that many rows below its own."""
        users, items = self._sides
        if target == "users":
            return StoredVectors(users.shifted(by), items, **self._options)
        return StoredVectors(users, items.shifted(by), **self._options) if target == "items" else None

    @property
    def item_positions(self) -> Int64Array:
        """The row of each item of the catalogue, int64 ``(items,)``, -1 if it has none."""
        return self._sides[1].rows


class HistoryMean(ExternalRecommender):
    """Scorer by products of item vectors with their sum or mean over the history; see ``UserItemVectors``."""

    def __init__(self, items: VectorTable, *, mean: bool, cosine: bool, bias: Any, device: str) -> None:
        self._side, self._options = items, {"mean": mean, "cosine": cosine, "bias": bias, "device": device}
        self._items = _Items(items, cosine=cosine, bias=bias, device=device)
        self._history = HistoryVectors(self._items.plain, device)
        self._mean, self._cosine = mean, cosine
        self._known = items.rows >= 0

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        users = self._history.user_vectors(batch)
        if self._mean:
            # Items without a vector do not count.
            counts = batch.matrix @ self._known.astype(np.float32)
            users = users / torch.from_numpy(np.maximum(counts, 1)).to(users)[:, None]
        if self._cosine:
            users = torch.nn.functional.normalize(users, eps=1e-30)
        return self._items.fitting(users)

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._items.vectors

    def with_shift(self, target: ShiftTarget, by: int) -> VectorRecommender | None:
        """Return the same model with items moved: each has the vector that many rows below its own."""
        return HistoryMean(self._side.shifted(by), **self._options) if target == "items" else None

    @property
    def item_positions(self) -> Int64Array:
        """The row of each item of the catalogue, int64 ``(items,)``, -1 if it has none."""
        return self._side.rows


def _unit(vectors: Float32Array) -> Float32Array:
    """Return vectors of length 1; zeros stay zeros."""
    # Squares of float32 overflow where the numbers themselves do not.
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
