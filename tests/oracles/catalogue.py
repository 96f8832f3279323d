"""What metrics of side information share, in plain Python: popularity, head and tail, listed items.

``known`` has ``popularity`` (a number per item), ``users`` (how many there were), ``history`` (a list of items per
user), ``categories`` (a set per item) and ``vectors`` (a list of numbers, or None, per item).
"""

from __future__ import annotations

import math
import statistics


def clean(ranked, k, n_items):
    """The first k ranks; None for what is no item of the catalogue or stood before."""
    found = []
    for item in ranked[:k]:
        found.append(item if 0 <= item < n_items and item not in found else None)
    return found


def mean(values):
    return sum(values) / len(values) if values else 0.0


def items(ranked, k, known):
    return [item for item in clean(ranked, k, len(known["popularity"])) if item is not None]


def tail(known, head):
    total = sum(known["popularity"])
    above = [sum(other for other in known["popularity"] if other > own) for own in known["popularity"]]
    return {item for item, more in enumerate(above) if total and more / total >= head}


def discounted(ranked, relevant, k, known, value, of):
    total = 0.0
    for place, item in enumerate(clean(ranked, k, len(known["popularity"]))):
        if item is not None and (of == "items" or item in relevant):
            total += value(item) / math.log2(place + 2)
    return total / sum(1 / math.log2(place + 2) for place in range(k))


def expected(user, k, known):
    new = [item for item in range(len(known["popularity"])) if item not in known["history"][user]]
    counts = sorted((known["popularity"][item] for item in new), reverse=True)
    least = counts[k - 1] if len(counts) >= k else -1
    return {item for item, count in enumerate(known["popularity"]) if count >= least}


def weight(item, known, gamma):
    return max(known["popularity"][item], 1) ** (-(gamma + 1) / 2)


def disparity(pairs):
    if not all(possible for _, possible in pairs):
        return 0.0
    chances = [happened / possible for happened, possible in pairs]
    return statistics.pstdev(chances) / statistics.mean(chances) if any(chances) else 0.0


def halves(known, head):
    long = tail(known, head)
    return [set(range(len(known["popularity"]))) - long, long]
