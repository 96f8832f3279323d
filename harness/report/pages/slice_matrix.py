"""Arrange the slices of a run as tables: a row per group, a column per metric, differences between groups below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import MetricValue, SliceGap, SliceGroup, SliceTable, SliceValue

_MOST_COLUMNS = 6
_NAMES = {
    "activity": "Users by activity",
    "user_warmth": "Cold and warm users",
    "user_column": "Users by {column}",
    "item_popularity": "Relevant items by popularity",
    "item_warmth": "Cold and warm items",
    "repeat": "Items repeated by the user, and new ones",
    "item_column": "Relevant items by {column}",
}


@dataclass(frozen=True)
class GroupRow:
    """One group: its name, its number of users, and its values by column, None where there is none."""

    group: str
    n_users: int | None
    cells: tuple[SliceValue | None, ...]


@dataclass(frozen=True)
class SliceMatrix:
    """A slice as the page shows it.

    Parameters
    ----------
    title
        What the groups are.
    note
        What the numbers of a group mean.
    labels
        The metrics of the columns.
    rows
        The groups.
    gaps
        The gap of each column, or None.
    more
        Number of metrics that have no column.
    """

    title: str
    note: str
    labels: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    gaps: tuple[SliceGap | None, ...]
    more: int


def slice_matrices(slices: Sequence[SliceTable], leading: MetricValue | None) -> list[SliceMatrix]:
    """Return each slice at the cutoff of the leading metric, which is the first column."""
    return [_matrix(table, leading) for table in slices]


def slice_title(table: SliceTable) -> str:
    """Return what the groups of a slice are."""
    by, _, column = table.name.partition(" ")
    return _NAMES[by].format(column=column) if by in _NAMES else table.name


def _matrix(table: SliceTable, leading: MetricValue | None) -> SliceMatrix:
    labels = list(dict.fromkeys(label for group in table.groups for label in group.metrics))
    ending = "" if leading is None or leading.k is None else f"@{leading.k}"
    first = None if leading is None else leading.label
    chosen = sorted((label for label in labels if label.endswith(ending)), key=lambda label: label != first)
    shown = tuple((chosen or labels)[:_MOST_COLUMNS])
    note = (
        "A value is the mean over the group's users."
        if table.of == "users"
        else "A group has the users with a relevant item of it; all other items count as misses there."
    )
    rows = tuple(_row(group, shown) for group in table.groups)
    return SliceMatrix(
        slice_title(table), note, shown, rows, tuple(table.gaps.get(label) for label in shown), len(labels) - len(shown)
    )


def _row(group: SliceGroup, labels: Sequence[str]) -> GroupRow:
    n_users = next((value.n_users for value in group.metrics.values()), None)
    return GroupRow(group.group, n_users, tuple(group.metrics.get(label) for label in labels))
