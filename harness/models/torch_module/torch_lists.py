"""Recommenders by external modules that generate items or semantic ids."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from harness.artifacts import ListRequest, RankedLists, UserBatch
from harness.artifacts.array_types import Float32Array, Int64Array
from harness.errors import CheckpointError, HarnessError
from harness.models.external.external_arrays import FORMATS, array_in, levels_in
from harness.models.external.list_cleaning import cleaned
from harness.models.torch_module.torch_answers import tensor_in
from harness.models.torch_module.torch_calls import ModuleAnswer, ModuleCaller
from harness.models.torch_module.torch_variants import ModuleRecommender
from harness.storage.table_formats import PARQUET


@dataclass(frozen=True, eq=False)
class CodeTable:
    """Semantic ids of the model's items, and the item of each semantic id.

    Parameters
    ----------
    codes
        int64 ``(items, levels)``, 0 or more.
    """

    codes: Int64Array
    _levels: list[tuple[Int64Array, int]] = field(init=False, default_factory=list)
    _first: list[Int64Array] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        prefixes = np.zeros(len(self.codes), dtype=np.int64)
        for level in self.codes.T:
            base = int(level.max(initial=0)) + 1
            known, first, prefixes = np.unique(prefixes * base + level, return_index=True, return_inverse=True)
            self._levels.append((known, base))
        self._first.append(first)

    @property
    def collisions(self) -> int:
        """Number of items whose codes belong to an earlier item, so that they are never found."""
        return len(self.codes) - len(self._first[0])

    def items(self, codes: Int64Array) -> Int64Array:
        """Return the item ``(n,)`` of each row of codes ``(n, levels)``, -1 if there is none.

        Examples
        --------
        >>> CodeTable(np.array([[0, 1], [0, 2], [0, 1]])).items(np.array([[0, 2], [0, 1], [2, 1]]))
        array([ 1,  0, -1])
        """
        prefixes = np.zeros(len(codes), dtype=np.int64)
        valid = np.ones(len(codes), dtype=bool)
        for (known, base), level in zip(self._levels, codes.T, strict=True):
            valid &= (level >= 0) & (level < base)
            keys = np.where(valid, prefixes * base + level, 0)
            prefixes = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            valid &= known[prefixes] == keys
        return np.where(valid, self._first[0][prefixes], -1)


def read_codes(path: Path, key: str | None) -> CodeTable:
    """Read the semantic ids of a file, one row per item.

    Raises
    ------
    CheckpointError
        The file cannot be read, or holds no table of integers from 0 on.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise CheckpointError(f"{path}: a table of codes is read from {', '.join(FORMATS)}.")
    option = "model.params.output.table_key"
    table = levels_in(path, key) if suffix in PARQUET else array_in(path, key, usual="codes", option=option)
    if table.ndim != 2 or 0 in table.shape or table.dtype.kind not in "iu" or int(table.min()) < 0:
        raise CheckpointError(
            f"the table of codes {path} is {table.dtype} {table.shape}; whole numbers from 0 on in the shape (items, "
            "levels) are needed, a row for each of the model's items in their order. Columns of parquet are levels, "
            "none is of ids, and no value is missing."
        )
    return CodeTable(table.astype(np.int64))


