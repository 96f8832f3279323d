"""Draw a metric of groups of users or items, with intervals, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from harness.artifacts import SliceValue
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, INK, MUTED, PAPER
from harness.report.texts.number_text import metric_text, truncated

MOST_GROUPS = 40  # more are in the table


def slice_plot(
    groups: Sequence[tuple[str, SliceValue]], *, title: str, label: str, overall: float | None = None
) -> Figure:
    """Return the plot of one slice.

    Parameters
    ----------
    groups
        Name and value of each group, in order; the first 40 are drawn.
    title
        Title of the figure.
    label
        Label of the metric.
    overall
        The value of all users, drawn as a line; None for no line.
    """
    drawn = groups[:MOST_GROUPS]
    figure = ReportFigure(figsize=(4.3, 1.15 + 0.4 * len(drawn)))
    axes = figure.add_subplot()
    if overall is not None:
        axes.axvline(overall, color=MUTED, linewidth=0.9)
    for row, (name, value) in enumerate(drawn):
        if value.ci_low is not None and value.ci_high is not None:
            axes.plot([value.ci_low, value.ci_high], [row, row], color=BLUE, linewidth=2)
        axes.plot([value.value], [row], marker="o", markersize=5.5, color=BLUE, clip_on=False)
        users = f"{value.n_users:,} user{'' if value.n_users == 1 else 's'}"
        axes.text(
            0.0,
            row - 0.24,
            f"{truncated(name, 26)}  {metric_text(value.value)}  ({users})",
            transform=axes.get_yaxis_transform(),
            va="bottom",
            color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
        )
    axes.set_ylim(len(drawn) - 0.5, -0.9)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    left_out = len(groups) - len(drawn)
    if left_out:
        title = f"{truncated(title)}, and {left_out:,} more groups"
    axes.set_xlabel(f"{truncated(label)}; the line is the value of all users" if overall is not None else label)
    axes.set_title(truncated(title))
    return figure
