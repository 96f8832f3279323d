"""Mean rank of the relevant items among all candidates."""

from __future__ import annotations

import math

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.exact_rank_metric import ExactRankMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MeanRank(ExactRankMetric):
    r"""Mean rank of the relevant items among all candidates, 1 for the best.

    .. math:: \mathrm{mean\_rank} = \frac{1}{|R|} \sum_{i \in R} \Big(a_i + \frac{t_i}{2} + 1\Big)

    with :math:`a_i` candidates above item i and :math:`t_i` others that tie with it. Other relevant items
    count among the candidates, so that only a user with one relevant item can have the value 1.

    Examples
    --------
    One item at rank 1, and one at rank 5 or 6, depending on how its tie is broken:

    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> MeanRank().score(hits, out)
    >>> out
    array([3.25])
    """

    name = "mean_rank"
    higher_is_better = False
    lower = 1.0
    upper = math.inf
    formula = r"\frac{1}{|R|} \sum_{i \in R} \left(a_i + \frac{t_i}{2} + 1\right)"
    reference = "Bordes et al., Translating embeddings for modeling multi-relational data, NIPS 2013, section 4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import rank_values

        rank_values.mean_rank(*self.rank_arrays(hits), out)
