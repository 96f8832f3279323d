"""Metrics of groups of users or items, and the gaps between groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SliceValue:
    """A metric of one group.

    Parameters
    ----------
    value
        The mean over the group's users.
    ci_low, ci_high
        Its interval; None for a single user.
    n_users
        The number of users.
    """

    value: float
    ci_low: float | None
    ci_high: float | None
    n_users: int


@dataclass(frozen=True)
class SliceGap:
    """The distance between the groups with the highest and the lowest value.

    Parameters
    ----------
    highest, lowest
        Names of the groups.
    difference
        0 or more.
    ci_low, ci_high
        Its interval, as if the two groups had been named beforehand; None where one has a single user.
    """

    highest: str
    lowest: str
    difference: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class SliceGroup:
    """The metrics of one group.

    Parameters
    ----------
    group
        Name of the group.
    metrics
        Values by label.
    """

    group: str
    metrics: Mapping[str, SliceValue]


@dataclass(frozen=True)
class SliceTable:
    """One way to cut users or relevant items into groups.

    Parameters
    ----------
    name
        Such as ``activity``.
    of
        ``users``, or ``relevant items``: then a group has the users with a relevant item of it, and every
        other item is a miss.
    groups
        In order, each name once.
    gaps
        Gaps by label, where there are two groups or more.
    """

    name: str
    of: str
    groups: tuple[SliceGroup, ...]
    gaps: Mapping[str, SliceGap]
