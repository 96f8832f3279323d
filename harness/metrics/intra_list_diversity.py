"""Intra-list diversity: how different the items of a list are from each other."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float32Array, Float64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class IntraListDiversity(ListedMetric):
    r"""Mean distance over all pairs of items of a list, by their categories or vectors.

    .. math:: \mathrm{ild@}k = \frac{2}{n (n - 1)} \sum_{i < j \in L_u^k} d(i, j)

    over the n items that have categories, or a vector; other items do not count. The value is 0 with fewer than two
    such items. With vectors, opposite items have the distance 2.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    by
        ``categories``: Jaccard distance of the sets of categories. ``vectors``: 1 minus the cosine similarity.

    Examples
    --------
    Two films, one of them a drama, the other a drama and a comedy:

    >>> from harness.artifacts import Categories, SideInformation
    >>> side = SideInformation(categories=Categories.of([("drama",), ("drama", "comedy")]))
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> IntraListDiversity(k=2).score(hits, out)
    >>> out
    array([0.5])
    """

    k: int = 10
    by: Literal["categories", "vectors"] = "categories"

    name = "intra_list_diversity"
    family = "diversity"
    upper = 2.0
    formula = r"\frac{2}{n (n - 1)} \sum_{i < j \in L_u^k} d(i, j)"
    reference = "Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005"
    choices: ClassVar = {"unknown items": "left out"}

    @property
    def required(self) -> tuple[str, ...]:
        """What it needs beyond lists and truth, with these options."""
        return (self.by,)

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import item_values

        side, items = self.side_of(hits), self.items_of(hits)
        if self.by == "categories":
            assert side.categories is not None  # noqa: S101  (a need that was checked)
            item_values.category_distance(items, side.categories.indptr, side.categories.codes, self.k, out)
            return
        assert side.vectors is not None  # noqa: S101
        unit = _unit(side.vectors)
        usable = np.isfinite(unit[:, 0])
        item_values.vector_distance(items, unit, usable, self.k, out)


def _unit(vectors: Float32Array) -> Float64Array:
    """Return the vectors scaled to length 1; NaN for vectors that are missing or 0."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    return np.asarray(wide / np.where(lengths > 0, lengths, np.nan))
