"""Collect what metrics beyond accuracy need about items and users, such as popularity and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.artifacts import Categories, History, Part, SideInformation, Split
from harness.artifacts.array_types import Int64Array

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.metrics import Metric


def side_of(metrics: Sequence[Metric], task: RecommendationTask, split: Split) -> SideInformation | None:
    """Return the side information that some metrics need, as far as the data set has it; None where they need none.

    Popularity is counted before the part that is predicted. The history is that of the task, one row per list.
    """
    needs = {need for metric in metrics for need in metric.required}
    if not needs & {"popularity", "history", "categories", "vectors"}:
        return None
    rows, popularity, n_users = split.interactions, None, None
    if "popularity" in needs:
        popularity = popularity_of(split, task.history_parts)
        n_users = max(1, int((split.history(task.history_parts).lengths > 0).sum()))
    categories = None
    if "categories" in needs and rows.item_table is not None and "categories" in rows.item_table:
        categories = Categories.of(rows.item_table["categories"])
    return SideInformation(
        popularity=popularity,
        n_users=n_users,
        history=task.history.rows(task.history_rows) if "history" in needs else None,
        categories=categories,
        vectors=rows.item_vectors if "vectors" in needs else None,
    )


def popularity_of(split: Split, parts: Sequence[Part]) -> Int64Array:
    """Return the number of users of each item in some parts; int64 ``(items,)``."""
    history = split.history(parts)
    counts: Int64Array = np.bincount(history.matrix.indices, minlength=history.n_items)
    return counts


def side_arrays(side: SideInformation | None) -> dict[str, np.ndarray | None]:
    """Return the arrays of side information by file name, without the history; None for an array that is not known."""
    if side is None:
        return {}
    categories = side.categories
    return {
        "side_popularity": side.popularity,
        "side_vectors": side.vectors,
        "side_category_indptr": None if categories is None else categories.indptr,
        "side_category_codes": None if categories is None else categories.codes,
    }


def side_facts(side: SideInformation | None) -> dict[str, Any] | None:
    """Return the part of side information that goes into JSON rather than into arrays."""
    if side is None:
        return None
    names = None if side.categories is None else list(side.categories.names)
    return {"n_users": side.n_users, "history": side.history is not None, "categories": names}


def side_from(arrays: dict[str, np.ndarray], facts: dict[str, Any] | None, history: History) -> SideInformation | None:
    """Return side information from its arrays and facts, with the history of a task if it needs one."""
    if facts is None:
        return None
    categories = None
    if facts["categories"] is not None:
        names = tuple(facts["categories"])
        categories = Categories(arrays["side_category_indptr"], arrays["side_category_codes"], names)
    return SideInformation(
        popularity=arrays.get("side_popularity"),
        n_users=facts["n_users"],
        history=history if facts["history"] else None,
        categories=categories,
        vectors=arrays.get("side_vectors"),
    )
