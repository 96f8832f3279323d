"""Hypothesis strategies that tests share."""

from histories import history_of
from hypothesis import strategies as st

histories = st.integers(1, 9).flatmap(
    lambda n_items: st.lists(st.lists(st.integers(0, n_items - 1), max_size=8), min_size=1, max_size=8).map(
        lambda lists: history_of(lists, n_items)
    )
)
