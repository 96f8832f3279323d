"""Draw the distribution of a metric over users: shares of 0 and 1 as a strip, other values as a histogram."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.artifacts.array_types import Float64Array
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, INK, MUTED, RED
from harness.report.texts.number_text import metric_text, truncated

_FEW = 16  # distinct values up to here are drawn one by one: bins would invent a shape
_BINS = 24


def distribution(values: Float64Array, *, title: str) -> Figure:
    """Return the distribution of a metric over users.

    With one relevant item per user most values are 0, which would hide the others in a histogram. A strip therefore
    shows the shares of users with 0, with 1, and with another value. The histogram below has the values other than 0,
    on its own scale. There is none where all values are 0 or 1.

    Parameters
    ----------
    values
        ``(users,)``, at least one, without NaN.
    title
        Title of the figure.
    """
    if np.isin(values, (0.0, 1.0)).all():
        figure = ReportFigure(figsize=(3.5, 0.8))
        strip = figure.add_subplot()
        _strip(strip, values)
        strip.set_title(truncated(title), pad=18)
        return figure
    figure = ReportFigure(figsize=(3.5, 2.7))
    strip, axes = figure.subplots(2, 1, height_ratios=[1, 7])
    _strip(strip, values)
    strip.set_title(truncated(title), pad=18)
    rest = values[values != 0]
    _histogram(axes, rest, users=len(values))
    mean = float(values.mean())
    axes.axvline(mean, color=RED, linewidth=1.2)
    axes.text(
        mean,
        1.0,
        f" mean of all {metric_text(mean)}",
        transform=axes.get_xaxis_transform(),
        va="bottom",
        ha="left" if mean < (axes.get_xlim()[0] + axes.get_xlim()[1]) / 2 else "right",
        color=INK,
    )
    axes.set_xlabel("value of a user" if len(rest) == len(values) else "value of a user, if it is not 0")
    axes.set_ylabel("% of all users")
    axes.grid(visible=False, axis="x")
    return figure


def shares(values: Float64Array) -> tuple[float, float, float]:
    """Return the shares of users with 0, with 1, and with anything else.

    Examples
    --------
    >>> shares(np.array([0.0, 0.0, 1.0, 0.5]))
    (0.5, 0.25, 0.25)
    """
    zeros, ones = float((values == 0).mean()), float((values == 1).mean())
    return zeros, ones, float(((values != 0) & (values != 1)).mean())


def _strip(axes: Axes, values: Float64Array) -> None:
    zeros, ones, others = shares(values)
    start = 0.0
    for share, colour in ((zeros, MUTED), (others, BLUE), (ones, RED)):
        axes.barh([0], [share], left=start, color=colour, alpha=0.75, height=1)
        start += share
    parts = [(zeros, "0"), (others, "between" if values.min() >= 0 and values.max() <= 1 else "other"), (ones, "1")]
    words = " · ".join(f"{name}: {share:.1%}" for share, name in parts if share > 0)
    axes.annotate(words, (0, 1), (0, 3), "axes fraction", textcoords="offset points", va="bottom", color=INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.5, 0.5)
    axes.set_axis_off()


def _histogram(axes: Axes, rest: Float64Array, *, users: int) -> None:
    distinct, counts = np.unique(rest, return_counts=True)
    if len(distinct) <= _FEW:
        gap = float(np.diff(distinct).min()) if len(distinct) > 1 else 1.0
        width = max(min(0.8 * gap, 0.04 * float(np.abs(distinct).max())), 0.008 * float(np.abs(distinct).max()))
        axes.bar(distinct, 100 * counts / users, width=width, color=BLUE)
    else:
        weights = np.full(len(rest), 100 / users)
        axes.hist(rest, weights=weights, bins=_BINS, color=BLUE, alpha=0.9)
    low = min(0.0, float(distinct[0]))
    margin = 0.04 * (float(distinct[-1]) - low)
    axes.set_xlim(low - (margin if low < 0 else 0), float(distinct[-1]) + margin)
