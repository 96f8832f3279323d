"""Precision: the share of a list that is relevant."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags, length


def precision(ranked, relevant, k, denominator="k", average="users"):
    hits = sum(flags(ranked, relevant, k))
    if average == "micro":
        return hits  # to be divided by the mean of what follows
    whole = {"list": length(ranked, k), "k": k, "min_k": min(len(set(relevant)), k)}[denominator]
    return hits / whole if whole else 0.0


CASES = MetricCases(
    "precision",
    oracle=precision,
    by_hand=[
        ListCase([[7, 1, 2]], [[1, 2, 3]], k=3, value=2 / 3),
        ListCase([[1, -1, -1]], [[1]], k=3, value=1 / 3),  # a short list is padded with misses
        ListCase([[1, 1, 2]], [[1, 1]], k=3, value=1 / 3),
        ListCase([[1, -1, -1]], [[1]], k=3, value=1.0, options={"denominator": "list"}),
        ListCase([[-1, -1], [1, 2]], [[1], [1]], k=2, value=1 / 4, options={"denominator": "list"}),
        ListCase([[1, 7, 8]], [[1, 2]], k=3, value=1 / 2, options={"denominator": "min_k"}),
        ListCase(
            [[1, 7], [3, 7]], [[1, 2, 9], [3]], k=2, value=2 / 3, options={"denominator": "min_k", "average": "micro"}
        ),
        ListCase([[1, 7], [3, 7]], [[1, 2, 9], [3]], k=2, value=1 / 2, options={"average": "micro"}),
    ],
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
