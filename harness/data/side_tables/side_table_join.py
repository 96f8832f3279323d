"""Join side tables and item vectors to the interactions, as an experiment names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.artifacts import DataWarning, Facts, Interactions
from harness.data.side_tables.item_vectors import read_vectors
from harness.data.side_tables.side_table import SideTable, read_side_table
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.experiment import ItemsSettings, UsersSettings

JOINED = ("items", "vectors", "users")  # the keys of the facts


@dataclass(frozen=True, eq=False)
class JoinResult:
    """Interactions with the joined side tables and vectors.

    Parameters
    ----------
    interactions
        The same rows and vocabularies, with the tables and vectors.
    facts
        Facts about each file, under ``items``, ``vectors`` and ``users``.
    warnings
        What looks wrong in the files, such as items without a row.
    """

    interactions: Interactions
    facts: Facts
    warnings: tuple[DataWarning, ...]


def join_side_tables(
    interactions: Interactions, *, items: ItemsSettings | None, users: UsersSettings | None
) -> JoinResult:
    """Join side tables and vectors to interactions.

    Columns are added to those that the data set brings itself.

    Raises
    ------
    DataError
        A file cannot be read or does not fit the interactions, or a column exists already.
    """
    facts: dict[str, Any] = {}
    warnings: list[DataWarning] = []
    table_ids = None
    if items is not None and items.path is not None:
        side = read_side_table(items, Path(items.path), interactions.item_ids)
        interactions = replace(interactions, item_table=_with_columns(interactions.item_table, side, "dataset.items"))
        facts["items"], table_ids = side.facts, side.ids
        warnings += side.warnings
    if items is not None and items.vectors is not None:
        vectors = read_vectors(items.vectors, interactions.item_ids, table_ids=table_ids)
        interactions = replace(interactions, item_vectors=vectors.matrix)
        facts["vectors"] = vectors.facts
        warnings += vectors.warnings
    if users is not None:
        side = read_side_table(users, Path(users.path), interactions.user_ids)
        interactions = replace(interactions, user_table=_with_columns(interactions.user_table, side, "dataset.users"))
        facts["users"] = side.facts
        warnings += side.warnings
    return JoinResult(interactions, {key: dict(value) for key, value in facts.items()}, tuple(warnings))


def _with_columns(known: pd.DataFrame | None, side: SideTable, section: str) -> pd.DataFrame:
    if known is None:
        return side.table
    twice = [name for name in side.table if name in known]
    if twice:
        raise DataError(
            f"{side.facts['path']}: the data set has a column '{twice[0]}' of its own. Rename the one of {section}."
        )
    return pd.concat([known, side.table], axis=1)
