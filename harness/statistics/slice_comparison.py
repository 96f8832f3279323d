"""Compare runs in the groups of their slices, and the groups with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.artifacts import ComparisonProtocol, GroupContrast, MetricTable, PairedDifference
from harness.artifacts.array_types import Int64Array
from harness.statistics.group_contrasts import GroupDifferences, group_contrasts, group_differences, shared_slices
from harness.statistics.paired_differences import ComparedRuns, paired_differences
from harness.statistics.paired_test import PairedTest


@dataclass(frozen=True, eq=False)
class SliceComparison:
    """Differences in groups, and contrasts between groups.

    Parameters
    ----------
    names
        Names of the slices that all runs have.
    differences
        One per slice, group and pair of runs; exploratory.
    contrasts
        One per slice, pair of groups and pair of runs: one family.
    """

    names: tuple[str, ...]
    differences: tuple[PairedDifference, ...]
    contrasts: tuple[GroupContrast, ...]


def compare_slices(
    runs: ComparedRuns,
    positions: Mapping[str, Int64Array],
    label: str,
    pairs: Sequence[tuple[str, str]],
    *,
    tester: PairedTest | None,
    settings: ComparisonProtocol,
) -> SliceComparison:
    """Compare runs in one metric in all groups of the slices that they share.

    Parameters
    ----------
    runs
        Values of all runs.
    positions
        Run name to int64 ``(users,)``: the common position of each user of its table.
    label
        Label of the metric.
    pairs
        Names of candidate and baseline of each difference.
    tester, settings
        The test, and how differences are tested.
    """
    names = shared_slices(runs.tables)
    groups = {
        pair: [found for name in names for found in group_differences(runs.tables, positions, name, label, pair)]
        for pair in pairs
    }
    rows = [
        _in_group(runs, group, label, pair, tester, settings) for pair, members in groups.items() for group in members
    ]
    contrasts = group_contrasts(groups, label=label, confidence=settings.confidence)
    return SliceComparison(tuple(names), tuple(rows), contrasts)


def _in_group(
    runs: ComparedRuns,
    group: GroupDifferences,
    label: str,
    pair: tuple[str, str],
    tester: PairedTest | None,
    settings: ComparisonProtocol,
) -> PairedDifference:
    values = {name: {label: of_run} for name, of_run in zip(pair, (group.candidate, group.baseline), strict=True)}
    tables = {name: _with_mean(runs.tables[name], label, float(values[name][label].mean())) for name in pair}
    members = ComparedRuns(tables, values, runs.keys[group.users], None)
    (row,) = paired_differences(members, label, [pair], tester=tester, settings=settings, margin=None, in_family=False)
    return replace(row, slice=group.slice, slice_value=group.group)


def _with_mean(table: MetricTable, label: str, mean: float) -> MetricTable:
    return replace(table, values=(replace(table[label], value=mean),))
