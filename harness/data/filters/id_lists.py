"""Filter interactions by lists of users and items."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Vocabulary
from harness.artifacts.array_types import Int32Array
from harness.data.readers.file_checks import id_lines
from harness.errors import DataError

logger = logging.getLogger("harness")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class _IdListFilter:
    """The base class of filters by one list of ids, inline or in a file, to keep or to remove."""

    kind: ClassVar[str]
    allow: tuple[int | str, ...] | None = None
    deny: tuple[int | str, ...] | None = None
    allow_file: str | None = None
    deny_file: str | None = None

    def __post_init__(self) -> None:
        lists = dataclasses.asdict(self)
        given = [name for name, value in lists.items() if value is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise ValueError(f"{self.kind} takes one list, and got {got}; give one of {', '.join(lists)}")
        if not lists[given[0]]:
            raise ValueError(f"{given[0]} is empty; name at least one id, or remove the filter")

    def _listed_indices(self, vocabulary: Vocabulary) -> Int32Array:
        """Return the index of each distinct id of the list, -1 if it does not occur."""
        path = self.allow_file if self.allow_file is not None else self.deny_file
        inline = self.allow if self.allow is not None else self.deny
        ids: Sequence[int | str] = read_id_list(Path(path)) if path is not None else inline or ()
        # An id counts once, however often it is listed, as a number or as text; unknown ids are counted as text.
        found = vocabulary.lookup(tuple(dict.fromkeys(ids)))
        unknown = len({str(name) for name, index in zip(dict.fromkeys(ids), found.tolist(), strict=True) if index < 0})
        return np.concatenate([np.unique(found[found >= 0]), np.full(unknown, -1, dtype=np.int32)])

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them.

        Raises
        ------
        DataError
            The file of ids cannot be read, or is empty.
        """
        vocabulary = self._vocabulary(interactions)
        found = self._listed_indices(vocabulary)
        unknown = int((found < 0).sum())
        if unknown:
            logger.warning(
                "filter %s: %s of %s listed ids do not occur in the interactions; check how they are written",
                *(self.kind, f"{unknown:,}", f"{len(found):,}"),
            )
        kept = np.full(len(vocabulary), self.allow is None and self.allow_file is None)
        kept[found[found >= 0]] ^= True
        indices = interactions.items if self.kind == "items" else interactions.users
        return interactions.rows(kept[indices]).compact()

    def counted(self, interactions: Interactions) -> Mapping[str, int]:
        """Return ``ids_listed``, the number of distinct ids, and ``ids_unknown``, those that do not occur."""
        found = self._listed_indices(self._vocabulary(interactions))
        return {"ids_listed": len(found), "ids_unknown": int((found < 0).sum())}

    def _vocabulary(self, interactions: Interactions) -> Vocabulary:
        return interactions.item_ids if self.kind == "items" else interactions.user_ids


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ItemFilter(_IdListFilter):
    """Keep the interactions with listed items, or with all other items.

    Exactly one of the four options is needed. Ids that do not occur are counted, and a warning is logged.

    Parameters
    ----------
    allow
        External ids of the items to keep.
    deny
        External ids of the items to remove.
    allow_file, deny_file
        A UTF-8 text file with one id per line, written as in a CSV file; empty lines are skipped. A relative path
        starts at the working directory.

    Raises
    ------
    ValueError
        None or several options are set, or the list is empty.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1]),
    ...     items=np.array([0, 1, 1]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> ItemFilter(deny=(9,)).apply(rows).frame().to_dict("list")
    {'user': ['ann'], 'item': [7]}
    >>> ItemFilter(allow=(7, 8)).counted(rows)
    {'ids_listed': 2, 'ids_unknown': 1}
    """

    kind: ClassVar[str] = "items"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserFilter(_IdListFilter):
    """Keep the interactions of listed users, or of all other users; the options are those of ``ItemFilter``.

    Parameters
    ----------
    allow, deny
        External ids of the users to keep, or to remove.
    allow_file, deny_file
        A text file with one id per line.

    Raises
    ------
    ValueError
        None or several options are set, or the list is empty.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1]),
    ...     items=np.array([0, 1, 1]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> UserFilter(allow=("bob",)).apply(rows).frame().to_dict("list")
    {'user': ['bob'], 'item': [9]}
    """

    kind: ClassVar[str] = "users"


def read_id_list(path: Path) -> list[str]:
    """Return the ids of a text file with one id per line; empty lines are skipped, spaces are part of an id.

    Raises
    ------
    DataError
        The file cannot be read as UTF-8, or is empty.
    """
    ids = [line for line in id_lines(path) if line]
    if not ids:
        raise DataError(f"{path}: the list of ids is empty. Write one id per line, or leave the list out.")
    return ids
