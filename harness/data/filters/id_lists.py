"""Filters by lists of users and items."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Vocabulary
from harness.artifacts.array_types import BoolArray, Int32Array
from harness.data.readers.file_checks import id_lines
from harness.errors import DataError

logger = logging.getLogger("harness")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class _IdListFilter:
    """What ``Items`` and ``Users`` share: one list, inline or in a file, of what to keep or to remove."""

    kind: ClassVar[str]
    allow: tuple[int | str, ...] | None = None
    deny: tuple[int | str, ...] | None = None
    allow_file: str | None = None
    deny_file: str | None = None

    def __post_init__(self) -> None:
        lists = {
            "allow": self.allow,
            "deny": self.deny,
            "allow_file": self.allow_file,
            "deny_file": self.deny_file,
        }
        given = [name for name, value in lists.items() if value is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise ValueError(f"{self.kind} takes one list, and got {got}; give one of {', '.join(lists)}")
        if not lists[given[0]]:
            raise ValueError(f"{given[0]} is empty; name an id or more, or remove the filter")

    def _found(self, vocabulary: Vocabulary) -> Int32Array:
        """Return the index of each distinct id of the list, -1 where it occurs nowhere."""
        path = self.allow_file if self.allow_file is not None else self.deny_file
        inline = self.allow if self.allow is not None else self.deny
        ids: Sequence[int | str] = ids_in(Path(path)) if path is not None else inline or ()
        # An id is listed once, however often and as what it is written; those that are no id here stay apart.
        found = vocabulary.lookup(tuple(dict.fromkeys(ids)))
        unknown = len({str(own) for own, index in zip(dict.fromkeys(ids), found.tolist(), strict=True) if index < 0})
        return np.concatenate([np.unique(found[found >= 0]), np.full(unknown, -1, dtype=np.int32)])

    def _counted(self, vocabulary: Vocabulary) -> dict[str, int]:
        found = self._found(vocabulary)
        return {"ids_listed": len(found), "ids_unknown": int((found < 0).sum())}

    def _kept(self, vocabulary: Vocabulary) -> BoolArray:
        """Return whether each id of the vocabulary stays."""
        found = self._found(vocabulary)
        unknown = int((found < 0).sum())
        if unknown:
            logger.warning(
                "filter %s: %s of %s listed ids occur nowhere in the interactions; check how they are written",
                *(self.kind, f"{unknown:,}", f"{len(found):,}"),
            )
        listed = np.zeros(len(vocabulary), dtype=np.bool_)
        listed[found[found >= 0]] = True
        return listed if self.allow is not None or self.allow_file is not None else ~listed


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ItemFilter(_IdListFilter):
    """Keep the interactions with listed items, or with all others.

    Exactly one of the four is given. Ids that occur nowhere are counted, and warned of.

    Parameters
    ----------
    allow
        The items to keep, in the data set's own ids.
    deny
        The items to remove.
    allow_file, deny_file
        A text file, UTF-8, that lists them, one id a line as a CSV file has them; empty lines are
        skipped. Relative to the working directory.

    Raises
    ------
    ValueError
        None or several are given, or the list is empty.

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

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them.

        Raises
        ------
        DataError
            The file of ids cannot be read, or lists none.
        """
        return interactions.rows(self._kept(interactions.item_ids)[interactions.items]).compact()

    def counted(self, interactions: Interactions) -> Mapping[str, int]:
        """Return ``ids_listed``, distinct ones, and ``ids_unknown``, those that occur nowhere."""
        return self._counted(interactions.item_ids)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserFilter(_IdListFilter):
    """Keep the interactions of listed users, or of all others; the options are those of ``Items``.

    Parameters
    ----------
    allow, deny
        The users to keep, or to remove.
    allow_file, deny_file
        A text file that lists them, one id a line.

    Raises
    ------
    ValueError
        None or several are given, or the list is empty.

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

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them.

        Raises
        ------
        DataError
            The file of ids cannot be read, or lists none.
        """
        return interactions.rows(self._kept(interactions.user_ids)[interactions.users]).compact()

    def counted(self, interactions: Interactions) -> Mapping[str, int]:
        """Return ``ids_listed``, distinct ones, and ``ids_unknown``, those that occur nowhere."""
        return self._counted(interactions.user_ids)


def ids_in(path: Path) -> list[str]:
    """Return the ids that a text file lists, one a line; empty lines are skipped, spaces are part of an id.

    Raises
    ------
    DataError
        The file cannot be read as UTF-8, or lists none.
    """
    ids = [line for line in id_lines(path) if line]
    if not ids:
        raise DataError(f"{path}: the list of ids is empty. Write one id a line, or leave the list out.")
    return ids
