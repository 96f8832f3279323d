"""Calibration: how far the categories of a list are from those of the user's history."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.listed_metric import ListedMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Calibration(ListedMetric):
    r"""Divergence between the categories of the user's history and those of the list.

    .. math:: \mathrm{calibration@}k = \sum_c p_c \log \frac{p_c}{(1 - \alpha)\, q_c + \alpha\, p_c}

    with p the shares of the categories in the history, and q those in the list. An item with several categories counts
    for each in equal parts. Items without categories do not count. The value is 0 for a history without categories, and
    the largest possible value, :math:`\log(1/\alpha)` or 1, for a list without categories.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    divergence
        ``kl``: Kullback-Leibler divergence, as above, in nats. ``js``: Jensen-Shannon divergence, in bits; it is
        symmetric, and at most 1.
    alpha
        Share of p that is mixed into q, above 0 and below 1, so that ``kl`` stays finite.

    Examples
    --------
    A history of dramas, and a list of comedies:

    >>> import numpy as np
    >>> from harness.artifacts import Categories, History, SideInformation
    >>> history = History(np.array([0, 1]), np.array([0], np.int32), 2)
    >>> side = SideInformation(history=history, categories=Categories.of([("drama",), ("comedy",)]))
    >>> items, rows = np.array([[1]], np.int32), np.array([0])
    >>> hits, out = Hits.of([[False]], relevant=[1], items=items, side=side, rows=rows), np.empty(1)
    >>> Calibration(k=1, divergence="js").score(hits, out)
    >>> out
    array([1.])
    """

    k: int = 10
    divergence: Literal["kl", "js"] = "kl"
    alpha: float = 0.01

    name = "calibration"
    family = "calibration"
    higher_is_better = False
    upper = math.inf
    needs = ("history", "categories")
    formula = r"\sum_c p_c \log \frac{p_c}{(1 - \alpha)\, q_c + \alpha\, p_c}"
    reference = "Steck, Calibrated recommendations, RecSys 2018"
    choices: ClassVar = {"weights": "equal over items", "unknown items": "left out"}

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if not 0.0 < self.alpha < 1.0:
            raise ValueError(f"alpha is {self.alpha}; use a share above 0 and below 1, such as 0.01")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import item_values

        side = self.side_of(hits)
        history, categories = side.history, side.categories
        assert history is not None  # noqa: S101  (needs that were checked)
        assert categories is not None  # noqa: S101
        assert hits.rows is not None  # noqa: S101
        item_values.divergence(
            self.items_of(hits),
            self.k,
            history.indptr,
            history.items,
            hits.rows,
            categories.indptr,
            categories.codes,
            len(categories.names),
            self.alpha,
            int(self.divergence == "js"),
            out,
        )
