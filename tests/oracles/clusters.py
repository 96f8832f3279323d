"""Two-way clustered variance of a mean difference, pair by pair of a user and a relevant item."""

from __future__ import annotations

from collections import defaultdict


def two_way_variance(differences, relevant):
    """Return the variance over users and the two-way variance (Cameron, Gelbach and Miller 2011).

    ``differences``: (user, item) to the difference that the item makes for the user, 0 where it is missing.
    ``relevant``: one set of relevant items per user.
    """
    n = len(relevant)
    mean = sum(differences.values()) / n
    by_user, by_item, alone = defaultdict(float), defaultdict(float), []
    for user, items in enumerate(relevant):
        for item in items:
            residual = differences.get((user, item), 0.0) - mean / len(items)
            by_user[user] += residual
            by_item[item] += residual
            alone.append(residual)
    parts = [
        sum(residual**2 for residual in residuals) / n**2 * len(residuals) / (len(residuals) - 1)
        for residuals in (list(by_user.values()), list(by_item.values()), alone)
    ]
    return parts[0], max(parts[0], parts[0] + parts[1] - parts[2])
