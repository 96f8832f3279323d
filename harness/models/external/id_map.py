"""Map the indices of an external model to the external ids of the data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Vocabulary
from harness.artifacts.array_types import Int64Array
from harness.errors import CheckpointError
from harness.models.external.external_ids import Id, indices_of, plain_id
from harness.models.external.id_files import COLUMN_OPTION, FORMATS, WITH_COLUMNS, ids_in

SORTED, OWN = "sorted", "own"
_MOST_INDICES = 1 << 28
_SHOWN = 3


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class IdOptions:
    """Options of the ids of a model's indices: which external id row, column or token 0, 1, 2, … stands for.

    Parameters
    ----------
    ids
        ``sorted``: index i is the i-th external id of the catalogue (or of the users) in ascending order, integers by
        value and text by code point. ``own``: the external id, an integer, is the index itself. Otherwise a file whose
        row i holds the external id of index i: ``.txt``, ``.csv`` or ``.tsv`` (one id per line without a header,
        or a column), ``.npy``, ``.parquet`` (a column) or ``.json`` (a list, or a map of external id to index). The
        index of a row that is empty, null, or no id of the data set is ignored, such as that of padding. Ids in text
        are read as written, including spaces, except for the quotes of a table.
    column
        Column of the file; a text file then has a header. None: the only column.

    Raises
    ------
    ValueError
        ``ids`` is neither a word nor a file of a known format, or ``column`` has no use.

    Examples
    --------
    >>> IdOptions(ids="items.txt").files
    [PosixPath('items.txt')]
    """

    ids: str = SORTED
    column: str | None = None

    def __post_init__(self) -> None:
        if self.ids not in (SORTED, OWN) and Path(self.ids).suffix.lower() not in FORMATS:
            raise ValueError(
                f"ids is {self.ids!r}; use '{SORTED}', '{OWN}', or a file that ends in {', '.join(FORMATS)}"
            )
        if self.column is not None and Path(self.ids).suffix.lower() not in WITH_COLUMNS:
            raise ValueError(f"column {self.column!r} is of a .csv, .tsv or .parquet file, and ids is {self.ids!r}")

    @property
    def files(self) -> list[Path]:
        """The file of ids, if there is one."""
        return [] if self.ids in (SORTED, OWN) else [Path(self.ids)]


@dataclasses.dataclass(frozen=True, eq=False)
class IdMap:
    """Mapping between a vocabulary and the indices of a model.

    Parameters
    ----------
    model_index
        int64 ``(external ids,)``: the model's index of each id of the vocabulary, -1 where the model does not know it.
    catalogue_index
        int64 ``(model indices,)``: the catalogue index of each model index, -1 if it stands for no id of the data set.
    note
        Hint about the ids for messages on a wrong number of indices; may be empty.
    """

    model_index: Int64Array
    catalogue_index: Int64Array
    note: str = ""

    @property
    def missing(self) -> int:
        """Number of external ids that the model does not know."""
        return int((self.model_index < 0).sum())

    @property
    def strange(self) -> int:
        """Number of the model's indices that stand for no id of the data set."""
        return int((self.catalogue_index < 0).sum())

    def shifted(self, by: int) -> IdMap:
        """Return the map with the index of each id moved by a number; an index out of range becomes -1."""
        indices = self.model_index + by
        inside = (self.model_index >= 0) & (indices >= 0) & (indices < len(self.catalogue_index))
        moved = np.where(inside, indices, -1)
        catalogue_index = np.full(len(self.catalogue_index), -1, dtype=np.int64)
        catalogue_index[moved[inside]] = np.flatnonzero(inside)
        return IdMap(moved, catalogue_index)

    @classmethod
    def of(cls, section: IdOptions, vocabulary: Vocabulary, *, size: int | None, what: str) -> IdMap:
        """Return the map that the options describe.

        Parameters
        ----------
        section
            The ids of the model's indices.
        vocabulary
            The users or items of the data set.
        size
            Number of indices of the model; None: as many as there are ids.
        what
            ``item`` or ``user``, for messages.

        Raises
        ------
        CheckpointError
            The file cannot be read, holds an id twice, or another number of ids than the model has indices; or no
            id of the data set is among them; or the model has indices beyond those that ``own`` or a map speaks of.
        """
        if section.ids == SORTED:
            return cls._sorted(vocabulary, size=size, what=what)
        if section.ids == OWN:
            return cls._own(vocabulary, size=size, what=what)
        path = Path(section.ids)
        read = ids_in(path, section.column)
        if not read:
            raise CheckpointError(f"{path} holds no ids; each of the model's {what} indices needs its row.")
        if isinstance(read, dict):
            indices = _indices(read, path, size=size)
            length = int(indices.max()) + 1
            if size is not None and size != length:
                raise CheckpointError(
                    f"{path}: its indices end with {length - 1:,}, and the model has {size:,} {what} indices, which "
                    f"end with {size - 1:,}.{_one_apart(length, size)} Give what stands for nothing an entry too, "
                    f'under any name that is not an id, such as "<padding>".'
                )
            return cls._matched(list(read), indices, vocabulary, length=length, where=str(path), what=what)
        _refuse_header(read, section, vocabulary, what=what)
        if size is not None and size != len(read):
            raise CheckpointError(
                f"{path} holds {len(read):,} ids, and the model has {size:,} {what} indices: each index needs its "
                f"row, in the same order.{_one_apart(len(read), size)}{_empty_at_end(read, path)}"
            )
        found = cls._matched(read, np.arange(len(read)), vocabulary, length=len(read), where=str(path), what=what)
        return dataclasses.replace(found, note=_empty_at_end(read, path))

    @classmethod
    def by_ids(cls, ids: Any, vocabulary: Vocabulary, *, where: str, what: str) -> IdMap:
        """Return the map of a model whose index i stands for the i-th of the external ids.

        Parameters
        ----------
        ids
            Integers, text, or None for an index that stands for nothing; ``(indices,)``.
        vocabulary, what
            As for ``of``.
        where
            What holds the ids, for messages.

        Raises
        ------
        CheckpointError
            An id is there twice, is of another type, or none is of the data set.
        """
        plain = [plain_id(value, where) for value in ids]
        return cls._matched(plain, np.arange(len(plain)), vocabulary, length=len(plain), where=where, what=what)

    @classmethod
    def _sorted(cls, vocabulary: Vocabulary, *, size: int | None, what: str) -> IdMap:
        own = len(vocabulary)
        if size is not None and size != own:
            raise CheckpointError(
                f"the model has {size:,} {what} indices, and the data set has {own:,} {what}s, which '{SORTED}' takes "
                f"one for one.{_one_apart(own, size)} Name the file of ids that the model was trained with "
                f"({what}s.ids), or '{OWN}' if its indices are the data set's external ids."
            )
        return cls(np.arange(own), np.arange(own))

    @classmethod
    def _own(cls, vocabulary: Vocabulary, *, size: int | None, what: str) -> IdMap:
        if vocabulary.is_text:
            raise CheckpointError(
                f"the {what} ids of the data set are text, such as {_shown(vocabulary.ids)}, and '{OWN}' takes ids "
                f"that are the model's indices. Name a file of ids in {what}s.ids."
            )
        ids = vocabulary.ids.astype(np.int64)
        if size is None and len(ids) and int(ids[-1]) >= _MOST_INDICES:
            raise CheckpointError(
                f"the {what} ids of the data set go up to {ids[-1]:,}, too many to be a model's indices. "
                f"Name a file of ids in {what}s.ids."
            )
        spanned = max(0, int(ids[-1]) + 1) if len(ids) else 0
        if size is not None and size > spanned > 0:
            raise CheckpointError(
                f"the model has {size:,} {what} indices, and the {what} ids of the data set go from {ids[0]:,} to "
                f"{ids[-1]:,}, so that '{OWN}' makes {spanned:,}.{_one_apart(spanned, size)} Name a file of ids in "
                f"{what}s.ids; if the model knows ids up to {size - 1:,}, that is "
                f"numpy.save('{what}s.npy', numpy.arange({size}))."
            )
        length = spanned if size is None else size
        fits = (ids >= 0) & (ids < length)
        if not fits.any():
            raise CheckpointError(
                f"no {what} id of the data set is an index of the model: they are such as {_shown(ids)}, and the "
                f"model's go from 0 to {length - 1:,}. Name a file of ids in {what}s.ids, or '{SORTED}'."
            )
        # External ids may be far apart: without a size the largest id decides the length of the map.
        catalogue_index = np.full(length, -1, dtype=np.int64)
        catalogue_index[ids[fits]] = np.flatnonzero(fits)
        return cls(np.where(fits, ids, -1), catalogue_index)

    @classmethod
    def _matched(
        cls, ids: Sequence[Id], indices: Int64Array, vocabulary: Vocabulary, *, length: int, where: str, what: str
    ) -> IdMap:
        own = indices_of(ids, vocabulary)
        _refuse_repeated(ids, own, where=where, what=what)
        known = np.flatnonzero(own >= 0)
        if len(known) == 0:
            given = [value for value in ids if value is not None]
            raise CheckpointError(
                f"{where}: none of its {len(given):,} {what} ids is of the data set: they are such as "
                f"{_shown(given)} here and {_shown(vocabulary.ids)} there. Name the right file or column, or write the "
                "ids alike."
            )
        catalogue_index = np.full(length, -1, dtype=np.int64)
        catalogue_index[indices[known]] = own[known]
        model_index = np.full(len(vocabulary), -1, dtype=np.int64)
        model_index[own[known]] = indices[known]
        return cls(model_index, catalogue_index)


