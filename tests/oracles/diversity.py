"""The metrics over all lists at once, in plain Python: every item, every pair."""

from __future__ import annotations

import math
from collections import Counter
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


def counts_of(lists, k, n_items):
    return Counter(item for items in sets_of(lists, k, n_items) for item in items)


def gini(lists, k, n_items):
    """Half the mean absolute difference of all pairs of items, over the mean."""
    counts = counts_of(lists, k, n_items)
    every = [counts[item] for item in range(n_items)]
    differences = sum(abs(one - other) for one in every for other in every)
    return differences / (2 * n_items * sum(every)) if sum(every) else 0.0


def shannon_entropy(lists, k, n_items, base="e"):
    counts = counts_of(lists, k, n_items)
    total = sum(counts.values())
    return sum(count / total * math.log(total / count, {"e": math.e, "2": 2}[base]) for count in counts.values())
