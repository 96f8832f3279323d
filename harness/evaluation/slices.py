"""Compute the values of groups of users and items, with intervals, and the gaps between groups."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

from harness.artifacts import MetricTable, SliceGap, SliceGroup, SliceTable, SliceValue
from harness.artifacts.array_types import BoolArray, Float64Array, Int64Array
from harness.intervals import mean_interval

USERS, RELEVANT_ITEMS = "users", "relevant items"


@dataclass(frozen=True, eq=False)
class _UserGroup:
    """Values of a group of users: label to float64 ``(n,)``, and the row of each user, int64 ``(n,)``."""

    values: Mapping[str, Float64Array]
    rows: Int64Array


def slice_users(name: str, table: MetricTable, groups: Mapping[str, BoolArray]) -> SliceTable:
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
    >>> found = slice_users("age", table, {"old": old, "young": ~old})
    >>> found.groups[0].metrics["recall@1"].value, found.gaps["recall@1"].highest
    (0.5, 'young')
    """
    labels = [value.label for value in table.values if value.n_users is not None]
    kept = [label for label in labels if table[label].variant.get("average") != "micro"]
    cut = {
        group: _UserGroup({label: table.user_values[label][who] for label in kept}, np.flatnonzero(who))
        for group, who in groups.items()
        if who.any()
    }
    return _sliced(name, USERS, cut, confidence=table.confidence, shares=_shares(table))


def slice_items(name: str, tables: Mapping[str, MetricTable], rows: Mapping[str, Int64Array]) -> SliceTable:
    """Return the values of groups of relevant items; within a group, no other items count as relevant.

    Parameters
    ----------
    name
        Name of the slice.
    tables
        Group to table of accuracy metrics.
    rows
        Group to int64 ``(users,)``: the users of its table, numbered in the same way in all groups.
    """
    cut = {group: _UserGroup(table.user_values, rows[group]) for group, table in tables.items()}
    first = next(iter(tables.values()), None)
    if first is None:
        return SliceTable(name, RELEVANT_ITEMS, (), {})
    return _sliced(name, RELEVANT_ITEMS, cut, confidence=first.confidence, shares=_shares(first))


def _shares(table: MetricTable) -> frozenset[str]:
    """Return the labels of metrics whose values lie in [0, 1]."""
    return frozenset(value.label for value in table.values if value.in_unit_interval)


def _sliced(
    name: str, of: str, groups: Mapping[str, _UserGroup], *, confidence: float, shares: Container[str]
) -> SliceTable:
    labels = list(dict.fromkeys(label for group in groups.values() for label in group.values))
    values = tuple(
        SliceGroup(
            name, {label: _value(found, confidence, is_share=label in shares) for label, found in group.values.items()}
        )
        for name, group in groups.items()
    )
    gaps = {label: _gap(label, groups, confidence) for label in labels} if len(groups) > 1 else {}
    return SliceTable(name, of, values, gaps)


def _value(values: Float64Array, confidence: float, *, is_share: bool) -> SliceValue:
    found = mean_interval(values, confidence=confidence, in_unit_interval=is_share)
    return SliceValue(found.mean, found.low, found.high, found.n)


def _gap(label: str, groups: Mapping[str, _UserGroup], confidence: float) -> SliceGap:
    """Return the gap of one metric, with the covariance of users who are in both groups."""
    from scipy.special import stdtrit

    means = {name: float(group.values[label].mean()) for name, group in groups.items()}
    highest, lowest = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    difference = means[highest] - means[lowest]
    if highest == lowest:  # all groups are equal: take any two
        highest, lowest = tuple(groups)[:2]
    one, other = groups[highest], groups[lowest]
    n, m = len(one.rows), len(other.rows)
    if min(n, m) < 2:
        return SliceGap(highest, lowest, difference, None, None)
    ours, theirs = one.values[label], other.values[label]
    shared, left, right = np.intersect1d(one.rows, other.rows, assume_unique=True, return_indices=True)
    variance = ours.var(ddof=1) / n + theirs.var(ddof=1) / m
    if len(shared) > 1:
        variance -= 2.0 * len(shared) * np.cov(ours[left], theirs[right])[0, 1] / (n * m)
    half = float(stdtrit(min(n, m) - 1, (1.0 + confidence) / 2.0)) * math.sqrt(max(float(variance), 0.0))
    return SliceGap(highest, lowest, difference, difference - half, difference + half)
