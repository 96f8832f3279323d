"""The mean Jaccard distance over pairs of lists, from a sample of them."""

from __future__ import annotations

import math

import numpy as np

from harness.metrics.base import Estimate
from harness.metrics.distinct_lists import DistinctLists
from harness.metrics.list_kernels import pair_distances

_SEED = 20_100_310  # of the draws, which are the same for the same lists
_AT_ONCE = 1 << 20  # pairs


def sampled_distance(lists: DistinctLists, *, pairs: int) -> float | Estimate:
    """Return the mean distance of pairs of two users, drawn with replacement; 0 where there is no pair.

    Users without items are drawn only together with others: pairs of two empty lists are left out.

    Parameters
    ----------
    lists
        Sets with the users that have them, in an order that is always the same.
    pairs
        How many are drawn, 2 or more.
    """
    rng = np.random.default_rng(_SEED)
    last = np.cumsum(lists.users)  # of the users in a row, those of each set end here
    users = int(last[-1]) if len(last) else 0
    empty = int(lists.users[lists.sizes == 0].sum())
    if users < 2 or users == empty:
        return 0.0
    alone = bool((lists.users == 1).all())
    total = squares = 0.0
    kept = 0
    while kept < pairs:
        one = rng.integers(0, users, min(_AT_ONCE, pairs))
        other = rng.integers(0, users - 1, len(one))
        other += other >= one  # somebody else
        if not alone:
            one, other = (np.searchsorted(last, some, side="right") for some in (one, other))
        distances = np.empty(len(one), dtype=np.float64)
        pair_distances(lists.items, lists.sizes, one, other, distances)
        distances = distances[distances >= 0.0][: pairs - kept]  # below 0: both are empty
        kept += len(distances)
        total += float(distances.sum())
        squares += float(np.square(distances).sum())
    mean = total / kept
    variance = max(0.0, squares / kept - mean * mean) * kept / (kept - 1)
    return Estimate(mean, math.sqrt(variance / kept), {"pairs": f"a sample of {pairs:,}"})
