"""Recommend with user and item vectors from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import ExternalModel, VectorRecommender, Vocabulary
from harness.errors import CheckpointError
from harness.models.checkpoints.required_files import require_file
from harness.models.external.external_arrays import FORMATS, array_in, vectors_in
from harness.models.external.id_files import checked_header
from harness.models.external.id_map import SORTED, IdMap, IdOptions
from harness.storage.table_formats import PARQUET

if TYPE_CHECKING:
    from harness.models.vectors.vectors_network import VectorTable

Name = Annotated[str, Field(min_length=1)]

_NO_USERS = (
    "Name the file of the users' in model.params.users.path, or set model.params.history: mean to make them of the "
    "history."
)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class VectorsFile:
    """A file of user or item vectors.

    Parameters
    ----------
    path
        ``.npy`` (one array), ``.npz`` or ``.safetensors`` (arrays by name), or ``.parquet`` (one vector per row);
        numbers of any type, read as float32. None: ``model.checkpoint``.
    name
        Name of the array in a file with several. None: ``users`` or ``items``, or the only one.
    ids, ids_column
        Ids of the rows of an array; see ``IdOptions``.
    id, column
        In parquet: the column of external ids, None for ``user`` or ``item``; and the column of vectors, lists of
        numbers.
    missing
        Treatment of users and items of the data set without a vector. ``error``: the run ends. ``zero``: a vector of
        zeros, so that all their scores are 0, which is high among negative scores. ``last``, for items only: behind
        all others.
    """

    path: Name | None = None
    name: Name | None = None
    ids: str = SORTED
    ids_column: Name | None = None
    id: Name | None = None
    column: Name = "vector"
    missing: Literal["error", "zero", "last"] = "error"

    def __post_init__(self) -> None:
        IdOptions(self.ids, self.ids_column)

    @property
    def own(self) -> IdOptions:
        """Ids of the rows of an array."""
        return IdOptions(self.ids, self.ids_column)

    def where(self, checkpoint: str | None, *, what: str) -> Path:
        """Return the file of vectors.

        Raises
        ------
        CheckpointError
            No file is named, or it is missing or of an unknown format.
        """
        named = checkpoint if self.path is None else self.path
        if named is None:
            raise CheckpointError(
                f"nothing says where the {what} vectors are. Name their file in model.params.{what}s.path, or one that "
                "holds the vectors of both in model.checkpoint."
            )
        path = require_file(Path(named), f"the file of {what} vectors")
        if path.suffix.lower() not in FORMATS:
            raise CheckpointError(f"{path}: vectors are read from {', '.join(FORMATS)}. Pickles are never loaded.")
        return path


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserItemVectors(ExternalModel):
    """Score by products of vectors from files, such as those of a matrix factorisation.

    ``score(u, j) = user vector of u · item vector of j (+ bias of j)``. With ``history`` a user's vector is the sum, or
    the mean, of the item vectors over the history, each item once; with ``similarity: cosine`` of those made of length
    1. A user without history gets 0 for every item.

    Parameters
    ----------
    users
        Where the vectors of users are; None: in ``model.checkpoint``. Not with ``history``.
    items
        Where the vectors of items are.
    similarity
        ``dot``, or ``cosine``: item vectors, and then those of users, are made of length 1 first; zeros stay zeros.
    bias
        Name of an array ``(items,)`` in the file of item vectors that is added to the scores; None for nothing.
    history
        ``sum`` or ``mean``: user vectors are made of the history. None: they are in a file.

    Examples
    --------
    >>> UserItemVectors(items=VectorsFile(path="items.npy", ids="items.txt"), history="mean").similarity
    'dot'
    """

    needs_checkpoint: ClassVar[bool] = False
    batch_invariant: ClassVar[bool] = True

    users: VectorsFile | None = None
    items: VectorsFile = VectorsFile()
    similarity: Literal["dot", "cosine"] = "dot"
    bias: Name | None = None
    history: Literal["sum", "mean"] | None = None

    def __post_init__(self) -> None:
        if self.history is not None and self.users is not None:
            raise ValueError(f"history is {self.history!r}, which makes the vectors of users: leave out users")
        if self.users is not None and self.users.missing == "last":
            raise ValueError("users.missing is 'last', which is of items; use 'error' or 'zero'")
        if self.bias is not None and self.similarity == "cosine":
            raise ValueError("bias is added to products: use similarity 'dot', or leave it out")

    @property
    def reads_history(self) -> bool:
        """Whether scores depend on the history."""
        return self.history is not None

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the files of vectors and of ids.

        Raises
        ------
        CheckpointError
            One is missing.
        """
        sides = {"item": self.items} | ({} if self._users is None else {"user": self._users})
        found = [side.where(checkpoint, what=what) for what, side in sides.items()]
        for side in sides.values():
            found += [checked_header(path, side.ids_column) for path in side.own.files]
        return list(dict.fromkeys(found))

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> VectorRecommender:
        """Return the scorer by products of vectors.

        Raises
        ------
        CheckpointError
            A file cannot be used, or does not fit the catalogue.
        """
        from harness.models.vectors.vectors_network import HistoryMean, StoredVectors

        path = self.items.where(checkpoint, what="item")
        section, cosine = self._users, self.similarity == "cosine"
        shared = section is not None and section.where(checkpoint, what="user") == path
        if shared and path.suffix.lower() == ".npy":
            raise CheckpointError(f"{path} holds one array, which cannot be both user and item vectors. {_NO_USERS}")
        item_side = _side(self.items, path, items, what="item", shared=shared)
        bias = None if self.bias is None else self._bias(path, self.bias, len(item_side.source))
        if section is None:
            return HistoryMean(item_side, mean=self.history == "mean", cosine=cosine, bias=bias, device=device)
        user_side = _side(section, section.where(checkpoint, what="user"), users, what="user", shared=shared)
        if user_side.source.shape[1] != item_side.source.shape[1]:
            raise CheckpointError(
                f"user vectors have {user_side.source.shape[1]} dimensions ({user_side.where}) and item vectors "
                f"{item_side.source.shape[1]} ({item_side.where}); they must be equal."
            )
        return StoredVectors(user_side, item_side, cosine=cosine, bias=bias, device=device)

    @staticmethod
    def _bias(path: Path, name: str, n_items: int) -> Any:
        """Return the biases of a file, ``(rows,)``."""
        if path.suffix.lower() not in (".npz", ".safetensors"):
            raise CheckpointError(f"model.params.bias: {path} holds no arrays by name. Use .npz or .safetensors.")
        bias = np.asarray(array_in(path, name, usual="bias", option="bias"))
        if bias.shape == (n_items, 1):  # an embedding of one dimension
            bias = bias[:, 0]
        if bias.shape != (n_items,) or bias.dtype.kind not in "fiu":
            raise CheckpointError(
                f"{path}: the bias '{name}' is {bias.dtype} {bias.shape}; numbers in the shape ({n_items},) are "
                "needed, one per item vector."
            )
        return bias

    @property
    def _users(self) -> VectorsFile | None:
        if self.history is not None:
            return None
        return VectorsFile() if self.users is None else self.users


def _side(
    section: VectorsFile, path: Path, vocabulary: Vocabulary, *, what: Literal["user", "item"], shared: bool
) -> VectorTable:
    """Return the vectors of a file, and the row of each external id."""
    from harness.models.vectors.vectors_network import VectorTable

    source: Any
    if path.suffix.lower() in PARQUET:
        if section.ids != SORTED:
            raise CheckpointError(f"{path} names its {what}s in a column: leave out model.params.{what}s.ids.")
        name = what if section.id is None else section.id
        ids, source = vectors_in(path, id_column=name, column=section.column)
        known = IdMap.by_ids(ids, vocabulary, where=f"{path}: column '{name}'", what=what)
    else:
        source = array_in(path, section.name, usual=f"{what}s", option=f"{what}s.name", shared=shared)
        if source.ndim != 2 or 0 in source.shape or source.dtype.kind not in "fiu":
            raise CheckpointError(
                f"{path}: the {what} vectors are {source.dtype} {source.shape}; numbers in the shape "
                f"({what}s, dimension) are needed."
            )
        known = IdMap.of(section.own, vocabulary, size=len(source), what=what)
    return VectorTable(source, known.model_index, vocabulary, str(path), what, section.missing)