@dataclass(eq=False)
class ModuleLists(ModuleRecommender):
    """Recommender by a module that returns lists.

    Parameters
    ----------
    caller
        The module.
    n_items
        Size of the catalogue.
    table
        Semantic ids of the model's items; None if the module returns item tokens.
    shift
        Number that is added to the returned items, to detect whether they are off by one.
    """

    caller: ModuleCaller
    n_items: int
    table: CodeTable | None = None
    shift: int = 0
    recommended_ids: str = field(init=False, default="")  # of the last call

    @property
    def users_at_once(self) -> int:
        """Number of users per call, unless ``runner.batch_size`` is set."""
        return self.caller.options.call.users_at_once

    @property
    def collisions(self) -> int | None:
        """Number of items that share their codes with an earlier one; None without codes."""
        return None if self.table is None else self.table.collisions

    def recommend(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        """Return the cleaned lists of users."""
        model = self.caller.options
        count = min(asked.k * model.output.k_factor, self.n_items)
        further = dict.fromkeys(model.output.count_arguments, count)
        parts = []
        for answer in self.caller.answers(batch, further):
            items, scores = self._given(answer)
            lengths = np.full(answer.users, items.shape[1])
            if model.reads_history and model.call.empty == "zero":
                lengths[answer.lengths == 0] = 0
            part = asked.of(np.arange(answer.rows.start, answer.rows.stop))
            parts.append(cleaned(items, scores, part, self.n_items, lengths=lengths))
        return _joined(parts)

    def variant(self, caller: ModuleCaller, shift: int) -> ModuleLists:
        """Return a variant with another caller and shift."""
        return dataclasses.replace(self, caller=caller, shift=shift)

    def _given(self, answer: ModuleAnswer) -> tuple[Int64Array, Float32Array | None]:
        """Return catalogue indices ``(users, n)``, -1 for invalid ones, and their scores."""
        output = self.caller.options.output
        given = tensor_in(answer.given, output.key, "key")
        if given.is_floating_point() or given.is_complex() or given.dtype is torch.bool:
            raise HarnessError(f"the module gives lists of {given.dtype}; whole numbers are needed (output.key).")
        tokens = given.cpu().numpy().astype(np.int64)
        indices = self._indices(tokens, answer.users) - self.shift  # (users, n)
        own = self.caller.items.catalogue_index
        known = (indices >= 0) & (indices < len(own))
        items = np.where(known, own[np.where(known, indices, 0)], -1)
        if output.scores is None:
            return items, None
        scores = tensor_in(answer.given, output.scores, "scores").float().cpu().numpy()
        users, n = items.shape
        if scores.shape not in ((users, n), (users, n, 1), (users * n,), (users * n, 1)):
            raise HarnessError(
                f"the module gives scores of shape {scores.shape} for lists of shape {(users, n)}, users by items, "
                "whose shape is needed (output.scores)."
            )
        return items, scores.reshape(items.shape)

    def _indices(self, tokens: Int64Array, users: int) -> Int64Array:
        """Return the model's item indices in its output, ``(users, n)``."""
        output, offset = self.caller.options.output, self.caller.options.call.offset
        skip, (rows, *inner) = output.skip, tokens.shape or (0,)
        levels = 1 if self.table is None else self.table.codes.shape[1]
        # If each entry is a row, (users x n, …), the rows of a user are adjacent.
        row_per_entry = len(inner) == 1 and rows % users == 0
        if self.table is None:
            row_per_user = rows == users and (len(inner) == 1 or (len(inner) == 2 and inner[1] == skip + 1))
            if not row_per_user and not (row_per_entry and inner == [skip + 1]):
                raise self._shape(tokens, users, f"(users, n), or (users x n, {skip + 1}),")
            flat = tokens[..., skip:].reshape(users, -1)
            self.recommended_ids = f"{flat.min()} to {flat.max()}" if flat.size else "none"
            return flat - offset
        # A row that fits the codes of several items is not a row of a single item.
        several = rows == users and len(inner) == 1 and inner[0] >= skip + 2 * levels
        fits = (row_per_entry and not several) or (len(inner) == 2 and rows == users)
        if not fits or inner[-1] < skip + levels:
            raise self._shape(
                tokens, users, f"(users, n, {levels}) or (users x n, {levels}), behind output.skip: {skip},"
            )
        codes = tokens[..., skip : skip + levels].reshape(-1, levels)  # (users x n, levels)
        if codes.size:
            lowest, highest = codes.min(axis=0), codes.max(axis=0)
            self.recommended_ids = ", ".join(f"{low} to {high}" for low, high in zip(lowest, highest, strict=True))
        return self.table.items(codes - _offsets(output.offsets, levels)).reshape(users, -1)

    @staticmethod
    def _shape(tokens: Int64Array, users: int, wanted: str) -> HarnessError:
        swapped = (
            " It looks like (n, users): give it transposed." if tokens.ndim > 1 and tokens.shape[1] == users else ""
        )
        return HarnessError(
            f"the module gives lists of shape {tokens.shape} for {users} users; {wanted} is needed.{swapped}"
        )


def _offsets(offsets: int | tuple[int, ...], levels: int) -> Any:
    if isinstance(offsets, int) or len(offsets) == levels:
        return np.asarray(offsets)
    raise HarnessError(
        f"output.offsets has {len(offsets)} numbers, and the table of codes {levels} levels; one per level is needed."
    )


def _joined(parts: list[RankedLists]) -> RankedLists:
    names = ("items", "scores", "given", "invalid", "repeated", "barred")
    return RankedLists(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
