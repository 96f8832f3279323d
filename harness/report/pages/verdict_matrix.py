"""Arrange the verdicts of all pairs of runs as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import Comparison
from harness.report.texts.comparison_rows import ValueRow

MOST_RUNS = 30  # more would not be readable


@dataclass(frozen=True)
class MatrixCell:
    """The run of a row compared with the run of a column.

    Parameters
    ----------
    difference
        The value of the row minus the value of the column; None where one is not defined.
    verdict
        ``better``, ``worse``, or ``undecided`` where the two runs are not shown to differ.
    """

    difference: float | None
    verdict: str


@dataclass(frozen=True)
class VerdictMatrix:
    """The verdicts of all pairs of the best runs.

    Parameters
    ----------
    runs
        Names, the best first.
    rows
        One row of cells per run; None on the diagonal.
    more
        Number of runs that are left out.
    """

    runs: tuple[str, ...]
    rows: tuple[tuple[MatrixCell | None, ...], ...]
    more: int


def verdict_matrix(comparison: Comparison, values: Sequence[ValueRow]) -> VerdictMatrix | None:
    """Return the matrix of the primary metric; None for two runs, and where no groups were computed.

    Two runs differ where they share no letter of the groups, which come from a family of all pairs.

    Parameters
    ----------
    comparison
        The comparison.
    values
        The values of the runs, the best first.
    """
    groups = comparison.groups
    if groups is None or len(values) < 3:
        return None
    shown = [row for row in values if row.run in groups][:MOST_RUNS]
    sign = 1.0 if comparison.higher_is_better else -1.0

    def cell(row: ValueRow, column: ValueRow) -> MatrixCell | None:
        if row is column:
            return None
        one, other = row.values.get(comparison.primary), column.values.get(comparison.primary)
        if one is None or other is None:
            return MatrixCell(None, "untested")
        if set(groups[row.run]) & set(groups[column.run]):
            return MatrixCell(one - other, "undecided")
        return MatrixCell(one - other, "better" if sign * (one - other) > 0 else "worse")

    rows = tuple(tuple(cell(row, column) for column in shown) for row in shown)
    return VerdictMatrix(tuple(row.run for row in shown), rows, len(values) - len(shown))
