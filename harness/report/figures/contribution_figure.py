"""Draw what the items of a history add to the scores of a list, as a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import seaborn as sns

from harness.artifacts.array_types import Float64Array
from harness.report.figures.report_figure import ReportFigure
from harness.report.figures.svg import INK, PAPER
from harness.report.texts.number_text import clean, truncated

_CELL = 0.26  # inches
_LONGEST = 28  # characters of a title


def contribution_figure(
    weights: Float64Array, history: Sequence[str], listed: Sequence[str], *, label: str
) -> ReportFigure:
    """Return the heat map: rows are recommended items, columns are the history, oldest first.

    Colours are symmetric around 0: blue lowers a score, red raises it.

    Parameters
    ----------
    weights
        float64 ``(listed, history)``.
    history, listed
        Titles.
    label
        What a weight is.
    """
    figure = ReportFigure(figsize=(3.6 + _CELL * len(history), 2.6 + _CELL * len(listed)))
    axes = figure.add_subplot()
    largest = float(np.abs(weights).max(initial=0.0)) or 1.0
    sns.heatmap(
        weights,
        ax=axes,
        cmap="vlag",
        vmin=-largest,
        vmax=largest,
        xticklabels=[truncated(title, _LONGEST) for title in clean(list(history))],
        yticklabels=[truncated(title, _LONGEST) for title in clean(list(listed))],
        linewidths=0.5,
        linecolor=PAPER,
        cbar_kws={"label": label},
    )
    axes.tick_params(axis="x", labelrotation=90, labelcolor=INK)
    axes.tick_params(axis="y", labelrotation=0, labelcolor=INK)
    axes.set_xlabel("history, oldest first")
    axes.set_ylabel("recommended")
    axes.grid(visible=False)
    for drawn in figure.axes:
        for collection in drawn.collections:
            collection.set_rasterized(False)  # pictures inside a picture are left out
    figure.axes[-1].collections[-1].set_edgecolor("face")  # no gaps between its colours
    return figure
