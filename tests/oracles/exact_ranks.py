"""Exact ranks from scores: every order of the candidates that scores allow, in plain Python."""

from __future__ import annotations

from itertools import pairwise, permutations


def orders(scores):
    """Every order of the candidates, best first, in which no score rises; an item without a score is no candidate."""
    candidates = [item for item, score in enumerate(scores) if score is not None]
    for order in permutations(candidates):
        if all(scores[one] >= scores[other] for one, other in pairwise(order)):
            yield order


def mean_over_orders(value, scores, relevant):
    found = [value(order, relevant) for order in orders(scores)]
    return sum(found) / len(found)


def rank(order, item):
    return order.index(item) + 1 if item in order else len(order) + 1
