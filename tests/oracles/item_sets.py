"""Lists as sets of items, and how many lists hold each item, in plain Python."""

from __future__ import annotations

from collections import Counter


def sets_of(lists, k, n_items):
    return [{item for item in ranked[:k] if 0 <= item < n_items} for ranked in lists]


def counts_of(lists, k, n_items):
    return Counter(item for items in sets_of(lists, k, n_items) for item in items)
