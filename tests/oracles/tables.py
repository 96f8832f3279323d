"""Small tables of interactions, and their rows back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from oracles.splitting import Row

from harness.artifacts import Interactions, Vocabulary


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


# Few users, items and moments: most tables have ties, repeated pairs and users of one row.
ROWS = st.lists(
    st.builds(Row, st.integers(1, 5), st.integers(10, 16), st.integers(0, 4), st.integers(1, 5)),
    min_size=1,
    max_size=40,
)
