"""Compute the profile of the lists of a run: popularity and categories, beside those of the histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import Categories, CategoryShare, ListProfile, RecommendationTask, Split
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.pipeline.stages.side_arrays import popularity_of

if TYPE_CHECKING:
    from harness.pipeline.stages.recommendation import RunPredictions

_MOST_CATEGORIES = 20
_POINTS = 101


def list_profile(recommended: RunPredictions, task: RecommendationTask, split: Split, *, k: int) -> ListProfile | None:
    """Return the profile of the first k items of all lists; None where there are no histories or no lists.

    Parameters
    ----------
    recommended, task
        The lists, and the task that they belong to.
    split
        The histories, and the table of items.
    k
        Number of items of each list to look at.
    """
    histories = popularity_of(split, task.history_parts)
    lists = np.zeros(task.n_items, dtype=np.int64)
    for part in recommended.parts():
        items = part.topk.items[:, :k]
        lists += np.bincount(items[items >= 0], minlength=task.n_items)
    if not (histories.any() and lists.any()):
        return None
    table = split.interactions.item_table
    known = None if table is None or "categories" not in table else Categories.of(table["categories"])
    by_popularity = np.argsort(-histories, kind="stable")
    curves = lorenz(histories), lorenz(lists)
    return ListProfile(
        k=k,
        lorenz_histories=tuple(curves[0].tolist()),
        lorenz_lists=tuple(curves[1].tolist()),
        gini_histories=gini(histories),
        gini_lists=gini(lists),
        tenths_histories=_tenths(histories[by_popularity]),
        tenths_lists=_tenths(lists[by_popularity]),
        categories=() if known is None else _category_shares(known, histories, lists),
    )


def lorenz(counts: Int64Array) -> Float64Array:
    """Return the Lorenz curve of counts at 0%, 1%, ... 100% of the items, the least common first; float64 ``(101,)``.

    Examples
    --------
    >>> lorenz(np.array([3, 1]))[[0, 50, 75, 100]].tolist()
    [0.0, 0.25, 0.625, 1.0]
    """
    shares = np.concatenate([[0.0], np.cumsum(np.sort(counts)) / counts.sum()])
    return np.asarray(np.interp(np.linspace(0, 1, _POINTS), np.linspace(0, 1, len(shares)), shares)).round(6)


def gini(counts: Int64Array) -> float:
    """Return the Gini coefficient of counts: one minus twice the area under their Lorenz curve.

    Examples
    --------
    >>> gini(np.array([1, 1])), gini(np.array([0, 1]))
    (0.0, 0.5)
    """
    shares = np.concatenate([[0.0], np.cumsum(np.sort(counts)) / counts.sum()])
    return float(1 - (shares[1:] + shares[:-1]).sum() / len(counts))


def _tenths(counts: Int64Array) -> tuple[float, ...]:
    parts = np.array_split(counts, 10)
    return tuple(float(part.sum() / counts.sum()) for part in parts)


def _category_shares(categories: Categories, histories: Int64Array, lists: Int64Array) -> tuple[CategoryShare, ...]:
    """Return the shares of the most common categories in both, and of the rest."""
    sizes = np.diff(categories.indptr)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    before, shown = (
        np.bincount(categories.codes, (counts / np.maximum(sizes, 1))[owners], minlength=len(categories.names))
        for counts in (histories, lists)
    )
    if not (before.sum() and shown.sum()):
        return ()
    before, shown = before / before.sum(), shown / shown.sum()
    order = np.argsort(-before, kind="stable")
    named = [CategoryShare(categories.names[code], float(before[code]), float(shown[code])) for code in order]
    kept, rest = named[:_MOST_CATEGORIES], named[_MOST_CATEGORIES:]
    if rest:
        name = f"{len(rest)} other categories"
        kept.append(CategoryShare(name, sum(one.histories for one in rest), sum(one.lists for one in rest)))
    return tuple(kept)
