"""Draw a metric over its cutoffs, with the band of its intervals."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from harness.artifacts import MetricValue
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, INK
from harness.report.texts.number_text import metric_text, truncated

_TICKS = 8  # more labels would overlap on a small axis


def curve(points: Sequence[MetricValue], *, title: str, marked: int | None = None) -> Figure:
    """Return the curve of one metric.

    Parameters
    ----------
    points
        Values at two or more cutoffs.
    title
        Title of the figure.
    marked
        The cutoff whose value is written beside its point.
    """
    figure = ReportFigure(figsize=(3.5, 2.4))
    axes = figure.add_subplot()
    at = {point.k: point for point in points if point.k is not None}
    cutoffs = sorted(at)
    values = [at[k].value for k in cutoffs]
    bands = [(k, at[k].ci_low, at[k].ci_high) for k in cutoffs]
    banded = [(k, low, high) for k, low, high in bands if low is not None and high is not None]
    if banded:
        ks, lows, highs = zip(*banded, strict=True)
        axes.fill_between(ks, lows, highs, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(cutoffs, values, color=BLUE, marker="o", markersize=3.5, linewidth=1.4, clip_on=False)
    for k, value in zip(cutoffs, values, strict=True):
        if k == marked:
            axes.plot([k], [value], color=BLUE, marker="o", markersize=6.5, clip_on=False)
            axes.annotate(
                metric_text(value),
                (k, value),
                xytext=(-4, 6),
                textcoords="offset points",
                ha="right",
                color=INK,
            )
    if cutoffs[-1] >= 8 * cutoffs[0]:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(ticks(cutoffs)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.set_xlabel("cutoff k")
    axes.margins(x=0.06, y=0.12)
    if min(values) >= 0:
        highest = max([*values, *(high for _, _, high in banded)])
        axes.set_ylim(0, 1.1 * highest or 1.0)
    axes.set_title(truncated(title))
    return figure


def ticks(cutoffs: Sequence[int]) -> list[int]:
    """Return the cutoffs to label: all of a few, else every second, third, and so on, up to the last one."""
    step = -(-len(cutoffs) // _TICKS)
    return list(cutoffs[::-1][::step][::-1])
