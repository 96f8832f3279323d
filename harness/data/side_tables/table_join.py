"""The side tables and vectors of an experiment, joined to its interactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from harness.artifacts import Caution, Interactions
from harness.data.side_tables.item_vectors import VectorsSection, read_vectors
from harness.data.side_tables.side_table import CategoriesSection, SideTable, Wanted, read_side_table
from harness.errors import DataError
from harness.storage.table_format import TableFormat

JOINED = ("items", "vectors", "users")  # what there may be facts of


class ItemsSection(Protocol):
    """The keys of an experiment's ``dataset.items``."""

    @property
    def path(self) -> Any:
        """The table, or None."""
        ...

    @property
    def id(self) -> str:
        """Its column of own ids."""
        ...

    @property
    def title(self) -> str | None:
        """Its column of titles."""
        ...

    @property
    def categories(self) -> CategoriesSection | None:
        """Its column of categories."""
        ...

    @property
    def attributes(self) -> Sequence[str]:
        """Further columns."""
        ...

    @property
    def delimiter(self) -> str | None:
        """Of a text file."""
        ...

    @property
    def format(self) -> TableFormat | None:
        """Of the file; None: as its name says."""
        ...

    @property
    def vectors(self) -> VectorsSection | None:
        """Where vectors are."""
        ...


class UsersSection(Protocol):
    """The keys of an experiment's ``dataset.users``."""

    @property
    def path(self) -> Any:
        """The table."""
        ...

    @property
    def id(self) -> str:
        """Its column of own ids."""
        ...

    @property
    def groups(self) -> Sequence[str]:
        """Columns of groups."""
        ...

    @property
    def delimiter(self) -> str | None:
        """Of a text file."""
        ...

    @property
    def format(self) -> TableFormat | None:
        """Of the file; None: as its name says."""
        ...


@dataclass(frozen=True, eq=False)
class Joined:
    """Interactions with what is known of their items and users.

    Parameters
    ----------
    interactions
        Rows and vocabularies unchanged.
    facts
        Of each file that was joined: under ``items``, ``vectors``, ``users``.
    cautions
        Of items and users that a file does not have.
    """

    interactions: Interactions
    facts: Mapping[str, Any]
    cautions: tuple[Caution, ...]


def join(interactions: Interactions, *, items: ItemsSection | None, users: UsersSection | None) -> Joined:
    """Return interactions with the side tables and vectors that an experiment names.

    Columns are added to those that a catalogue entry brings.

    Raises
    ------
    DataError
        A file cannot be read or does not fit the interactions, or a column is there already.
    """
    facts: dict[str, Any] = {}
    cautions: list[Caution] = []
    table_ids = None
    if items is not None and items.path is not None:
        side = read_side_table(_of_items(items), interactions.item_ids)
        interactions = replace(interactions, item_table=_beside(interactions.item_table, side, "dataset.items"))
        facts["items"], table_ids = side.facts, side.own
        cautions += side.cautions
    if items is not None and items.vectors is not None:
        vectors = read_vectors(items.vectors, interactions.item_ids, table_ids=table_ids)
        interactions = replace(interactions, item_vectors=vectors.matrix)
        facts["vectors"] = vectors.facts
        cautions += vectors.cautions
    if users is not None:
        side = read_side_table(_of_users(users), interactions.user_ids)
        interactions = replace(interactions, user_table=_beside(interactions.user_table, side, "dataset.users"))
        facts["users"] = side.facts
        cautions += side.cautions
    return Joined(interactions, {key: dict(value) for key, value in facts.items()}, tuple(cautions))


def _of_items(section: ItemsSection) -> Wanted:
    columns = {} if section.title is None else {"title": section.title}
    return Wanted(
        section="dataset.items",
        path=Path(section.path),
        id=section.id,
        delimiter=section.delimiter,
        form=section.format,
        columns=columns | {name: name for name in section.attributes},
        optional=("title",),
        categories=section.categories,
    )


def _of_users(section: UsersSection) -> Wanted:
    return Wanted(
        section="dataset.users",
        path=Path(section.path),
        id=section.id,
        delimiter=section.delimiter,
        form=section.format,
        columns={name: name for name in section.groups},
    )


def _beside(known: pd.DataFrame | None, side: SideTable, section: str) -> pd.DataFrame:
    if known is None:
        return side.table
    twice = [name for name in side.table if name in known]
    if twice:
        raise DataError(
            f"{side.facts['path']}: the data set has a column '{twice[0]}' of its own. Rename that of {section}."
        )
    return pd.concat([known, side.table], axis=1)
