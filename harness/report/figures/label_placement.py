"""Place names beside the points of a figure, so that no two overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.artifacts.array_types import BoolArray, Float64Array
from harness.report.figures.svg import INK, MUTED

_FONT = 8.0
_MARKER = 4.0  # half the side of the square around a point that names keep free, in points
_NEAR = 10.0  # a name farther away from its point is joined to it by a line
_GAPS = (3.0, 8.0, 14.0, 22.0, 32.0, 44.0, 58.0, 74.0, 92.0, 112.0)
_DIRECTIONS = 24
_LINE_COST = 12.0  # a name moves away by so many points rather than cross a line of the figure


def place_labels(figure: Figure, axes: Axes, labels: Sequence[tuple[str, float, float]]) -> None:
    """Write the names of points beside them.

    A name keeps clear of all points, of the other names and of the edges of the axes, and away from lines if it can.
    A name for which there is no such place is left out. The layout of the figure is fixed afterwards.

    Parameters
    ----------
    figure, axes
        A figure, and axes of it with all points and lines, and with final labels of its own.
    labels
        Name, x and y of each point.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # a second layout could move the points
    scale = 72 / figure.dpi  # points per pixel
    at = axes.transData.transform([(x, y) for _, x, y in labels]) * scale  # (points, 2)
    frame = np.array(axes.get_window_extent().extents) * scale
    taken = np.concatenate([at - _MARKER, at + _MARKER], axis=1)  # (boxes, 4): left, bottom, right, top
    lines = _pieces(axes, scale)
    # Crowded points choose first: their near places are the scarcest.
    crowd = np.exp(-np.square(np.linalg.norm(at[:, None] - at[None], axis=2) / 40)).sum(axis=1)
    for index in np.argsort(-crowd, kind="stable"):
        text = figure.text(0, 0, labels[index][0], fontsize=_FONT)  # to measure it
        extent = text.get_window_extent()
        text.remove()
        size = np.array([extent.width, extent.height]) * scale
        boxes, distances = _candidates(at[index], size)
        inside = (boxes[:, :2] >= frame[:2]).all(axis=1) & (boxes[:, 2:] <= frame[2:]).all(axis=1)
        free = inside & ~_overlaps(boxes, taken).any(axis=1)
        if not free.any():
            continue
        cost = distances + _LINE_COST * np.minimum(_overlaps(boxes, lines).sum(axis=1), 3)
        chosen = int(np.argmin(np.where(free, cost, np.inf)))
        box = boxes[chosen]
        taken = np.concatenate([taken, [box]])
        far = distances[chosen] > _NEAR
        axes.annotate(
            labels[index][0],
            labels[index][1:],
            xytext=(box[:2] + box[2:]) / 2 - at[index],
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=_FONT,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
            if far
            else None,
        )


def _candidates(point: Float64Array, size: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return boxes for a name around a point, ``(n, 4)``, and their costs, which rise with the distance."""
    angles = np.linspace(0, 2 * np.pi, _DIRECTIONS, endpoint=False)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    gaps = np.repeat(_GAPS, _DIRECTIONS)
    ways = np.tile(ways, (len(_GAPS), 1))  # (n, 2)
    # The box touches a circle of radius `gap` around the point, in the direction `way`.
    centres = point + ways * (gaps + _MARKER)[:, None] + np.clip(ways * 2, -1, 1) * size / 2
    boxes = np.concatenate([centres - size / 2, centres + size / 2], axis=1)
    return boxes, gaps - 2 * np.maximum(ways[:, 0], 0) + (np.abs(ways[:, 0]) < 0.9)


def _overlaps(boxes: Float64Array, others: Float64Array) -> BoolArray:
    """Return whether each box overlaps each of the others, bool ``(boxes, others)``."""
    one, other = boxes[:, None], others[None]
    overlap: BoolArray = np.all((one[..., :2] < other[..., 2:]) & (one[..., 2:] > other[..., :2]), axis=2)
    return overlap


def _pieces(axes: Axes, scale: float) -> Float64Array:
    """Return the horizontal and vertical lines of the axes as boxes, ``(n, 4)``."""
    pieces = [np.empty((0, 4))]
    for line in axes.lines:
        path = line.get_transform().transform(np.asarray(line.get_path().vertices, dtype=np.float64)) * scale
        if len(path) > 1:
            pieces.append(np.concatenate([np.minimum(path[:-1], path[1:]), np.maximum(path[:-1], path[1:])], axis=1))
    return np.concatenate(pieces)
