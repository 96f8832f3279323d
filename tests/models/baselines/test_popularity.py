"""Popularity: the distinct users of each item."""

import numpy as np
from baseline_scores import scores_of
from histories import history_of
from hypothesis import given, settings
from strategies import histories

from harness.models import Popularity


@settings(max_examples=40, deadline=None)
@given(histories)
def test_popularity_counts_users(history):
    lists = [history.items[a:b].tolist() for a, b in zip(history.indptr, history.indptr[1:], strict=False)]
    expected = [sum(item in row for row in lists) for item in range(history.n_items)]
    assert (scores_of(Popularity(), history) == np.array(expected)).all()


def test_popularity_by_hand():
    assert scores_of(Popularity(), history_of([[0, 0, 1], [1], []], 3)).tolist() == [[1, 2, 0]] * 3
