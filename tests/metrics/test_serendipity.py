"""Serendipity: the share of a list that is relevant and unexpected."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import expected, items


def serendipity(ranked, relevant, user, k, known):
    return len((set(items(ranked, k, known)) - expected(user, k, known)) & set(relevant)) / k


CASES = MetricCases(
    "serendipity",
    oracle=serendipity,
    by_hand=[
        ListCase([[2], [5]], [[3], [5]], k=1, value=0.5),
        ListCase([[1, 2]], [[1, 2]], k=1, value=0.0),
    ],
    family="novelty",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
