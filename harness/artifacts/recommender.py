"""What a model is to the rest: fitted to a history, then bound to a catalogue to score users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import scipy.sparse as sp
from numpy.typing import NDArray

from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array
from harness.artifacts.interactions import History
from harness.artifacts.rankings import CandidateLists
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


@dataclass(frozen=True, eq=False)
class ListRequest:
    """What is asked of a model that makes lists itself, row by row for a batch.

    Parameters
    ----------
    k
        Length of the lists, 1 or more.
    seen
        What each user may not be recommended; None for nothing.
    lists
        What alone each user may be recommended; None for everything.
    allowed
        bool ``(items,)``: what may be recommended at all; None for everything.
    seed
        Of the order among equal scores, which is by the hash of (seed, user's own id, item's own id).
    """

    k: int
    seen: CandidateLists | None = None
    lists: CandidateLists | None = None
    allowed: BoolArray | None = None
    seed: int = 0

    def of(self, rows: Int64Array) -> ListRequest:
        """Return what is asked for some users of the batch, int64 ``(n,)``, in the order given."""
        return replace(
            self,
            seen=None if self.seen is None else self.seen.of(rows),
            lists=None if self.lists is None else self.lists.of(rows),
        )


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Lists of a model that makes them itself, and what was odd in them before they were cleaned.

    Parameters
    ----------
    items
        int32 ``(batch, k)``: best first, no item twice, none that may not be recommended; -1 where a list is shorter.
    scores
        float32 ``(batch, k)``, falling; -inf where a list is shorter.
    given
        int32 ``(batch,)``: how many items, or beams, the model gave for the list.
    invalid
        int32 ``(batch,)``: how many of those were no item of the catalogue.
    repeated
        int32 ``(batch,)``: how many were in the list already.
    barred
        int32 ``(batch,)``: how many were items that may not be recommended to the user, such as seen ones.
    """

    items: Int32Array
    scores: Float32Array
    given: Int32Array
    invalid: Int32Array
    repeated: Int32Array
    barred: Int32Array

    def of(self, rows: Int64Array) -> RankedLists:
        """Return the lists of some rows of the batch, int64 ``(n,)``, in the order given."""
        return RankedLists(*(getattr(self, part.name)[rows] for part in fields(self)))


@runtime_checkable
class ListRecommender(Protocol):
    """A model on a device that makes lists itself, such as by a beam search; it scores no whole catalogue."""

    @property
    def users_at_once(self) -> int:
        """How many users it takes at once where nobody says otherwise, 1 or more."""
        ...

    def recommend(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        """Return the best items of each user."""
        ...


AnyRecommender = Recommender | VectorRecommender | ListRecommender


@runtime_checkable
class Model(Protocol):
    """A model's configuration: a frozen value that can fit and be brought to a device."""

    def fit(self, history: History) -> Tensors:
        """Return the tensors of a checkpoint, fitted to the users' histories."""
        ...

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the scorer that a checkpoint's tensors describe.

        Raises
        ------
        CheckpointError
            A tensor is missing, or has another shape than the catalogue asks for.
        """
        ...
