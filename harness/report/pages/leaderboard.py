"""Rank the runs of a comparison by its primary metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.artifacts import Comparison, MetricValue, PairedDifference, RunRecord
from harness.report.pages.interval_bars import IntervalBar, common_top, interval_bar
from harness.report.texts.comparison_rows import ValueRow

_TOLERANCE = 1e-12


@dataclass(frozen=True)
class LeaderboardRow:
    """One run.

    Parameters
    ----------
    rank
        1 for the best value; runs with equal values share a rank.
    run, link
        Its name, and the address of its report; None where there is none.
    value
        The primary metric; None where it is not defined.
    ci_low, ci_high, bar
        The interval of the value, and its bar on the scale of all runs; None where it is not known.
    letters
        Two runs that share a letter are not shown to differ; empty without groups.
    is_best, is_baseline
        Whether no run is shown to beat it, and whether the others are compared with it.
    pair
        The difference to the baseline in the primary metric; None for the baseline and where all pairs are compared.
    others
        The values of all metrics by label.
    """

    rank: int
    run: str
    link: str | None
    value: float | None
    ci_low: float | None
    ci_high: float | None
    bar: IntervalBar | None
    letters: str
    is_best: bool
    is_baseline: bool
    pair: PairedDifference | None
    others: Mapping[str, float | None]


def leaderboard(
    comparison: Comparison, values: Sequence[ValueRow], records: Sequence[RunRecord], links: Mapping[str, str]
) -> list[LeaderboardRow]:
    """Return the runs, the best first.

    Parameters
    ----------
    comparison
        The comparison.
    values
        The values of the runs, the best first.
    records
        The records of the runs, for intervals.
    links
        Address of the report by name of the run.
    """
    primary = comparison.primary
    measured = {record.name: _measured(record, primary) for record in records}
    pairs = {
        row.candidate: row
        for row in comparison.overall
        if row.metric == primary and comparison.baseline is not None and row.baseline == comparison.baseline
    }
    best = set(comparison.best) if len(comparison.best) < len(values) else set()
    top = common_top([known.ci_high for known in measured.values() if known is not None])
    groups = comparison.groups if comparison.groups is not None and len(values) > 2 else {}
    rows: list[LeaderboardRow] = []
    for place, row in enumerate(values, start=1):
        value, known = row.values.get(primary), measured.get(row.run)
        # The value of several seeds is their mean, whose interval is not that of a run.
        agrees = known is not None and value is not None and math.isclose(known.value, value, abs_tol=_TOLERANCE)
        low, high = (known.ci_low, known.ci_high) if known is not None and agrees else (None, None)
        is_tied = bool(rows) and rows[-1].value == value
        rows.append(
            LeaderboardRow(
                rank=rows[-1].rank if is_tied else place,
                run=row.run,
                link=links.get(row.run),
                value=value,
                ci_low=low,
                ci_high=high,
                bar=interval_bar(value, low, high, bottom=0.0, top=top),
                letters=groups.get(row.run, ""),
                is_best=row.run in best,
                is_baseline=row.run == comparison.baseline,
                pair=pairs.get(row.run),
                others=row.values,
            )
        )
    return rows


def _measured(record: RunRecord, label: str) -> MetricValue | None:
    return next((value for value in record.metrics if value.label == label), None)
