"""Compute the values of groups of users and items, with intervals, and the gaps between groups."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.artifacts import (
    GroupValues,
    MetricTable,
    SliceGap,
    SliceGroup,
    SliceTable,
    SliceValue,
    UserSlice,
)
from harness.artifacts.array_types import BoolArray, Float64Array
from harness.intervals import mean_interval

USERS, RELEVANT_ITEMS = "users", "relevant items"


def slice_users(name: str, table: MetricTable, groups: Mapping[str, BoolArray]) -> UserSlice:
    """Return the values of groups of users.

    Metrics with a common denominator of all users are left out, because a group has another denominator.

    Parameters
    ----------
    name
        Name of the slice.
    table
        Values of all users.
    groups
        Name to bool ``(users,)``: the members. Groups without users are left out.

    Examples
    --------
    >>> from harness.artifacts import TopK, Truth
    >>> from harness.evaluation import evaluate
    >>> table = evaluate(TopK(np.array([[1], [2], [3]])), Truth.from_lists([[1], [5], [3]]), metrics=["recall"])
    >>> old = np.array([True, True, False])
    >>> found = slice_table(slice_users("age", table, {"old": old, "young": ~old}), table)
    >>> found.groups[0].metrics["recall@1"].value, found.gaps["recall@1"].highest
    (0.5, 'young')
    """
    labels = [value.label for value in table.values if value.n_users is not None]
    kept = [label for label in labels if table[label].variant.get("average") != "micro"]
    members = {group: np.flatnonzero(who) for group, who in groups.items() if who.any()}
    return UserSlice(
        name,
        USERS,
        {
            group: GroupValues(who, {label: table.user_values[label][who] for label in kept})
            for group, who in members.items()
        },
    )


def slice_items(name: str, table: MetricTable, tables: Mapping[str, MetricTable]) -> UserSlice:
    """Return the values of groups of relevant items; within a group, no other items count as relevant.

    Parameters
    ----------
    name
        Name of the slice.
    table
        Values of all users.
    tables
        Group to table of accuracy metrics. Its users are among those of the first table.
    """
    users = pd.Index(table.users)
    return UserSlice(
        name,
        RELEVANT_ITEMS,
        {
            group: GroupValues(users.get_indexer(pd.Index(found.users)).astype(np.int64), found.user_values)
            for group, found in tables.items()
        },
    )


def slice_table(cut: UserSlice, table: MetricTable) -> SliceTable:
    """Return the means of all groups of a slice with intervals, and the gaps between groups.

    Parameters
    ----------
    cut
        The groups.
    table
        Values of all users, with the definitions of the metrics and the level of the intervals.
    """
    groups, shares = cut.groups, _shares(table)
    labels = list(dict.fromkeys(label for group in groups.values() for label in group.values))
    values = tuple(
        SliceGroup(
            name,
            {label: _value(found, table.confidence, is_share=label in shares) for label, found in group.values.items()},
        )
        for name, group in groups.items()
    )
    gaps = {label: _gap(label, groups, table.confidence) for label in labels} if len(groups) > 1 else {}
    return SliceTable(cut.name, cut.of, values, gaps)


def _shares(table: MetricTable) -> frozenset[str]:
    """Return the labels of metrics whose values lie in [0, 1]."""
    return frozenset(value.label for value in table.values if value.in_unit_interval)


def _value(values: Float64Array, confidence: float, *, is_share: bool) -> SliceValue:
    found = mean_interval(values, confidence=confidence, in_unit_interval=is_share)
    return SliceValue(found.mean, found.low, found.high, found.n)


def _gap(label: str, groups: Mapping[str, GroupValues], confidence: float) -> SliceGap:
    """Return the gap of one metric, with the covariance of users who are in both groups."""
    from scipy.special import stdtrit

    means = {name: float(group.values[label].mean()) for name, group in groups.items()}
    highest, lowest = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    difference = means[highest] - means[lowest]
    if highest == lowest:  # all groups are equal: take any two
        highest, lowest = tuple(groups)[:2]
    one, other = groups[highest], groups[lowest]
    n, m = len(one.users), len(other.users)
    if min(n, m) < 2:
        return SliceGap(highest, lowest, difference, None, None)
    ours, theirs = one.values[label], other.values[label]
    shared, left, right = np.intersect1d(one.users, other.users, assume_unique=True, return_indices=True)
    variance = ours.var(ddof=1) / n + theirs.var(ddof=1) / m
    if len(shared) > 1:
        variance -= 2.0 * len(shared) * np.cov(ours[left], theirs[right])[0, 1] / (n * m)
    half = float(stdtrit(min(n, m) - 1, (1.0 + confidence) / 2.0)) * math.sqrt(max(float(variance), 0.0))
    return SliceGap(highest, lowest, difference, difference - half, difference + half)
