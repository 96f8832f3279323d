"""Hits of one user's list, in plain Python, from which accuracy metrics are defined."""

from __future__ import annotations


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
