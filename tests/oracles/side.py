"""Metrics of what is known beside lists and truth, in plain Python, straight from their definitions.

``known`` has ``popularity`` (a count an item), ``users`` (how many there were), ``history`` (a list of items a user),
``categories`` (a set an item) and ``vectors`` (a list of numbers, or None, an item).
"""

from __future__ import annotations

import itertools
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


def novelty(ranked, relevant, user, k, known):
    return mean([-math.log2(max(known["popularity"][item], 1) / known["users"]) for item in items(ranked, k, known)])


def discounted(ranked, relevant, k, known, value, of):
    total = 0.0
    for place, item in enumerate(clean(ranked, k, len(known["popularity"]))):
        if item is not None and (of == "items" or item in relevant):
            total += value(item) / math.log2(place + 2)
    return total / sum(1 / math.log2(place + 2) for place in range(k))


def epc(ranked, relevant, user, k, known, of="items"):
    return discounted(ranked, relevant, k, known, lambda item: 1 - known["popularity"][item] / known["users"], of)


def efd(ranked, relevant, user, k, known, of="items"):
    total = max(1, sum(known["popularity"]))
    value = lambda item: max(0.0, -math.log2(max(known["popularity"][item], 1) / total))  # noqa: E731
    return discounted(ranked, relevant, k, known, value, of)


def expected(user, k, known):
    new = [item for item in range(len(known["popularity"])) if item not in known["history"][user]]
    counts = sorted((known["popularity"][item] for item in new), reverse=True)
    least = counts[k - 1] if len(counts) >= k else -1
    return {item for item, count in enumerate(known["popularity"]) if count >= least}


def unexpectedness(ranked, relevant, user, k, known):
    return len(set(items(ranked, k, known)) - expected(user, k, known)) / k


def serendipity(ranked, relevant, user, k, known):
    return len((set(items(ranked, k, known)) - expected(user, k, known)) & set(relevant)) / k


def average_popularity(ranked, relevant, user, k, known):
    return mean([known["popularity"][item] for item in items(ranked, k, known)])


def aplt(ranked, relevant, user, k, known, head=0.8):
    return mean([float(item in tail(known, head)) for item in items(ranked, k, known)])


def aclt(ranked, relevant, user, k, known, head=0.8):
    return float(sum(item in tail(known, head) for item in items(ranked, k, known)))


def intra_list_diversity(ranked, relevant, user, k, known, by="categories"):
    found = items(ranked, k, known)
    if by == "categories":
        sets = [known["categories"][item] for item in found if known["categories"][item]]
        return mean([1 - len(one & other) / len(one | other) for one, other in itertools.combinations(sets, 2)])
    vectors = [known["vectors"][item] for item in found]
    vectors = [vector for vector in vectors if vector is not None and any(vector)]

    def cosine(one, other):
        product = sum(a * b for a, b in zip(one, other, strict=True))
        return product / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))

    return mean([1 - cosine(one, other) for one, other in itertools.combinations(vectors, 2)])


def shares(some, known):
    found = [known["categories"][item] for item in some if known["categories"][item]]
    names = {name for names in known["categories"] for name in names}
    return {name: mean([(name in one) / len(one) for one in found]) for name in names} if found else None


def calibration(ranked, relevant, user, k, known, divergence="kl", alpha=0.01):
    p, q = shares(known["history"][user], known), shares(items(ranked, k, known), known)
    if p is None:
        return 0.0
    if divergence == "js":
        if q is None:
            return 1.0
        middle = {name: (p[name] + q[name]) / 2 for name in p}
        return sum(
            0.5 * side[name] * math.log2(side[name] / middle[name]) for side in (p, q) for name in p if side[name]
        )
    q = q or dict.fromkeys(p, 0.0)
    return sum(p[name] * math.log(p[name] / ((1 - alpha) * q[name] + alpha * p[name])) for name in p if p[name])


def weight(item, known, gamma):
    return max(known["popularity"][item], 1) ** (-(gamma + 1) / 2)


def debiased_recall(ranked, relevant, user, k, known, gamma=2.0):
    found = set(items(ranked, k, known)) & set(relevant)
    return sum(weight(item, known, gamma) for item in found) / sum(weight(item, known, gamma) for item in set(relevant))


def debiased_dcg(ranked, relevant, user, k, known, gamma=2.0):
    places = clean(ranked, k, len(known["popularity"]))
    found = sum(
        weight(item, known, gamma) / math.log2(place + 2) for place, item in enumerate(places) if item in set(relevant)
    )
    return found / sum(weight(item, known, gamma) for item in set(relevant))


# Over all users: (list, relevant items, user) each.


def tail_share(users, k, known, head=0.8):
    every = [item for ranked, _, _ in users for item in items(ranked, k, known)]
    return mean([float(item in tail(known, head)) for item in every])


def unlike(pairs):
    if not all(possible for _, possible in pairs):
        return 0.0
    chances = [happened / possible for happened, possible in pairs]
    return statistics.pstdev(chances) / statistics.mean(chances) if any(chances) else 0.0


def groups(known, head):
    long = tail(known, head)
    return [set(range(len(known["popularity"]))) - long, long]


def pop_rsp(users, k, known, head=0.8):
    chances = []
    for group in groups(known, head):
        listed = sum(len(group & set(items(ranked, k, known))) for ranked, _, _ in users)
        chances.append((listed, sum(len(group - set(known["history"][user])) for _, _, user in users)))
    return unlike(chances)


def pop_reo(users, k, known, head=0.8):
    chances = []
    for group in groups(known, head):
        found = sum(len(group & set(relevant) & set(items(ranked, k, known))) for ranked, relevant, _ in users)
        chances.append((found, sum(len(group & set(relevant)) for _, relevant, _ in users)))
    return unlike(chances)


def popularity_lift(users, k, known):
    both = [
        (
            mean([known["popularity"][item] for item in items(ranked, k, known)]),
            mean([known["popularity"][item] for item in known["history"][user]]),
        )
        for ranked, _, user in users
        if items(ranked, k, known) and known["history"][user]
    ]
    before = sum(history for _, history in both)
    return sum(listed for listed, _ in both) / before - 1 if before else 0.0
