"""Hypothesis strategies that tests of several rooms share."""

from __future__ import annotations

from histories import history_of
from hypothesis import strategies as st
from oracles.splitting import Row

# Few users, items and times: most tables have ties, repeated pairs, and users with one row.
INTERACTION_ROWS = st.lists(
    st.builds(Row, st.integers(1, 5), st.integers(10, 16), st.integers(0, 4), st.integers(1, 5)),
    min_size=1,
    max_size=40,
)

histories = st.integers(1, 9).flatmap(
    lambda n_items: st.lists(st.lists(st.integers(0, n_items - 1), max_size=8), min_size=1, max_size=8).map(
        lambda lists: history_of(lists, n_items)
    )
)
