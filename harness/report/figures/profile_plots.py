"""Draw the popularity and the categories of recommended items beside those of the histories."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from harness.artifacts import ListProfile
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, MUTED, RED
from harness.report.texts.number_text import truncated

_HISTORIES, _LISTS = "histories", "lists"


def lorenz_plot(profile: ListProfile) -> Figure:
    """Return the Lorenz curves of interactions and of recommendations over the catalogue."""
    figure = ReportFigure(figsize=(3.5, 2.9))
    axes = figure.add_subplot()
    at = np.linspace(0, 1, len(profile.lorenz_lists))
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)))
    before, shown = profile.gini_histories, profile.gini_lists
    axes.plot(at, profile.lorenz_histories, color=BLUE, linestyle=(0, (5, 2)), label=f"{_HISTORIES}, Gini {before:.2f}")
    axes.plot(at, profile.lorenz_lists, color=RED, label=f"{_LISTS}, Gini {shown:.2f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("share of the catalogue, the rarest items first")
    axes.set_ylabel("share of all")
    axes.legend(loc="upper left", frameon=False)
    axes.set_title("How unequal items are shown")
    return figure


def tenths_plot(profile: ListProfile) -> Figure:
    """Return the shares of the tenths of the catalogue in histories and in lists, the most popular tenth first."""
    figure = ReportFigure(figsize=(3.5, 2.9))
    axes = figure.add_subplot()
    places = np.arange(1, 11)
    axes.bar(places - 0.2, profile.tenths_histories, width=0.38, color=BLUE, label=_HISTORIES)
    axes.bar(places + 0.2, profile.tenths_lists, width=0.38, color=RED, label=_LISTS)
    axes.set_xticks(places)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("tenth of the catalogue, 1 is the most popular")
    axes.set_ylabel("share of all")
    axes.legend(loc="upper right", frameon=False)
    axes.set_title("What is shown, by popularity")
    return figure


def category_plot(profile: ListProfile) -> Figure:
    """Return the shares of categories in histories and in lists, one category per row."""
    rows = profile.categories
    figure = ReportFigure(figsize=(3.5, 1.0 + 0.24 * len(rows)))
    axes = figure.add_subplot()
    places = np.arange(len(rows))
    for place, row in enumerate(rows):
        axes.plot([row.histories, row.lists], [place, place], color=MUTED, linewidth=1.4)
    axes.plot([row.histories for row in rows], places, "o", color=BLUE, markersize=5, label=_HISTORIES, clip_on=False)
    axes.plot([row.lists for row in rows], places, "D", color=RED, markersize=4.5, label=_LISTS, clip_on=False)
    axes.set_yticks(places, [truncated(row.name, 18) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("share of all")
    axes.legend(loc="lower right", frameon=False)
    axes.set_title("What is shown, by category")
    return figure
