"""R-precision: precision at as many ranks as there are relevant items."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def r_precision(ranked, relevant, k):
    whole = len(set(relevant))
    return sum(flags(ranked, relevant, whole)) / whole


CASES = MetricCases(
    "r_precision",
    oracle=r_precision,
    by_hand=[
        ListCase(
            [[1, 7, 2]], [[1, 2]], k=3, value=1 / 2, n_items=10
        ),  # the third rank is beyond the two that are looked at
        ListCase([[1, 7]], [[1, 2, 3, 4]], k=2, value=1 / 4),  # the list ends before the fourth rank
    ],
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
