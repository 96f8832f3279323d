"""Novelty: the mean self-information of the recommended items."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric_inputs import Hits
from harness.metrics.novelty_metric import NoveltyMetric


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Novelty(NoveltyMetric):
    r"""Mean self-information of the recommended items, in bits.

    .. math:: \mathrm{novelty@}k = \frac{1}{|L_u^k|} \sum_{i \in L_u^k} -\log_2 \frac{n_i}{|U|}

    with :math:`n_i` the number of users, out of :math:`|U|`, who had item i before, but at least 1.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    One of eight users had the first item, four had the second: 3 bits and 1.

    >>> from harness.artifacts import SideInformation
    >>> side = SideInformation(popularity=np.array([1, 4]), n_users=8)
    >>> hits = Hits.of([[False, False]], relevant=[1], items=np.array([[0, 1]], np.int32), side=side)
    >>> out = np.empty(1)
    >>> Novelty(k=2).score(hits, out)
    >>> out
    array([2.])
    """

    k: int = 10

    name = "novelty"
    upper = math.inf
    formula = r"\frac{1}{|L_u^k|} \sum_{i \in L_u^k} -\log_2 \frac{\max(n_i, 1)}{|U|}"
    reference = "Zhou et al., Solving the apparent diversity-accuracy dilemma, PNAS 107 (2010)"
    choices: ClassVar = {"popularity": "users before", "empty lists": 0}

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        shares = np.maximum(self.popularity_of(hits), 1) / (self.side_of(hits).n_users or 1)
        # An item that no user had counts as if one had, which may be more than there are users.
        self.write_mean(hits, np.maximum(-np.log2(shares), 0.0), self.k, out)
