"""Accuracy: cumulated gain, by which a relevant item counts the more the earlier it stands, and the more it is worth.

The users that count have at least one relevant item; one without predictions scores 0. A list
shorter than k is padded with misses; an item that repeats counts once, at its first rank, and its
later slots are misses."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags

LOG3 = math.log2(3)


def worth(gain, kind):
    return {"binary": 1.0, "linear": gain, "exp2": 2**gain - 1}[kind]


def weight(place, discount):
    return 1 / (math.log2(place + 2) if discount == "log2_rank_plus_1" else max(1.0, math.log2(place + 1)))


def dcg(ranked, relevant, k, gain="binary", discount="log2_rank_plus_1", gains=None):
    """``gains``: of each relevant item, by item."""
    found = [
        (worth((gains or {}).get(item, 1), gain), weight(place, discount))
        for place, (item, hit) in enumerate(zip(ranked, flags(ranked, relevant, k), strict=False))
        if hit
    ]
    return sum(value * share for value, share in found)


def ndcg(ranked, relevant, k, ideal="min_k", gain="binary", discount="log2_rank_plus_1", gains=None):
    best = sorted((worth((gains or {}).get(item, 1), gain) for item in set(relevant)), reverse=True)[:k]
    if ideal == "full_k":
        best = [1.0] * k
    whole = sum(value * weight(place, discount) for place, value in enumerate(best))
    return dcg(ranked, relevant, k, gain, discount, gains) / whole


CASES = MetricCases(
    "ndcg",
    oracle=ndcg,
    by_hand=[
        # 1/log2(3) + 1/log2(4) over 1 + 1/log2(3) + 1/log2(4): 0.531.
        ListCase([[7, 1, 2]], [[1, 2, 3]], k=3, value=(1 / LOG3 + 0.5) / (1 + 1 / LOG3 + 0.5)),
        ListCase([[7, 1, 2]], [[1]], k=3, value=1 / LOG3),
        ListCase([[-1, 1, 2]], [[1]], k=3, value=1 / LOG3),  # a gap keeps its rank
        ListCase([[1, 2, 9]], [[1, 2]], k=3, value=1.0),
        ListCase([[1, 7, 8]], [[1]], k=3, value=1 / (1 + 1 / LOG3 + 0.5), options={"ideal": "full_k"}),
        ListCase([[7, 1, 2]], [[1, 2]], k=3, value=(1 + 1 / LOG3) / 2, options={"discount": "log2_rank"}),
    ],
)

DCG_CASES = MetricCases(
    "dcg",
    oracle=dcg,
    by_hand=[
        ListCase([[1, 7, 2]], [[1, 2]], k=3, value=1.5),
        ListCase([[7, 1, 2]], [[1, 2]], k=2, value=1 / LOG3),
        ListCase([[7, 1, 2]], [[1, 2]], k=3, value=1 + 1 / LOG3, options={"discount": "log2_rank"}),
    ],
    upper=math.inf,
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


@pytest.mark.parametrize("case", DCG_CASES.by_hand)
def test_dcg_worked_by_hand(case):
    DCG_CASES.check(case)


@pytest.mark.parametrize("cases", [CASES, DCG_CASES])
def test_equals_the_oracle_on_random_lists(cases):
    cases.check_random()
