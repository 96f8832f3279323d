"""Slices of a run as tables: a row a group, a column a metric, and the gap between groups below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.metric_matrix import Measure

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


@dataclass(frozen=True, eq=False)
class SliceMatrix:
    """A slice as the page shows it.

    Parameters
    ----------
    title
        What was cut, and by what.
    note
        What a group's numbers mean.
    labels
        Metrics, a column each.
    rows
        Group, number of users, and a value a label (None where there is none).
    gaps
        Of each label, or None.
    """

    title: str
    note: str
    labels: Sequence[str]
    rows: Sequence[tuple[str, int | None, Sequence[Mapping[str, Any] | None]]]
    gaps: Sequence[Mapping[str, Any] | None]


def slice_matrices(slices: Sequence[Mapping[str, Any]], leading: Measure | None) -> list[SliceMatrix]:
    """Return each slice at the cutoff of the leading metric, which comes first.

    Parameters
    ----------
    slices
        What ``results.json`` holds.
    leading
        The primary metric.
    """
    return [_matrix(one, leading) for one in slices]


def _matrix(one: Mapping[str, Any], leading: Measure | None) -> SliceMatrix:
    groups = one["groups"]
    labels = list(dict.fromkeys(label for group in groups for label in group["metrics"]))
    ending = "" if leading is None or leading.get("k") is None else f"@{leading['k']}"
    first = None if leading is None else leading["label"]
    chosen = sorted((label for label in labels if label.endswith(ending)), key=lambda label: label != first)
    chosen = (chosen or labels)[:_MOST_COLUMNS]
    rows = [
        (
            group["group"],
            next((value["n_users"] for value in group["metrics"].values()), None),
            [group["metrics"].get(label) for label in chosen],
        )
        for group in groups
    ]
    by, _, column = one["name"].partition(" ")
    of_items = one["of"] != "users"
    note = (
        "A group has the users with a relevant item of it; all other items count as misses there."
        if of_items
        else "A value is the mean over the group's users."
    )
    title = _NAMES.get(by, one["name"]).format(column=column)
    return SliceMatrix(title, note, chosen, rows, [one["gaps"].get(label) for label in chosen])
