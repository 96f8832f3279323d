"""Measure a drawn figure: what its texts say, whether they overlap, and whether all of it is inside."""

from itertools import combinations

import numpy as np
from matplotlib.text import Text


def shown_texts(figure):
    """Return the texts that a reader sees, with their boxes in pixels."""
    figure.draw_without_rendering()
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    ticks = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    hidden = {
        id(label)
        for axis in ticks
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [(text.get_text(), Text.get_window_extent(text)) for text in found if id(text) not in hidden]


def overlapping_texts(figure):
    """Return the pairs of texts that overlap by more than a pixel."""
    return [
        (one, other)
        for (one, box), (other, second) in combinations(shown_texts(figure), 2)
        if box.padded(-0.5).overlaps(second.padded(-0.5))
    ]


def texts_outside(figure):
    """Return the texts that stick out of the figure by more than half a pixel."""
    low, high = figure.bbox.padded(0.5).get_points()
    boxes = [(text, box.get_points()) for text, box in shown_texts(figure)]
    return [text for text, (start, end) in boxes if (start < low).any() or (end > high).any()]


def clipped_markers(figure):
    """Return the points whose marker sticks out of its axes."""
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    found = []
    for axes in figure.axes:
        low, high = axes.get_window_extent().get_points()
        for line in axes.lines:
            if line.get_marker() not in ("None", "", None) and len(line.get_xdata()):
                places = axes.transData.transform(line.get_xydata())
                half = line.get_markersize() / 2 * scale
                out = (places - half < low).any(axis=1) | (places + half > high).any(axis=1)
                found.extend(line.get_xydata()[out & np.isfinite(places).all(axis=1)].tolist())
    return found
