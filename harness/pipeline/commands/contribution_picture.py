"""Draw what each item of a user's history adds to the scores of the recommended items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import Contributions
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask


@dataclass(frozen=True, eq=False)
class ContributionExample:
    """The contributions to the list of one user.

    Parameters
    ----------
    heading
        The heading of the picture.
    task
        The task of the user.
    contributions
        What items of the history add to the scores.
    items, scores, relevant
        The list, best first, as arrays of its length.
    """

    heading: str
    task: RecommendationTask
    contributions: Contributions
    items: Int32Array
    scores: Float32Array
    relevant: BoolArray


def contribution_svg(content: ContributionExample, titles: Mapping[int, str], *, most: int) -> str:
    """Return the picture of an explanation as an SVG document; ``most`` items of the history are shown, the last."""
    from harness.report.figures.attention_figure import Caption, ListedItem, explanation_svg
    from harness.report.figures.contribution_figure import contribution_figure
    from harness.report.figures.svg import drawing, to_svg

    whole = content.contributions
    shown = replace(whole, weights=whole.weights[:, -most:], history=whole.history[-most:])
    label = "adds to the score" if shown.are_exact else "the score falls by, without the item"
    with drawing():
        figure = contribution_figure(
            shown.weights,
            [titles[int(item)] for item in shown.history],
            [titles[int(item)] for item in content.items],
            label=label,
        )
        heat_map = to_svg(figure, name="contributions", title="Contributions of the history to the scores")
    listed = [
        ListedItem(titles[int(item)], float(score), bool(relevant))
        for item, score, relevant in zip(content.items, content.scores, content.relevant, strict=True)
    ]
    held_out = [
        ListedItem(titles[int(item)], None, bool(item in content.items)) for item in np.unique(content.task.truth.items)
    ]
    return explanation_svg(heat_map, listed, held_out, caption=Caption(content.heading, tuple(_notes(content, shown))))


def _notes(content: ContributionExample, shown: Contributions) -> Iterator[str]:
    whole = len(set(content.task.batch(0, 1).rows()[1].tolist()))
    what = "What each item of the history adds to the score of each recommended item."
    if not shown.are_exact:
        what = "How much the score of each recommended item falls when an item leaves the history."
    yield f"{what} Columns: the last {len(shown.history)} of {whole} items. Rows: the list."
    if not content.contributions.weights.any():
        yield "No score depends on an item of the history: this model does not read it."
        return
    if shown.are_exact and len(shown.history) == whole:
        yield "A row adds up to the score."
    elif shown.are_exact:
        rest = content.contributions.weights.sum(axis=1) - shown.weights.sum(axis=1)
        yield f"The items before them add {rest.min():+.3g} to {rest.max():+.3g} to a score."
