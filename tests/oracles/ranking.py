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


def recall(ranked, relevant, k):
    return sum(flags(ranked, relevant, k)) / len(set(relevant))


def precision(ranked, relevant, k):
    return sum(flags(ranked, relevant, k)) / k


def hit_rate(ranked, relevant, k):
    return 1.0 if any(flags(ranked, relevant, k)) else 0.0


def ndcg(ranked, relevant, k):
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(flags(ranked, relevant, k)) if hit)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(k, len(set(relevant)))))
