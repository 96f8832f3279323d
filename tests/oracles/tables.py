"""Small tables of interactions, and their rows back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from oracles.splitting import Row

from harness.artifacts import PARTS, Interactions, Split, Vocabulary


def interactions_from(rows: Sequence[Row]) -> Interactions:
    """Return rows as interactions, in their order."""
    user_ids = Vocabulary.of([row.user for row in rows])
    item_ids = Vocabulary.of([row.item for row in rows])
    return Interactions(
        users=user_ids.indices([row.user for row in rows]),
        items=item_ids.indices([row.item for row in rows]),
        user_ids=user_ids,
        item_ids=item_ids,
        timestamps=np.array([row.time for row in rows]),
        values=np.array([row.rating for row in rows], dtype=np.float32),
    )


def rows_of(interactions: Interactions) -> list[Row]:
    """Return interactions as rows, in their order."""
    return [Row(*values) for values in interactions.frame().itertuples(index=False, name=None)]


def pairs_of(interactions: Interactions) -> list[tuple[int, int]]:
    """Return the user and item of each interaction, in their order."""
    return [(row.user, row.item) for row in rows_of(interactions)]


def parts_of(split: Split) -> dict[str, list[Row]]:
    """Return the rows of each part of a split; fold-in only if it has rows."""
    parts = {part: rows_of(split.part(part)) for part in PARTS}
    return {part: rows for part, rows in parts.items() if rows or part != "fold_in"}


def items_of_parts(split: Split) -> list[list[int]]:
    """Return the items of each part of a split."""
    return [[row.item for row in rows_of(split.part(part))] for part in PARTS]


# Three users and three items, with a repeated pair.
REPEATED = [Row(1, 10, 5, 3), Row(1, 10, 2, 4), Row(1, 11, 3, 5), Row(2, 10, 4, 1), Row(3, 12, 6, 2)]
# Three users and three items, with distinct times and pairs.
DISTINCT = [Row(1, 10, 0, 5), Row(1, 11, 1, 3), Row(2, 10, 2, 4), Row(2, 11, 3, 4), Row(3, 10, 4, 2), Row(3, 12, 5, 5)]
# One user with five rows, another with one.
FIVE_AND_ONE = [*(Row(1, 10 + n, 1 + n, 1) for n in range(5)), Row(2, 10, 1, 1)]
