"""The accuracy metrics for one user, in plain Python, straight from their definitions."""

from __future__ import annotations

import math


def flags(ranked, relevant, k):
    """Whether each of the first k ranks holds a relevant item for the first time."""
    wanted, met, found = set(relevant), set(), []
    for item in ranked[:k]:
        found.append(item in wanted and item not in met)
        met.add(item)
    return found


def length(ranked, k):
    """How long the first k ranks of a list are, which ends with its last item."""
    return min(k, max((place + 1 for place, item in enumerate(ranked) if item != -1), default=0))


def recall(ranked, relevant, k, denominator="relevant"):
    whole = len(set(relevant))
    return sum(flags(ranked, relevant, k)) / (min(whole, k) if denominator == "min_k" else whole)


def precision(ranked, relevant, k, denominator="k"):
    whole = length(ranked, k) if denominator == "list" else k
    return sum(flags(ranked, relevant, k)) / whole if whole else 0.0


def f1(ranked, relevant, k):
    one, other = precision(ranked, relevant, k), recall(ranked, relevant, k)
    return 2 * one * other / (one + other) if one + other else 0.0


def r_precision(ranked, relevant, k):
    return precision(ranked, relevant, len(set(relevant)))


def hit_rate(ranked, relevant, k):
    return 1.0 if any(flags(ranked, relevant, k)) else 0.0


def dcg(ranked, relevant, k):
    return sum(1 / math.log2(place + 2) for place, hit in enumerate(flags(ranked, relevant, k)) if hit)


def ndcg(ranked, relevant, k, ideal="min_k"):
    best = k if ideal == "full_k" else min(k, len(set(relevant)))
    return dcg(ranked, relevant, k) / sum(1 / math.log2(place + 2) for place in range(best))


def mrr(ranked, relevant, k):
    return next((1 / (place + 1) for place, hit in enumerate(flags(ranked, relevant, k)) if hit), 0.0)


def average_precision(ranked, relevant, k, denominator="min_k"):
    whole = len(set(relevant))
    over = {"min_k": min(whole, k), "relevant": whole, "k": k, "list": min(whole, length(ranked, k))}[denominator]
    hits = flags(ranked, relevant, k)
    total = sum(precision(ranked, relevant, place + 1) for place, hit in enumerate(hits) if hit)
    return total / over if over else 0.0


def rbp(ranked, relevant, k, p=0.8):
    return (1 - p) * sum(p**place for place, hit in enumerate(flags(ranked, relevant, k)) if hit)


def user_coverage(ranked, relevant, k, least=1):
    return 1.0 if length(ranked, len(ranked)) >= least else 0.0
