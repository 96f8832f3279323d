"""User coverage: the share of the users who get a list."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import length


def user_coverage(ranked, relevant, k, least=1):
    return 1.0 if length(ranked, len(ranked)) >= least else 0.0


CASES = MetricCases(
    "user_coverage",
    oracle=user_coverage,
    by_hand=[
        ListCase([[0, 1], [-1, -1]], [[5], [6]], k=2, value=1 / 2, n_items=8),
        ListCase([[-1, 1], [0, -1]], [[5], [6]], k=2, value=1.0, n_items=8),
        ListCase([[1, -1], [1, 2]], [[1], [1]], k=2, value=1 / 2, options={"least": 2}),
    ],
    family="coverage",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