def _indices(entries: dict[str, Any], path: Path, *, size: int | None) -> Int64Array:
    """Check the indices of a JSON map, and return them."""
    for own, index in entries.items():
        if type(index) is not int or not 0 <= index < (_MOST_INDICES if size is None else size):
            top = f" from 0 to {_MOST_INDICES:,}" if size is None else f" from 0 to {size - 1:,}, which the model has"
            raise CheckpointError(f"{path}: the id {own!r} has the index {index!r}; an integer{top} is needed.")
    indices = np.fromiter(entries.values(), dtype=np.int64, count=len(entries))
    distinct, counts = np.unique(indices, return_counts=True)
    if len(distinct) < len(indices):
        twice = int(distinct[counts > 1][0])
        owners = [own for own, index in entries.items() if index == twice]
        raise CheckpointError(
            f"{path}: {len(indices) - len(distinct):,} indices occur twice, such as {twice} of {_shown(owners)}. "
            "Each index needs one id."
        )
    return indices


def _refuse_header(ids: Sequence[Id], section: IdOptions, vocabulary: Vocabulary, *, what: str) -> None:
    """Raise an error if the first row looks like a header or padding rather than an id, and no column was named."""
    if section.column is not None or Path(section.ids).suffix.lower() not in (".csv", ".tsv") or ids[0] is None:
        return
    if indices_of(ids[:1], vocabulary)[0] < 0 <= indices_of(ids[1:], vocabulary).max(initial=-1):
        raise CheckpointError(
            f"{section.ids}: its first row, {ids[0]!r}, is not an id of the data set's {what}s. If it is a header, "
            f"name the column ({COLUMN_OPTION}); if it is an index without {what}, such as padding, leave the row "
            "empty, or use .txt, which has no header."
        )


