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


def precision(ranked, relevant, k, denominator="k", average="users"):
    hits = sum(flags(ranked, relevant, k))
    if average == "micro":
        return hits  # to be divided by the mean of what follows
    whole = {"list": length(ranked, k), "k": k, "min_k": min(len(set(relevant)), k)}[denominator]
    return hits / whole if whole else 0.0


def f1(ranked, relevant, k):
    one, other = precision(ranked, relevant, k), recall(ranked, relevant, k)
    return 2 * one * other / (one + other) if one + other else 0.0


def r_precision(ranked, relevant, k):
    return precision(ranked, relevant, len(set(relevant)))


def hit_rate(ranked, relevant, k):
    return 1.0 if any(flags(ranked, relevant, k)) else 0.0


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


def mrr(ranked, relevant, k):
    return next((1 / (place + 1) for place, hit in enumerate(flags(ranked, relevant, k)) if hit), 0.0)


def average_precision(ranked, relevant, k, denominator="min_k"):
    whole = len(set(relevant))
    hits = flags(ranked, relevant, k)
    over = {
        "min_k": min(whole, k),
        "relevant": whole,
        "k": k,
        "list": min(whole, length(ranked, k)),
        "hits": sum(hits),
    }[denominator]
    total = sum(precision(ranked, relevant, place + 1) for place, hit in enumerate(hits) if hit)
    return total / over if over else 0.0


def rbp(ranked, relevant, k, p=0.8):
    return (1 - p) * sum(p**place for place, hit in enumerate(flags(ranked, relevant, k)) if hit)


def user_coverage(ranked, relevant, k, least=1):
    return 1.0 if length(ranked, len(ranked)) >= least else 0.0
