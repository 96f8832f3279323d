"""What a model is to the rest: fitted to a history, then bound to a catalogue to score users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import scipy.sparse as sp
from numpy.typing import NDArray

from harness.artifacts.arrays import Int32Array, Int64Array
from harness.artifacts.interactions import History
from harness.artifacts.vocabulary import Vocabulary

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class UserBatch:
    """Users to score at once, with what each of them did.

    Parameters
    ----------
    users
        int64 ``(batch,)``: indices into the user vocabulary.
    history
        What was done before; a model reads it through ``rows`` or ``matrix``.
    places
        int64 ``(batch,)``: the row of ``history`` for each of ``users``; None where it has a row a
        user of the vocabulary.
    """

    users: Int64Array
    history: History
    places: Int64Array | None = None

    @property
    def matrix(self) -> sp.csr_array:
        """Binary float32 CSR ``(batch, items)``: what each user did, repeats counted once."""
        return self.history.matrix[self._places]

    @property
    def _places(self) -> Int64Array:
        return self.users if self.places is None else self.places

    def rows(self) -> tuple[Int64Array, Int32Array]:
        """Return the batch's own CSR: ``indptr (batch + 1,)`` and ``items``, oldest first."""
        own = self.history.rows(self._places)
        return own.indptr, own.items


@runtime_checkable
class Recommender(Protocol):
    """A fitted model on a device."""

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)`` scores, higher is better, on the model's device."""
        ...


@runtime_checkable
class VectorRecommender(Protocol):
    """A fitted model on a device whose scores are products of vectors; the rows of scores are never made."""

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        ...

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        ...


@runtime_checkable
class Model(Protocol):
    """A model's configuration: a frozen value that can fit and be brought to a device."""

    def fit(self, history: History) -> Tensors:
        """Return the tensors of a checkpoint, fitted to the users' histories."""
        ...

    def recommender(
        self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str
    ) -> Recommender | VectorRecommender:
        """Return the scorer that a checkpoint's tensors describe.

        Raises
        ------
        CheckpointError
            A tensor is missing, or has another shape than the catalogue asks for.
        """
        ...
