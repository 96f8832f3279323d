"""Statistics of a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts import Interactions
from harness.artifacts.array_types import Int64Array
from harness.data.canonical_order import TiedRuns, by_user_and_time
from harness.data.repeated_pairs import count_distinct, pair_codes
from harness.data.times.date_text import date_text


def sizes(interactions: Interactions) -> dict[str, int]:
    """Return the numbers of interactions, users and items that occur."""
    return {
        "interactions": len(interactions),
        "users": int(np.count_nonzero(np.bincount(interactions.users))),
        "items": int(np.count_nonzero(np.bincount(interactions.items))),
    }


def describe(interactions: Interactions) -> dict[str, Any]:
    """Return statistics of interactions as plain numbers.

    Returns
    -------
    dict
        ``interactions``, ``users``, ``items`` (that occur); ``density``, the share of pairs of user
        and item that occur; ``per_user`` and ``per_item``, each ``min``, ``median``, ``mean``,
        ``max`` interactions; ``gini`` of the items' popularity (0 if all are equal); ``repeated``, rows
        that repeat the pair of another; ``timestamps``: ``first``, ``last``, ``distinct``,
        ``tied`` (share of rows that share user and timestamp with another), and of times since 1970
        ``unit``, ``first_date`` and ``last_date`` (ISO 8601 text in UTC), or None;
        ``ratings``: ``min``, ``mean``, ``max``, ``distinct``, or None; ``distinct_titles`` of the
        items, or None. Numbers that are undefined without interactions are None.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> facts = describe(
    ...     Interactions(
    ...         users=np.array([0, 0, 1]),
    ...         items=np.array([0, 1, 1]),
    ...         user_ids=Vocabulary.of(["ann", "bob"]),
    ...         item_ids=Vocabulary.of([7, 9]),
    ...     )
    ... )
    >>> facts["density"], facts["per_user"]["max"], facts["repeated"]
    (0.75, 2, 0)
    """
    counts = sizes(interactions)
    pairs = count_distinct(pair_codes(interactions))
    per_user, per_item = _positive_counts(interactions.users), _positive_counts(interactions.items)
    return counts | {
        "density": pairs / (counts["users"] * counts["items"]) if pairs else None,
        "per_user": _spread(per_user),
        "per_item": _spread(per_item),
        "gini": gini(per_item) if len(per_item) else None,
        "repeated": len(interactions) - pairs,
        "timestamps": _timestamps(interactions),
        "ratings": _ratings(interactions),
        "distinct_titles": _distinct_titles(interactions),
    }


def gini(counts: Int64Array) -> float:
    """Return the Gini coefficient of positive counts: 0 if all are equal, near 1 if one item has nearly all.

    With the counts ascending, ``x_1 <= ... <= x_n``, it is
    ``2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n``.

    Parameters
    ----------
    counts
        ``(n,)``, n > 0.

    References
    ----------
    C. Gini, "Variabilità e mutabilità", 1912.

    Examples
    --------
    >>> gini(np.array([2, 2])), gini(np.array([1, 3]))
    (0.0, 0.25)
    """
    ascending = np.sort(counts).astype(np.float64)
    n = len(ascending)
    ranks = np.arange(1, n + 1)
    return float(2 * (ranks @ ascending) / (n * ascending.sum()) - (n + 1) / n)


def _positive_counts(indices: Any) -> Int64Array:
    counts = np.bincount(indices)
    return counts[counts > 0]


def _spread(counts: Int64Array) -> dict[str, float] | None:
    if len(counts) == 0:
        return None
    return {
        "min": int(counts.min()),
        "median": float(np.median(counts)),
        "mean": float(counts.mean()),
        "max": int(counts.max()),
    }


def _timestamps(interactions: Interactions) -> dict[str, Any] | None:
    times, users, unit = interactions.timestamps, interactions.users, interactions.time_unit
    if times is None or len(times) == 0:
        return None
    order = by_user_and_time(users, times)
    first, last = times.min().item(), times.max().item()
    facts = {
        "first": first,
        "last": last,
        "distinct": count_distinct(times),
        "tied": float(TiedRuns.of(users[order], times[order]).shared.mean()),
    }
    if unit is None:
        return facts
    return {**facts, "unit": unit, "first_date": date_text(first, unit), "last_date": date_text(last, unit)}


def _ratings(interactions: Interactions) -> dict[str, float] | None:
    values = interactions.values
    if values is None or len(values) == 0:
        return None
    return {
        "min": float(values.min()),
        "mean": float(values.mean(dtype=np.float64)),
        "max": float(values.max()),
        "distinct": count_distinct(values),
    }


def _distinct_titles(interactions: Interactions) -> int | None:
    table = interactions.item_table
    return None if table is None or "title" not in table else int(table["title"].nunique())
