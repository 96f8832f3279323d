"""Estimate the mean Jaccard distance over pairs of lists from a sample of pairs."""

from __future__ import annotations

import math

import numpy as np

from harness.metrics.distinct_lists import DistinctLists
from harness.metrics.kernels.list_sets import pair_distances
from harness.metrics.metric import Estimate

_SEED = 20_100_310  # fixed, so that the same lists give the same estimate
_AT_ONCE = 1 << 20  # pairs


def sampled_distance(lists: DistinctLists, *, pairs: int) -> float | Estimate:
    """Return the mean distance of random pairs of two users, drawn with replacement; 0 without any pair.

    Pairs of two empty lists do not count. An empty list has distance 1 to any other list, so that pairs are drawn only
    from users with items, however few there are.

    Parameters
    ----------
    lists
        Distinct lists, in an order that is always the same.
    pairs
        Number of pairs to draw, 2 or more.
    """
    filled = lists.sizes > 0
    items, sizes, last = lists.items[filled], lists.sizes[filled], np.cumsum(lists.users[filled])
    users = int(last[-1]) if len(last) else 0  # with items; sorted by set, those of each set end at ``last``
    together, mixed = users * (users - 1) // 2, users * int(lists.users[~filled].sum())
    if together + mixed == 0:
        return 0.0
    drawn = {"pairs": f"a sample of {pairs:,}"}
    if together == 0:
        return Estimate(1.0, 0.0, drawn)
    rng = np.random.default_rng(_SEED)
    alone = len(last) == users
    total = squares = 0.0
    for start in range(0, pairs, _AT_ONCE):
        one = rng.integers(0, users, min(_AT_ONCE, pairs - start))
        other = rng.integers(0, users - 1, len(one))
        other += other >= one  # another user
        if not alone:
            one, other = (np.searchsorted(last, some, side="right") for some in (one, other))
        distances = np.empty(len(one), dtype=np.float64)
        pair_distances(items, sizes, one, other, distances)
        total += float(distances.sum())
        squares += float(np.square(distances).sum())
    mean, share = total / pairs, together / (together + mixed)
    variance = max(0.0, squares / pairs - mean * mean) * pairs / (pairs - 1)
    return Estimate(share * mean + (1.0 - share), share * math.sqrt(variance / pairs), drawn)
