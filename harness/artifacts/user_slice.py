"""Groups of users with their values, from which groups are compared between runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.artifacts.array_types import Float64Array, Int64Array


@dataclass(frozen=True, eq=False)
class GroupValues:
    """The users of a group, and their values.

    Parameters
    ----------
    users
        int64 ``(members,)``: position of each user in ``MetricTable.users``.
    values
        Label to float64 ``(members,)``.
    """

    users: Int64Array
    values: Mapping[str, Float64Array]


@dataclass(frozen=True, eq=False)
class UserSlice:
    """One way to cut users or relevant items into groups, with the values per user.

    Parameters
    ----------
    name
        Such as ``activity``.
    of
        ``users``, or ``relevant items``: then a group has the users with a relevant item of it, and every other item is
        a miss.
    groups
        Name to group, in order. A user may be in several groups.
    """

    name: str
    of: str
    groups: Mapping[str, GroupValues]
