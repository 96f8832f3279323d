"""A metric over its cutoffs, with the band of its intervals."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from harness.report.metric_matrix import Measure
from harness.report.number_text import metric_text, truncated
from harness.report.svg import BLUE, INK

_TICKS = 8  # cutoffs that can be told apart on a small axis


def curve(points: Sequence[Measure], *, title: str, marked: int | None = None) -> Figure:
    """Return the curve of one metric.

    Parameters
    ----------
    points
        Measures with a cutoff and a value, at least two.
    title
        The metric.
    marked
        A cutoff whose value is written beside its point.
    """
    figure = Figure(figsize=(3.5, 2.4))
    axes = figure.add_subplot()
    ordered = sorted(points, key=lambda point: point["k"])
    cutoffs = [point["k"] for point in ordered]
    banded = [point for point in ordered if point.get("ci_low") is not None and point.get("ci_high") is not None]
    if banded:
        ks, lows, highs = ([point[key] for point in banded] for key in ("k", "ci_low", "ci_high"))
        axes.fill_between(ks, lows, highs, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(cutoffs, [point["value"] for point in ordered], color=BLUE, marker="o", markersize=3.5, linewidth=1.4)
    for point in ordered:
        if point["k"] == marked:
            axes.plot([point["k"]], [point["value"]], color=BLUE, marker="o", markersize=6.5)
            axes.annotate(
                metric_text(point["value"]),
                (point["k"], point["value"]),
                xytext=(-4, 6),
                textcoords="offset points",
                ha="right",
                color=INK,
            )
    if cutoffs[-1] >= 8 * cutoffs[0]:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(cutoffs)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.set_xlabel("k")
    if min(point["value"] for point in ordered) >= 0:
        axes.set_ylim(bottom=0)
    axes.margins(x=0.06, y=0.12)
    axes.set_title(truncated(title))
    return figure


def _ticks(cutoffs: Sequence[int]) -> list[int]:
    step = -(-len(cutoffs) // _TICKS)
    return list(cutoffs[::-1][::step][::-1])
