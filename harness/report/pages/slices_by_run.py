"""Arrange the groups of slices as rows and the runs of a comparison as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import RunRecord, SliceValue
from harness.report.pages.slice_matrix import slice_title

MOST_GROUPS = 100  # of a slice in the page


@dataclass(frozen=True)
class SliceRow:
    """A group: its users, and its value in each run, None where a run has none."""

    group: str
    n_users: int | None
    values: tuple[SliceValue | None, ...]
    best: float | None


@dataclass(frozen=True)
class SliceByRun:
    """A slice.

    Parameters
    ----------
    title
        What the groups are.
    runs
        Names of the runs, in the order of the columns.
    rows
        The groups.
    more
        Number of groups that are left out.
    """

    title: str
    runs: tuple[str, ...]
    rows: tuple[SliceRow, ...]
    more: int


def slices_by_run(records: Sequence[RunRecord], label: str, *, higher_is_better: bool = True) -> list[SliceByRun]:
    """Return the slices that all runs have, in one metric.

    Parameters
    ----------
    records
        The records of the runs, in the order of the columns.
    label
        The metric.
    higher_is_better
        Its direction.
    """
    if not records:
        return []
    names = [table.name for table in records[0].slices]
    found = []
    for name in names:
        tables = [next((one for one in record.slices if one.name == name), None) for record in records]
        known = [table for table in tables if table is not None]
        if len(known) < len(records):
            continue
        by_run = [{group.group: group.metrics.get(label) for group in table.groups} for table in known]
        groups = [group for group in by_run[0] if all(group in values for values in by_run)]
        rows = [_row(group, [values[group] for values in by_run], higher_is_better) for group in groups]
        rows = [row for row in rows if any(value is not None for value in row.values)]
        if rows:
            runs = tuple(record.name for record in records)
            shown = tuple(rows[:MOST_GROUPS])
            found.append(SliceByRun(slice_title(known[0]), runs, shown, len(rows) - len(shown)))
    return found


def _row(group: str, values: Sequence[SliceValue | None], higher_is_better: bool) -> SliceRow:  # noqa: FBT001
    numbers = [value.value for value in values if value is not None]
    best = (max(numbers) if higher_is_better else min(numbers)) if numbers else None
    n_users = next((value.n_users for value in values if value is not None), None)
    return SliceRow(group, n_users, tuple(values), best)
