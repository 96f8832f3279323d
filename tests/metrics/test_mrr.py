"""Reciprocal rank of the first hit, whose mean over users is MRR."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def mrr(ranked, relevant, k):
    return next((1 / (place + 1) for place, hit in enumerate(flags(ranked, relevant, k)) if hit), 0.0)


CASES = MetricCases(
    "mrr",
    oracle=mrr,
    by_hand=[
        ListCase([[7, 1, 2]], [[1, 2]], k=3, value=1 / 2),
        ListCase(
            [[7, 8, 1], [1, 7, 8]], [[1], [1]], k=2, value=1 / 2, n_items=10
        ),  # the first user's hit is beyond the cutoff
    ],
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
