"""Draw one metric of several runs over its cutoffs, one line per run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from harness.artifacts import MetricValue
from harness.report.figures.curves import ticks
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import INK, MUTED
from harness.report.pages.metric_matrix import stem
from harness.report.texts.number_text import truncated

MOST_COLOURED = 8
_MOST_BANDS = 4  # more bands cover one another
_PALETTE = sns.color_palette("colorblind").as_hex()
# Without the palette's grey, which the other runs have, and its yellow and pink, which are too pale for white paper.
_COLOURS = (*(_PALETTE[place] for place in (0, 1, 2, 3, 4, 5, 9)), INK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_LINES = ("-", "--", "-.", ":")
_SHORT_NAME = 24  # names up to here fit beside one another in the legend
_LONG_NAME = 48


def overlaid_curves(
    runs: Mapping[str, Sequence[MetricValue]], *, title: str, marked: int | None = None, width: float = 4.6
) -> Figure:
    """Return the curves of one metric of several runs.

    Up to eight runs have a colour, a marker and a line style each. Of more runs, the best eight have one, and the
    others are grey. The best are the best at the marked cutoff, or at the largest one. The colours follow the order of
    the runs, so that a run has the same colour in the figures of all metrics if there are eight runs or fewer.

    Parameters
    ----------
    runs
        Values of the metric at its cutoffs, by name of the run, with at least one cutoff in all. Values without a
        cutoff, and values that are not finite, are left out.
    title
        Title of the figure.
    marked
        The cutoff to draw a vertical line at.
    width
        Width of the figure in inches.
    """
    curves = {name: points for name, values in runs.items() if (points := _points(values))}
    coloured = _best(curves, marked)
    others = [name for name in curves if name not in coloured]
    longest = max((len(truncated(name, _LONG_NAME)) for name in coloured), default=0)
    columns = 2 if longest <= _SHORT_NAME and len(coloured) > 1 else 1
    rows = -(-(len(coloured) + bool(others)) // columns)
    figure = ReportFigure(figsize=(width, 2.75 + 0.17 * rows))
    axes = figure.add_subplot()
    for name in others:
        _line(axes, curves[name], color=MUTED, linewidth=0.8, alpha=0.6, zorder=1.8)
    for place, name in enumerate(coloured):
        points, colour = curves[name], _COLOURS[place]
        if len(curves) <= _MOST_BANDS:
            _band(axes, points, colour)
        _line(
            axes,
            points,
            color=colour,
            linestyle=_LINES[place % len(_LINES)],
            marker=_MARKERS[place],
            markersize=4,
            linewidth=1.4,
            label=truncated(name, _SHORT_NAME if columns == 2 else _LONG_NAME),
        )
    if others:
        axes.plot([], [], color=MUTED, linewidth=0.8, alpha=0.6, label=f"and {len(others)} more in grey")
    _scale(axes, [point for points in curves.values() for point in points], marked)
    axes.set_title(truncated(title))
    figure.legend(loc="outside lower left", ncols=columns, frameon=False, handlelength=3.2, fontsize=8)
    return figure


def _points(values: Sequence[MetricValue]) -> list[MetricValue]:
    """Return the values that can be drawn, by rising cutoff."""
    at = {value.k: value for value in values if value.k is not None and math.isfinite(value.value)}
    return [at[k] for k in sorted(at)]


def _cutoff(point: MetricValue) -> int:
    return point.k or 0  # `_points` keeps values with a cutoff only


def _best(curves: Mapping[str, Sequence[MetricValue]], marked: int | None) -> list[str]:
    """Return the names of the runs with a colour, in the order given."""
    compared = {
        name: next((point for point in points if point.k == marked), points[-1]) for name, points in curves.items()
    }

    def badness(name: str) -> float:
        point = compared[name]
        return -point.value if point.higher_is_better else point.value

    best = set(sorted(compared, key=badness)[:MOST_COLOURED])
    return [name for name in curves if name in best]


def _line(axes: Axes, points: Sequence[MetricValue], **style: str | float) -> None:
    axes.plot([_cutoff(point) for point in points], [point.value for point in points], **style)  # type: ignore[arg-type]


def _band(axes: Axes, points: Sequence[MetricValue], colour: str) -> None:
    known = [
        (_cutoff(point), point.ci_low, point.ci_high)
        for point in points
        if point.ci_low is not None and point.ci_high is not None
    ]
    if known:
        cutoffs, lows, highs = zip(*known, strict=True)
        axes.fill_between(cutoffs, lows, highs, color=colour, alpha=0.15, linewidth=0)


def _scale(axes: Axes, points: Sequence[MetricValue], marked: int | None) -> None:
    """Set the limits, the ticks and the names of the axes."""
    cutoffs = sorted({_cutoff(point) for point in points})
    values = [point.value for point in points]
    if not points:
        return
    if marked in cutoffs:
        axes.axvline(float(marked or 0), color=MUTED, linewidth=0.9, linestyle=":", zorder=1)
    if cutoffs[-1] >= 8 * cutoffs[0]:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(ticks(cutoffs)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.margins(x=0.06, y=0.08)
    low, high = axes.get_ylim()
    if 0 <= min(values) < max(values) / 2:
        axes.set_ylim(-0.04 * high, high)  # a marker at 0 is whole
    else:
        axes.set_ylim(low, high)
    axes.set_xlabel("cutoff k")
    first = points[0]
    name = truncated(stem(first), 30)
    axes.set_ylabel(name if first.higher_is_better else f"{name} (lower is better)")
