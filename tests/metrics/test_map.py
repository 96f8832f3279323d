"""Average precision, whose mean over users is MAP."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags, length


def average_precision(ranked, relevant, k, denominator="min_k"):
    whole = len(set(relevant))
    hits = flags(ranked, relevant, k)
    over = {
        "min_k": min(whole, k),
        "relevant": whole,
        "k": k,
        "list": min(whole, length(ranked, k)),
        "hits": sum(hits),
    }[denominator]
    total = sum(sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit)
    return total / over if over else 0.0


CASES = MetricCases(
    "map",
    oracle=average_precision,
    by_hand=[
        ListCase([[1, 7, 2]], [[1, 2]], k=3, value=(1 + 2 / 3) / 2),
        ListCase([[1, 7]], [[1, 2, 3]], k=2, value=1 / 2),
        ListCase([[1, 1, 2]], [[1, 2]], k=3, value=(1 + 2 / 3) / 2),
        ListCase([[1, 7]], [[1, 2, 3, 4]], k=2, value=1 / 4, options={"denominator": "relevant"}),
        ListCase([[1, 7]], [[1]], k=2, value=1 / 2, options={"denominator": "k"}),
        ListCase([[1, -1]], [[1, 2, 3]], k=2, value=1.0, options={"denominator": "list"}),
        ListCase([[7, 1, 2]], [[1, 2, 3]], k=3, value=(1 / 2 + 2 / 3) / 2, options={"denominator": "hits"}),
        ListCase([[7, 8]], [[1]], k=2, value=0.0, options={"denominator": "hits"}),
        ListCase([[-1, -1]], [[1, 2, 3]], k=2, value=0.0, options={"denominator": "list"}),
    ],
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
