"""Draw the figures of ``plot()``: a run's curves and distributions, and the figures of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import Comparison, MetricTable, MetricValue
from harness.errors import HarnessError, did_you_mean
from harness.report.pages.metric_matrix import stem
from harness.report.texts.number_text import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE_KINDS = ("curves", "distribution")
COMPARISON_KINDS = ("forest", "trade_off", "curves")


def table_figure(table: MetricTable, kind: str, metric: str | None) -> Figure:
    """Return a figure of one run.

    Parameters
    ----------
    table
        The values.
    kind
        ``curves`` or ``distribution``.
    metric
        Label or name of the metric; None for the first one that can be drawn.

    Raises
    ------
    HarnessError
        The kind or the metric is unknown, or the metric cannot be drawn in this way.
    """
    _check_kind(kind, TABLE_KINDS)
    if kind == "distribution":
        return _distribution(table, metric)
    from harness.report.figures.curves import curve
    from harness.report.figures.svg import drawing

    values = clean(table.values)
    name, marked = _curve_of(values, metric)
    points = [value for value in values if stem(value) == name and value.k is not None and value.value == value.value]
    with drawing():
        return _finished(curve(points, title=f"{name}@k", marked=marked))


def comparison_figure(comparison: Comparison, kind: str, metric: str | None, against: str | None) -> Figure:
    """Return a figure of a comparison.

    Parameters
    ----------
    comparison
        Differences and values.
    kind
        ``forest``, ``trade_off`` or ``curves``.
    metric
        Label of the metric, or its name for curves; None for the primary one.
    against
        Label of the other metric of a trade-off; None for a metric of another family at the same cutoff.

    Raises
    ------
    HarnessError
        The kind or a metric is unknown, or the metric cannot be drawn in this way.
    """
    _check_kind(kind, COMPARISON_KINDS)
    if against is not None and kind != "trade_off":
        raise HarnessError(f"against is the other metric of a trade-off, and the figure is '{kind}'. Leave it out.")
    shown = clean(comparison)
    chosen = shown.primary if metric is None else metric
    if kind == "forest":
        return _forest(shown, chosen)
    return _trade_off(shown, chosen, against) if kind == "trade_off" else _curves(shown, chosen)


def _distribution(table: MetricTable, metric: str | None) -> Figure:
    from harness.report.figures.distributions import distribution
    from harness.report.figures.svg import drawing

    labels = list(table.user_values)
    if metric is None and labels:
        metric = labels[0]
    if metric not in labels:
        raise HarnessError(f"no metric '{metric}' has values per user. {did_you_mean(str(metric), labels)}")
    sample = table.user_values[metric]
    sample = sample[np.isfinite(sample)]
    if len(sample) == 0:
        raise HarnessError(f"no user has a value of {metric}.")
    with drawing():
        return _finished(distribution(sample, title=clean(metric)))


def _forest(comparison: Comparison, label: str) -> Figure:
    from harness.report.figures.forest_plot import forest_plot
    from harness.report.figures.svg import drawing

    rows = [pair for pair in comparison.overall if pair.metric == label]
    if not rows:
        raise _unknown(label, [pair.metric for pair in comparison.overall])
    margin = comparison.settings.margin
    width = margin.get(label) if isinstance(margin, Mapping) else margin
    with drawing():
        return _finished(forest_plot(rows, title=label, baseline=comparison.baseline, margin=width))


def _curves(comparison: Comparison, metric: str) -> Figure:
    from harness.report.figures.overlaid_curves import overlaid_curves
    from harness.report.figures.svg import drawing

    name, marked = _curve_of([value for values in comparison.measured.values() for value in values], metric)
    runs = {run: [value for value in values if stem(value) == name] for run, values in comparison.measured.items()}
    with drawing():
        return _finished(overlaid_curves(runs, title=f"{name}@k", marked=marked))


def _trade_off(comparison: Comparison, label: str, against: str | None) -> Figure:
    from harness.report.figures.svg import drawing
    from harness.report.figures.trade_off_plot import Directions, TradeOffPoint, trade_off_plot

    first = next(iter(comparison.measured.values()), ())
    x_metric = _value_of(first, label)
    y_metric = _other(first, x_metric) if against is None else _value_of(first, against)
    points = []
    for run, values in comparison.measured.items():
        x, y = _value_of(values, x_metric.label), _value_of(values, y_metric.label)
        points.append(TradeOffPoint(run, x.value, y.value, x.ci_low, x.ci_high, y.ci_low, y.ci_high))
    better = Directions(x_metric.higher_is_better, y_metric.higher_is_better)
    with drawing():
        figure = trade_off_plot(points, x_label=x_metric.label, y_label=y_metric.label, higher_is_better=better)
        return _finished(figure)


def _curve_of(values: Sequence[MetricValue], metric: str | None) -> tuple[str, int | None]:
    """Return the name of the metric to draw over cutoffs, and the cutoff to mark."""
    cutoffs: dict[str, set[int]] = {}
    for value in values:
        if value.k is not None and value.value == value.value:
            cutoffs.setdefault(stem(value), set()).add(value.k)
    names = [name for name, known in cutoffs.items() if len(known) > 1]
    if not names:
        raise HarnessError("no metric has values at two cutoffs or more, so that there is no curve. Give more cutoffs.")
    if metric is None:
        return names[0], None
    found = next((value for value in values if metric in (value.label, stem(value))), None)
    if found is None:
        raise _unknown(metric, [value.label for value in values])
    if stem(found) not in names:
        raise HarnessError(f"{metric} has fewer than two cutoffs. Choose one of {', '.join(names)}.")
    return stem(found), found.k if metric == found.label else None


def _value_of(values: Sequence[MetricValue], label: str) -> MetricValue:
    found = next((value for value in values if value.label == label), None)
    if found is None:
        raise _unknown(label, [value.label for value in values])
    return found


def _other(values: Sequence[MetricValue], metric: MetricValue) -> MetricValue:
    """Return a metric of another family, at the same cutoff where there is one."""
    others = [value for value in values if value.family != metric.family]
    if not others:
        labels = [value.label for value in values if value.label != metric.label]
        raise HarnessError(
            f"a trade-off has two metrics, and no metric is of another family than {metric.label}. "
            f"Name the other one as against: {', '.join(labels) or 'compare more metrics'}."
        )
    return next((value for value in others if value.k == metric.k), others[0])


def _unknown(label: str, known: Sequence[str]) -> HarnessError:
    return HarnessError(f"no metric '{label}' was compared. {did_you_mean(label, known)}")


def _check_kind(kind: str, known: Sequence[str]) -> None:
    if kind not in known:
        raise HarnessError(f"unknown figure {kind!r}. {did_you_mean(str(kind), known)}")


def _finished(figure: Figure) -> Figure:
    """Return the figure with a white ground, since its text is dark in dark notebooks, too."""
    figure.set_facecolor("white")
    return figure
