"""Compare the difference of two runs between groups: the difference of differences, in one family.

A difference that is significant in one group and not in another does not show that the groups differ.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts import GroupContrast, MetricTable, UserSlice
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.errors import HarnessError
from harness.statistics.automatic_test import WARN_BELOW_NONZERO
from harness.statistics.simultaneous_t import LargestT
from harness.statistics.verdict import UNDECIDED, decimals

DIFFERS = "differs"
FEWEST_USERS = 30  # a smaller group is not compared with others
_BLOCK = 1 << 16  # users whose deviations are held at once


@dataclass(frozen=True, eq=False)
class GroupDifferences:
    """The differences of two runs in one group of a slice.

    Parameters
    ----------
    slice, group
        Name of the slice and of the group.
    users
        int64 ``(members,)``: position of each user, ascending.
    candidate, baseline
        float64 ``(members,)``: values of both runs.
    """

    slice: str
    group: str
    users: Int64Array
    candidate: Float64Array
    baseline: Float64Array

    @property
    def differences(self) -> Float64Array:
        """Candidate minus baseline."""
        return self.candidate - self.baseline


def shared_slices(tables: Mapping[str, MetricTable]) -> list[str]:
    """Return the names of the slices that all runs have.

    Raises
    ------
    HarnessError
        A slice has other groups, or other users in a group, in one run than in another.
    """
    base, *others = tables
    reference = {cut.name: cut for cut in tables[base].slices}
    names = [name for name in reference if all(name in {cut.name for cut in tables[run].slices} for run in others)]
    for run in others:
        for cut in tables[run].slices:
            if cut.name in names and _members(cut, tables[run]) != _members(reference[cut.name], tables[base]):
                raise HarnessError(
                    f"the slice {cut.name} has other groups in '{run}' than in '{base}'. Evaluate both on the same "
                    "data with the same evaluation.slices."
                )
    return names


def group_differences(
    tables: Mapping[str, MetricTable], positions: Mapping[str, Int64Array], name: str, label: str, pair: tuple[str, str]
) -> list[GroupDifferences]:
    """Return the differences of a pair of runs in all groups of a slice; none if the slice lacks the metric.

    Parameters
    ----------
    tables
        The runs.
    positions
        Run name to int64 ``(users,)``: the common position of each of its users.
    name, label, pair
        Name of the slice, label of the metric, and names of candidate and baseline.
    """
    ours, theirs = (next(cut for cut in tables[run].slices if cut.name == name) for run in pair)
    found = []
    for group, members in ours.groups.items():
        if label not in members.values:
            continue
        other = theirs.groups[group]
        users, theirs_users = positions[pair[0]][members.users], positions[pair[1]][other.users]
        order, theirs_order = np.argsort(users), np.argsort(theirs_users)
        values = members.values[label][order], other.values[label][theirs_order]
        found.append(GroupDifferences(name, group, users[order], *values))
    return found


def group_contrasts(
    groups: Mapping[tuple[str, str], Sequence[GroupDifferences]], *, label: str, confidence: float
) -> tuple[GroupContrast, ...]:
    """Return the contrasts of all pairs of groups of a slice, for all slices and pairs of runs, as one family.

    Groups of fewer than 30 users are left out, and fewer than 30 users with a difference in both groups decide nothing.
    Users are the unit. A user may be in several groups, whose covariance counts. Critical values are those of the
    largest of the correlated t statistics, with the number of users of the smallest group minus 1 degrees of freedom.

    Parameters
    ----------
    groups
        Candidate and baseline to the differences in all groups of all slices.
    label
        Label of the metric.
    confidence
        Level of the intervals, in (0, 1).
    """
    large = [group for members in groups.values() for group in members if len(group.users) >= FEWEST_USERS]
    place = {id(group): number for number, group in enumerate(large)}
    pairs = [
        (runs, one, other)
        for runs, members in groups.items()
        for one, other in itertools.combinations(members, 2)
        if one.slice == other.slice and id(one) in place and id(other) in place
    ]
    if not pairs:
        return ()
    contrasts = np.zeros((len(pairs), len(large)))
    for row, (_, one, other) in enumerate(pairs):
        contrasts[row, place[id(one)]], contrasts[row, place[id(other)]] = 1.0, -1.0
    covariance = contrasts @ _covariance(large) @ contrasts.T
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    scale = np.where(errors > 0, errors, np.inf)
    correlation = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    largest = LargestT(correlation, df=min(len(group.users) for group in large) - 1)
    critical = largest.critical(1 - confidence)
    return tuple(
        _contrast(label, runs, one, other, float(error), critical, largest, n_contrasts=len(pairs))
        for (runs, one, other), error in zip(pairs, errors, strict=True)
    )


def _covariance(groups: Sequence[GroupDifferences]) -> Float64Array:
    """Return the covariance of the mean differences of groups that may share users; float64 ``(groups, groups)``."""
    n_users = 1 + max(int(group.users[-1]) for group in groups)
    total = np.zeros((len(groups), len(groups)))
    # What each user adds to each mean: the deviation from it. Its squares sum to the squared standard error.
    added = [
        (group.differences - group.differences.mean()) / math.sqrt(len(group.users) * (len(group.users) - 1))
        for group in groups
    ]
    for start in range(0, n_users, _BLOCK):
        block = np.zeros((min(_BLOCK, n_users - start), len(groups)))
        for column, (group, deviations) in enumerate(zip(groups, added, strict=True)):
            first, last = np.searchsorted(group.users, [start, start + _BLOCK])
            block[group.users[first:last] - start, column] = deviations[first:last]
        total += block.T @ block
    return total


def _contrast(
    label: str,
    runs: tuple[str, str],
    one: GroupDifferences,
    other: GroupDifferences,
    error: float,
    critical: float,
    largest: LargestT,
    *,
    n_contrasts: int,
) -> GroupContrast:
    means = float(one.differences.mean()), float(other.differences.mean())
    difference = means[0] - means[1]
    low, high = difference - critical * error, difference + critical * error
    nonzero = sum(int(np.count_nonzero(group.differences)) for group in (one, other))
    decided = nonzero >= WARN_BELOW_NONZERO and error > 0 and (low > 0 or high < 0)
    verdict = DIFFERS if decided else UNDECIDED
    digits = decimals(low, high)
    words = "differs between groups" if decided else "not shown to differ between groups"
    return GroupContrast(
        metric=label,
        candidate=runs[0],
        baseline=runs[1],
        slice=one.slice,
        group=one.group,
        other=other.group,
        difference=difference,
        ci_low=low,
        ci_high=high,
        p_adjusted=largest.p_value(difference / error) if error > 0 else math.nan,
        n_users=len(one.users),
        n_users_other=len(other.users),
        verdict=verdict,
        statement=(
            f"{words} ({means[0]:+.{digits}f} for {one.slice} {one.group}, {means[1]:+.{digits}f} for {other.group}: "
            f"{difference:+.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]; {len(one.users):,} and "
            f"{len(other.users):,} users; 1 of {n_contrasts} contrasts)"
        ),
    )


def _members(cut: UserSlice, table: MetricTable) -> dict[str, frozenset[object]]:
    return {name: frozenset(table.users[group.users].tolist()) for name, group in cut.groups.items()}