def _refuse_repeated(ids: Sequence[Id], own: Int64Array, *, where: str, what: str) -> None:
    # Ids that are not in the data set may repeat, such as rows of padding.
    known = np.flatnonzero(own >= 0)
    distinct, first, counts = np.unique(own[known], return_index=True, return_counts=True)
    if len(distinct) < len(known):
        at = int(known[first[counts > 1][0]])
        again = int(known[np.flatnonzero(own[known] == own[at])[1]])
        raise CheckpointError(
            f"{where}: {len(known) - len(distinct):,} {what} ids occur twice, such as {ids[at]!r} in rows {at + 1:,} "
            f"and {again + 1:,}. Each {what} needs one row."
        )


def _one_apart(ids: int, size: int) -> str:
    if abs(ids - size) != 1:
        return ""
    return " A difference of one is mostly the row of padding: it needs a row too (an empty one in the file of ids)."


def _empty_at_end(ids: Sequence[Id], path: Path) -> str:
    last = next((place for place, value in enumerate(reversed(ids)) if value is not None), len(ids))
    if last == 0:
        return ""
    rows = "row is" if last == 1 else f"{last:,} rows are"
    return f" The last {rows} empty in {path}, and an empty row counts: remove it if it is not an index of the model."


def _shown(ids: Any) -> str:
    return ", ".join(repr(str(value)[:40]) if isinstance(value, str) else str(value) for value in ids[:_SHOWN])
