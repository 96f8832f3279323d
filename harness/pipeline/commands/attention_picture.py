"""Draw an explanation: a heat map of attention with titles, and the list beside it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import Attention, Interactions
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array
from harness.errors import HarnessError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.artifacts import RecommendationTask

logger = logging.getLogger("harness")

_MOST_ITEMS = 100  # of a history in a picture
_LONGEST_LIST = 1000
_MOST_ROWS = 100  # of rows other than the history, such as the list
_CELL, _NUMBERED_CELL = 0.24, 0.36  # inches that a cell needs for its labels, and for a number


@dataclass(frozen=True)
class PictureOptions:
    """Options of the picture of an explanation.

    Parameters
    ----------
    k
        Length of the list, 1 to 1,000.
    items
        The number of items of a history that are shown, the last ones, 1 to 100.
    by_head
        Whether each head has a panel; otherwise the mean over the heads is shown.
    """

    k: int = 10
    items: int = 30
    by_head: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.k <= _LONGEST_LIST:
            raise HarnessError(
                f"the list would hold {self.k} items (--k); a picture can hold from 1 to {_LONGEST_LIST:,}."
            )
        if not 1 <= self.items <= _MOST_ITEMS:
            raise HarnessError(
                f"the picture would show {self.items} items of the history (--items); from 1 to {_MOST_ITEMS} can be "
                "read in one."
            )


@dataclass(frozen=True, eq=False)
class AttentionExample:
    """The attention and the list of one user.

    Parameters
    ----------
    heading
        The heading of the picture.
    task
        The task of the user.
    attention
        The attention of the model to the history that it reads.
    items, scores, relevant
        The list, best first, as arrays of its length.
    """

    heading: str
    task: RecommendationTask
    attention: Attention
    items: Int32Array
    scores: Float32Array
    relevant: BoolArray


def titles_of(rows: Interactions) -> dict[int, str]:
    """Return the title of each item by its index; an item without a title has its external id."""
    ids = rows.item_ids.ids
    titles = rows.titles(np.arange(len(ids), dtype=np.int32))
    return {
        item: str(external) if title is None else title
        for item, (external, title) in enumerate(zip(ids, titles, strict=True))
    }


def attention_svg(content: AttentionExample, titles: Mapping[int, str], picture: PictureOptions) -> str:
    """Return the picture of an explanation as an SVG document."""
    from harness.report.figures.attention_figure import Caption, ListedItem, explanation_svg
    from harness.report.figures.svg import drawing, to_svg

    shown = _shown(content.attention, picture.items)
    with drawing():
        figure = _heat_map(shown, titles, by_head=picture.by_head)
        heat_map = to_svg(figure, name="attention", title="Attention weights")
    listed = [
        ListedItem(titles[int(item)], float(score), bool(relevant))
        for item, score, relevant in zip(content.items, content.scores, content.relevant, strict=True)
    ]
    held_out = [
        ListedItem(titles[int(item)], None, bool(item in content.items)) for item in np.unique(content.task.truth.items)
    ]
    caption = Caption(content.heading, tuple(_notes(content, shown, picture)))
    return explanation_svg(heat_map, listed, held_out, caption=caption)


def _notes(content: AttentionExample, shown: Attention, picture: PictureOptions) -> Iterator[str]:
    attention, task = content.attention, content.task
    heads = len(attention.weights)
    how = "One panel per head" if picture.by_head and heads > 1 else f"The mean over {heads} heads"
    length, read = len(task.batch(0, 1).rows()[1]), len(attention.inputs)
    reads = "" if read == length else f", of which the model reads the last {read}"
    how = how if heads > 1 else "One head"
    rows = "the list" if attention.outputs_are == "list" else "what attends to it"
    yield f"{how}. Columns: the history of {length} item{'' if length == 1 else 's'}{reads}. Rows: {rows}."
    if len(shown.inputs) < read:
        outside = 1 - float(shown.weights.sum(axis=2).mean())
        yield (
            f"Shown are the last {len(shown.inputs)}; on average {max(outside, 0.0):.0%} of a row's attention is on "
            "those before."
        )
    if attention.outputs_are != "inputs" and len(shown.outputs) < len(attention.outputs):
        yield f"Of {len(attention.outputs):,} rows the first {len(shown.outputs)} are shown."
    if task.k < picture.k:
        yield (
            f"The list has the length of a run, {task.k} items (runner.k): the items of this model depend on "
            "the length of the list."
        )


def _shown(attention: Attention, count: int) -> Attention:
    """Return the attention to the last items of the history, from these items or from the first outputs."""
    start = max(len(attention.inputs) - count, 0)
    rows = slice(start, None) if attention.outputs_are == "inputs" else slice(0, _MOST_ROWS)
    return replace(
        attention,
        weights=attention.weights[:, rows, start:],
        inputs=attention.inputs[start:],
        outputs=attention.outputs[rows],
    )


def _heat_map(shown: Attention, titles: Mapping[int, str], *, by_head: bool) -> Figure:
    from harness.modules import AttentionVisualization
    from harness.report.texts.number_text import clean

    weights = shown.weights if by_head else shown.weights.mean(axis=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = AttentionVisualization.plot_attention_heatmap(
            weights, clean([titles[int(item)] for item in shown.inputs]), clean(list(shown.outputs))
        )
        # A picture that fits a screen is easier to read.
        _shrink(figure, columns=len(shown.inputs), rows=len(shown.outputs))
    for message in dict.fromkeys(str(warning.message) for warning in caught):  # about missing fonts
        logger.warning("%s", message)
    figure.suptitle("")
    for axes, head in zip(figure.axes, weights.reshape(-1, *shown.weights.shape[1:]), strict=False):
        for number, weight in zip(axes.texts, head.flat, strict=False):
            number.set_visible(bool(weight > 0))  # what cannot be attended to is empty rather than full of zeros
    for axes in figure.axes:
        axes.grid(visible=False)
        axes.set_xlabel("history, oldest first")
        axes.set_ylabel("what attends")
        for collection in axes.collections:
            collection.set_rasterized(False)  # pictures inside a picture are left out
    scale = figure.axes[-1]
    scale.collections[-1].set_edgecolor("face")  # no gaps between its colours
    scale.set_xlabel("")
    scale.set_ylabel("weight")
    return figure


def _shrink(figure: Figure, *, columns: int, rows: int) -> None:
    first = figure.axes[0]
    cell = _NUMBERED_CELL if first.texts else _CELL
    grid = first.get_gridspec()
    assert grid is not None  # noqa: S101  (subplots made it)
    figure.draw_without_rendering()
    panel = first.get_window_extent()
    wide, tall = figure.get_size_inches()
    spare_wide = panel.width / figure.dpi - max(cell * columns, 1.2)
    spare_tall = panel.height / figure.dpi - max(cell * rows, 1.2)
    figure.set_size_inches(wide - grid.ncols * max(spare_wide, 0.0), tall - grid.nrows * max(spare_tall, 0.0))
    for axes in figure.axes[:-1]:
        axes.tick_params(axis="x", labelrotation=90)
