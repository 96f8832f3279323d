"""The metrics over all lists at once, in plain Python: every item, every pair."""

from __future__ import annotations

from itertools import combinations


def sets_of(lists, k, n_items):
    return [{item for item in ranked[:k] if 0 <= item < n_items} for ranked in lists]


def coverage(lists, k, n_items):
    return len(set().union(*sets_of(lists, k, n_items))) / n_items


def diversity(lists, k, n_items):
    distances = [
        1 - len(one & other) / len(one | other)
        for one, other in combinations(sets_of(lists, k, n_items), 2)
        if one | other
    ]
    return sum(distances) / len(distances) if distances else 0.0
