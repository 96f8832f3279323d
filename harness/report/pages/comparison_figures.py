"""Draw the figures of a comparison: differences, curves over the cutoffs, and trade-offs."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.artifacts import Comparison, MetricValue, PairedDifference, RunRecord
from harness.report.pages.metric_matrix import stem
from harness.report.pages.page import Figures
from harness.report.texts.comparison_rows import ValueRow

if TYPE_CHECKING:
    from markupsafe import Markup

    from harness.report.figures.trade_off_plot import TradeOffPoint

MOST_ROWS = 40  # of a forest plot; the tables hold all
_MOST_CURVES = 4
_TRADE_OFFS = ("coverage", "novelty", "diversity", "gini", "average_popularity", "tail_share", "serendipity")
_MOST_TRADE_OFFS = 3
_COST = "ms per user"


def forests(
    figures: Figures, pairs: Sequence[PairedDifference], comparison: Comparison, labels: Sequence[str]
) -> list[Markup]:
    """Return the forest plot of each metric; the first 40 differences are drawn."""
    from harness.report.figures.forest_plot import forest_plot
    from harness.report.figures.svg import drawing

    margin, baseline = comparison.settings.margin, comparison.baseline
    drawn = []
    with drawing():
        for label in labels:
            rows = [pair for pair in pairs if pair.metric == label][:MOST_ROWS]
            if rows:
                width = margin.get(label) if isinstance(margin, Mapping) else margin
                # The margin is one of the primary metric unless it is given by label.
                width = width if isinstance(margin, Mapping) or label == comparison.primary else None
                figure = forest_plot(rows, title=label, baseline=baseline, margin=width)
                title = f"Differences in {label}{f' to {baseline}' if baseline else ''}, with intervals"
                drawn.append(figures.add(figure, name=f"forest-{label}", title=title))
    return drawn


def curves(
    figures: Figures, comparison: Comparison, records: Sequence[RunRecord], *, without: Container[str] = ()
) -> list[Markup]:
    """Return the curves of a few metrics over the cutoffs, all runs in one figure, the primary metric first.

    Metrics of the names ``without`` are left out.
    """
    from harness.report.figures.overlaid_curves import overlaid_curves
    from harness.report.figures.svg import drawing

    by_stem: dict[str, dict[str, list[MetricValue]]] = {}
    leading = None
    for record in records:
        for value in record.metrics:
            if value.k is not None and math.isfinite(value.value):
                by_stem.setdefault(stem(value), {}).setdefault(record.name, []).append(value)
            if value.label == comparison.primary:
                leading = value
    several = {
        name: runs
        for name, runs in by_stem.items()
        if name not in without and any(len(values) > 1 for values in runs.values())
    }
    first = None if leading is None else stem(leading)
    names = sorted(several, key=lambda name: name != first)[:_MOST_CURVES]
    drawn = []
    with drawing():
        for name in names:
            marked = leading.k if leading is not None and name == first else None
            figure = overlaid_curves(several[name], title=f"{name}@k", marked=marked)
            drawn.append(figures.add(figure, name=f"curves-{name}", title=f"{name} over the cutoffs k, by run"))
    return drawn


def trade_offs(
    figures: Figures, comparison: Comparison, values: Sequence[ValueRow], records: Sequence[RunRecord]
) -> list[Markup]:
    """Return the primary metric against coverage, novelty and others at its cutoff, and against the cost."""
    from harness.report.figures.svg import drawing
    from harness.report.figures.trade_off_plot import Directions, trade_off_plot

    if len(values) < 2:
        return []
    drawn = []
    with drawing():
        for label, points, higher in _trade_off_points(comparison, values, records):
            figure = trade_off_plot(
                points,
                x_label=label,
                y_label=comparison.primary,
                higher_is_better=Directions(x=higher, y=comparison.higher_is_better),
            )
            drawn.append(figures.add(figure, name=f"trade-off-{label}", title=f"{comparison.primary} against {label}"))
    return drawn


def _trade_off_points(
    comparison: Comparison, values: Sequence[ValueRow], records: Sequence[RunRecord]
) -> Iterator[tuple[str, list[TradeOffPoint], bool]]:
    by_run = {record.name: {value.label: value for value in record.metrics} for record in records}
    primary = comparison.primary
    first = next((known[primary] for known in by_run.values() if primary in known), None)
    shared = set.intersection(*(set(known) for known in by_run.values())) if by_run else set()
    labels = [
        value.label
        for name in _TRADE_OFFS
        for value in (next(iter(by_run.values())).values() if by_run else ())
        if value.name == name and value.label in shared and (first is None or value.k in (first.k, None))
    ]
    for label in labels[:_MOST_TRADE_OFFS]:
        known = {run: found[label] for run, found in by_run.items()}
        xs = {run: (one.value, one.ci_low, one.ci_high) for run, one in known.items()}
        yield label, _points(xs, by_run, primary, values), next(iter(known.values())).higher_is_better
    speeds = {record.name: record.timings.users_per_second for record in records}
    costs = {run: (1000 / speed, None, None) for run, speed in speeds.items() if speed}
    if len(costs) > 1:
        yield _COST, _points(costs, by_run, primary, values), False


def _points(
    xs: Mapping[str, tuple[float, float | None, float | None]],
    by_run: Mapping[str, Mapping[str, MetricValue]],
    primary: str,
    values: Sequence[ValueRow],
) -> list[TradeOffPoint]:
    from harness.report.figures.trade_off_plot import TradeOffPoint

    points = []
    for row in values:
        y, known = row.values.get(primary), by_run.get(row.run, {}).get(primary)
        if row.run in xs and y is not None:
            x, low, high = xs[row.run]
            ends = (None, None) if known is None else (known.ci_low, known.ci_high)
            points.append(TradeOffPoint(row.run, x, y, low, high, *ends))
    return points
