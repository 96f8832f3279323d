"""Draw two properties of several runs against each other, with the runs that no other run beats in both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from harness.report.figures.label_placement import place_labels
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, INK, MUTED
from harness.report.texts.number_text import truncated

_LINEAR_RANGE = 30.0  # the largest value over the smallest one that a linear axis shows well
_LONG_NAME = 24
_ON_FRONT, _BEHIND = 6.0, 4.5  # sizes of the markers
_MOST_NAMES = 10  # the names of more points have no room beside them


@dataclass(frozen=True)
class TradeOffPoint:
    """A run and two of its properties.

    Parameters
    ----------
    name
        Name of the run.
    x, y
        The properties.
    x_low, x_high, y_low, y_high
        Ends of their intervals; None or NaN for no interval.
    """

    name: str
    x: float
    y: float
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None

    @property
    def is_finite(self) -> bool:
        """Whether the point can be drawn."""
        return math.isfinite(self.x) and math.isfinite(self.y)


@dataclass(frozen=True)
class Directions:
    """Whether the higher values of a property are the better ones.

    Parameters
    ----------
    x, y
        True if higher is better.
    """

    x: bool = True
    y: bool = True


def trade_off_plot(
    points: Sequence[TradeOffPoint],
    *,
    x_label: str,
    y_label: str,
    higher_is_better: Directions | None = None,
    width: float = 4.6,
) -> Figure:
    """Return the trade-off of two properties.

    The Pareto front is a stepped line: each point on it is beaten by no other point in both properties. Points that
    are not finite are left out. Names are written beside up to ten points; a name that is far from its point is joined
    to it by a thin line. More points are numbered, and the names are below the figure. A name or number without room is
    left out. They are placed for the fonts of ``drawing()``.

    Parameters
    ----------
    points
        One per run.
    x_label, y_label
        Names of the properties.
    higher_is_better
        Directions of the properties; by default, higher is better in both.
    width
        Width of the figure in inches.
    """
    better = Directions() if higher_is_better is None else higher_is_better
    drawn = [point for point in points if point.is_finite]
    names = [truncated(point.name, _LONG_NAME) for point in drawn]
    named = len(drawn) <= _MOST_NAMES
    columns = 3 if max(map(len, names), default=0) <= _LONG_NAME // 2 else 2
    figure = ReportFigure(figsize=(width, 3.4 + (0 if named else 0.165 * -(-len(drawn) // columns))))
    axes = figure.add_subplot()
    axes.set_xlabel(_axis_label(x_label, higher_is_better=better.x))
    axes.set_ylabel(_axis_label(y_label, higher_is_better=better.y))
    axes.margins(x=0.1, y=0.1)
    if _spans_magnitudes([point.x for point in drawn]):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.locator_params(axis="y", nbins=6)
    else:
        axes.locator_params(nbins=6)
    if not drawn:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no run has both values", ha="center", va="center", transform=axes.transAxes, color=INK)
        return figure
    front = pareto_front(drawn, better)
    if len(front) > 1:
        xs, ys = [point.x for point in front], [point.y for point in front]
        axes.step(xs, ys, where="pre" if better.x else "post", color=BLUE, linewidth=0.9, alpha=0.7, zorder=1.9)
    for point in drawn:
        _draw(axes, point, on_front=point in front)
    axes.plot(
        [],
        [],
        color=BLUE,
        marker="o",
        markersize=_ON_FRONT,
        linewidth=0.9,
        label="Pareto front: no run is better in both",
    )
    figure.legend(loc="outside upper left", frameon=False, fontsize=8, borderpad=0)
    if not named:
        lines = [
            Line2D([], [], linestyle="none", label=f"{place}  {name}") for place, name in enumerate(names, start=1)
        ]
        figure.legend(handles=lines, loc="outside lower left", ncols=columns, frameon=False, handlelength=0, fontsize=8)
    texts = names if named else [str(place) for place in range(1, len(drawn) + 1)]
    place_labels(figure, axes, [(text, point.x, point.y) for text, point in zip(texts, drawn, strict=True)])
    return figure


def pareto_front(points: Sequence[TradeOffPoint], better: Directions) -> list[TradeOffPoint]:
    """Return the points that no other point beats, by rising x.

    A point beats another one if it is at least as good in both properties, and better in one.
    """
    x_sign, y_sign = 1 if better.x else -1, 1 if better.y else -1

    def beats(one: TradeOffPoint, other: TradeOffPoint) -> bool:
        gains = (x_sign * (one.x - other.x), y_sign * (one.y - other.y))
        return min(gains) >= 0 and max(gains) > 0

    kept = [point for point in points if not any(beats(other, point) for other in points)]
    return sorted(kept, key=lambda point: point.x)


def _spans_magnitudes(values: Sequence[float]) -> bool:
    """Return whether values are above 0 and so far apart that a linear axis would put most of them into one place."""
    return bool(values) and min(values) > 0 and max(values) > _LINEAR_RANGE * min(values)


def _axis_label(name: str, *, higher_is_better: bool) -> str:
    return truncated(name) if higher_is_better else f"{truncated(name)} (lower is better)"


def _draw(axes: Axes, point: TradeOffPoint, *, on_front: bool) -> None:
    colour = BLUE if on_front else MUTED
    for low, high, x_of, y_of in (
        (point.x_low, point.x_high, None, point.y),
        (point.y_low, point.y_high, point.x, None),
    ):
        if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
            xs = [low, high] if x_of is None else [x_of, x_of]
            ys = [low, high] if y_of is None else [y_of, y_of]
            axes.plot(xs, ys, color=colour, linewidth=1, alpha=0.5, zorder=1.8)
    axes.plot([point.x], [point.y], marker="o", markersize=_ON_FRONT if on_front else _BEHIND, color=colour)
