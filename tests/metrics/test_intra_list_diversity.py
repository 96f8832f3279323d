"""Intra-list diversity: how different the items of a list are from each other."""

from __future__ import annotations

import itertools
import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean


def intra_list_diversity(ranked, relevant, user, k, known, by="categories"):
    found = items(ranked, k, known)
    if by == "categories":
        sets = [known["categories"][item] for item in found if known["categories"][item]]
        return mean([1 - len(one & other) / len(one | other) for one, other in itertools.combinations(sets, 2)])
    vectors = [known["vectors"][item] for item in found]
    vectors = [vector for vector in vectors if vector is not None and any(vector)]

    def cosine(one, other):
        product = sum(a * b for a, b in zip(one, other, strict=True))
        return product / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))

    return mean([1 - cosine(one, other) for one, other in itertools.combinations(vectors, 2)])


CASES = MetricCases(
    "intra_list_diversity",
    oracle=intra_list_diversity,
    by_hand=[
        ListCase([[0, 1, 3]], [[5]], k=3, value=(0.5 + 1 + 1) / 3),
        ListCase([[0, 4]], [[5]], k=2, value=0.0),  # of one nothing is known
        ListCase([[0, 1, 2]], [[5]], k=3, value=(0 + 1 + 1) / 3, options={"by": "vectors"}),
        ListCase([[0, 3, 5]], [[5]], k=3, value=2.0, options={"by": "vectors"}),
    ],
    family="diversity",
    upper=2.0,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
