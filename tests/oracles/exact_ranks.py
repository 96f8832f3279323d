"""Metrics of exact ranks for one user, as the mean over every order of the candidates that scores allow."""

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


def _rank(order, item):
    return order.index(item) + 1 if item in order else len(order) + 1


def _mean_rank(order, relevant):
    return sum(_rank(order, item) for item in relevant) / len(relevant)


def _mean_percentile_rank(order, relevant):
    shares = [1.0 if item not in order else order.index(item) / max(len(order) - 1, 1) for item in relevant]
    return sum(shares) / len(shares)


def _auc(order, relevant):
    others = [item for item in order if item not in relevant]
    total = 0.0
    for item in relevant:
        if item in order:
            below = sum(order.index(other) > order.index(item) for other in others)
            total += below / len(others) if others else 0.5
    return total / len(relevant)


def _reciprocal_rank(order, relevant):
    return max((1 / _rank(order, item) for item in relevant if item in order), default=0.0)


def mean_rank(scores, relevant):
    return mean_over_orders(_mean_rank, scores, relevant)


def mean_percentile_rank(scores, relevant):
    return mean_over_orders(_mean_percentile_rank, scores, relevant)


def auc(scores, relevant):
    return mean_over_orders(_auc, scores, relevant)


def reciprocal_rank(scores, relevant):
    return mean_over_orders(_reciprocal_rank, scores, relevant)
