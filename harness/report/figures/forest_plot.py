"""Draw differences to a baseline with their intervals, one under the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from harness.artifacts import PairedDifference
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import BLUE, GREEN, INK, MUTED, PAPER, RED
from harness.report.texts.comparison_rows import shown_interval
from harness.report.texts.number_text import signed, truncated

COLOURS = {
    **dict.fromkeys(("better_by_margin", "better", "higher"), GREEN),
    **dict.fromkeys(("worse_by_margin", "worse", "lower"), RED),
    **dict.fromkeys(("differs_within_margin", "equivalent", "not_worse", "not_better"), BLUE),
}


def forest_plot(
    pairs: Sequence[PairedDifference], *, title: str, baseline: str | None, margin: float | None = None
) -> Figure:
    """Return the forest plot of one metric.

    Parameters
    ----------
    pairs
        Rows of a comparison, one per candidate.
    title
        Title of the figure.
    baseline
        Name of the baseline; None if the rows are all pairs of runs.
    margin
        The difference that does not matter, drawn as a band around zero; None for no band.
    """
    rows = len(pairs)
    figure = ReportFigure(figsize=(4.3, 1.05 + 0.42 * rows))
    axes = figure.add_subplot()
    if margin is not None:
        axes.axvspan(-margin, margin, color=BLUE, alpha=0.12, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=0.9)
    for row, pair in enumerate(pairs):
        colour = COLOURS.get(pair.verdict, MUTED)
        decided = pair.verdict in COLOURS
        low, high = shown_interval(pair)
        known = math.isfinite(low) and math.isfinite(high)
        if known:
            axes.plot([low, high], [row, row], color=colour, linewidth=2)
        axes.plot(
            [pair.difference],
            [row],
            marker="o" if known else "D",
            markersize=5.5,
            color=colour,
            markerfacecolor=colour if decided else PAPER,
            clip_on=False,
        )
        name = pair.candidate if baseline is not None else f"{pair.candidate} - {pair.baseline}"
        words = f"{truncated(name, 34)}  {signed(pair.difference)}"
        axes.text(
            0.0,
            row - 0.24,
            words,
            transform=axes.get_yaxis_transform(),
            va="bottom",
            color=INK,
            # The line of zero ends behind the label.
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
        )
    axes.set_ylim(rows - 0.5, -0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("difference" if baseline is None else f"difference to {truncated(baseline, 34)}")
    axes.set_title(truncated(title))
    return figure
