"""Mean percentile rank of the relevant items among all candidates."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.exact_rank_metric import ExactRankMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MeanPercentileRank(ExactRankMetric):
    r"""Mean percentile of the relevant items among all candidates: 0 for the best, 1 for the last.

    .. math:: \mathrm{mean\_percentile\_rank} = \frac{1}{|R|} \sum_{i \in R} \frac{a_i + t_i / 2}{n - 1}

    with :math:`a_i` candidates above item i, :math:`t_i` others that tie with it, and n candidates. A random
    scorer has 0.5. The value is 0 if there is only one candidate.

    Examples
    --------
    Of nine candidates, one item at rank 1, and one at rank 5 or 6, depending on how its tie is broken:

    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> MeanPercentileRank().score(hits, out)
    >>> out.round(3)
    array([0.281])
    """

    name = "mean_percentile_rank"
    higher_is_better = False
    formula = r"\frac{1}{|R|} \sum_{i \in R} \frac{a_i + t_i / 2}{n - 1}"
    reference = "Hu, Koren and Volinsky, Collaborative filtering for implicit feedback datasets, ICDM 2008, section 5.2"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import rank_values

        rank_values.mean_percentile(*self.rank_arrays(hits), out)
