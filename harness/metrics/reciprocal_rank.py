"""Reciprocal rank of the first relevant item among all candidates."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.exact_rank_metric import ExactRankMetric
from harness.metrics.metric_inputs import Hits

_NO_CUTOFF = 1 << 40  # more ranks than any catalogue has


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ReciprocalRank(ExactRankMetric):
    r"""Reciprocal rank of the first relevant item among all candidates, which is mrr without a cutoff.

    .. math:: \mathrm{reciprocal\_rank} = \max_{i \in R} \frac{1}{r_i}

    with :math:`r_i` the rank of item i. The value is 0 if no relevant item was a candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from harness.metrics import Ranks
    >>> ranks = Ranks(np.array([0, 2]), np.array([0, 4], np.int32), np.array([0, 1], np.int32), np.array([9], np.int32))
    >>> hits, out = Hits.of([[True, False]], relevant=[2], ranks=ranks), np.empty(1)
    >>> ReciprocalRank().score(hits, out)
    >>> out
    array([1.])
    """

    name = "reciprocal_rank"
    formula = r"\max_{i \in R} \frac{1}{r_i}"
    reference = "Voorhees, The TREC-8 question answering track report, TREC 1999"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_first(ranks.indptr, ranks.above, ranks.tied, _NO_CUTOFF, out)
