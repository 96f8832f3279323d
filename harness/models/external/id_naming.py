"""Translate between catalogue indices and the names that an external object uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from harness.artifacts import Vocabulary
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import HarnessError
from harness.models.external.external_ids import indices_of, plain_id
from harness.models.external.id_map import IdMap

_LARGEST = int(np.iinfo(np.int64).max)
UNKNOWN = -2  # an item outside the catalogue; -1 is an empty position


@dataclass(frozen=True, eq=False)
class IdNaming:
    """Names of users or items for an object: external ids, or indices of the object.

    Parameters
    ----------
    vocabulary
        The external ids.
    index
        The object's indices; None: the object uses external ids.
    """

    vocabulary: Vocabulary
    index: IdMap | None = None

    def shifted(self, by: int) -> IdNaming | None:
        """Return the same names with indices moved by a number; None if the object uses external ids."""
        return None if self.index is None else replace(self, index=self.index.shifted(by))

    def names(self, indices: Int64Array) -> list[Any]:
        """Return the object's names of catalogue indices, None where it has no name."""
        if self.index is None:
            found: list[Any] = self.vocabulary.ids[indices].tolist()
            return found
        return [None if row < 0 else row for row in self.index.model_index[indices].tolist()]

    def ours(self, names: Sequence[Any], where: str) -> Int64Array:
        """Return the catalogue indices of names: -1 for an empty position, ``UNKNOWN`` for no catalogue item."""
        numbers = _integers(names)
        if numbers is not None:
            nothing = np.zeros(len(names), dtype=bool)
        else:  # text, or something is missing: one by one
            plain = [plain_id(name, where) for name in names]
            nothing = np.array([name is None for name in plain], dtype=bool)
            if self.index is None:
                return _marked(indices_of(plain, self.vocabulary), nothing)
            if any(isinstance(name, str) for name in plain):
                text = next(name for name in plain if isinstance(name, str))
                raise HarnessError(
                    f"{where} names {text!r}, where indices were declared. Set model.params.item: id if it "
                    "gives external ids."
                )
            # Below 0 all are alike, and so are those beyond the indices that there can be.
            numbers = np.array([-1 if name is None else min(max(name, -1), _LARGEST) for name in plain], dtype=np.int64)
        if self.index is None:
            of_text = self.vocabulary.is_text
            found = indices_of(numbers.tolist(), self.vocabulary) if of_text else self.vocabulary.indices(numbers)
            return _marked(found.astype(np.int64), nothing)
        nothing |= numbers < 0  # how libraries fill lists that are shorter than the array
        inside = (numbers >= 0) & (numbers < len(self.index.catalogue_index))
        return _marked(np.where(inside, self.index.catalogue_index[np.where(inside, numbers, 0)], -1), nothing)


def _integers(names: Sequence[Any]) -> Any:
    """Return names as an array if all are integers, which is fast; None otherwise."""
    try:
        numbers = np.asarray(names)
    except ValueError:  # lists of several lengths
        return None
    return numbers if numbers.ndim == 1 and len(numbers) and numbers.dtype.kind in "iu" else None


def _marked(found: Int64Array, nothing: BoolArray) -> Int64Array:
    return np.where(nothing, -1, np.where(found < 0, UNKNOWN, found))
