"""Reciprocal rank of the first hit, whose mean over users is MRR."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MRR(AccuracyMetric):
    r"""Reciprocal rank of the first hit, 0 without a hit in the first k ranks; its mean over users is MRR.

    .. math:: \mathrm{mrr@}k = \max_{r \le k} \frac{\mathrm{rel}_r}{r}

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(1)
    >>> MRR(k=3).score(Hits.of([[False, True, True]], relevant=[3]), out)
    >>> out
    array([0.5])
    """

    k: int = 10

    name = "mrr"
    formula = r"\max_{r \le k} \frac{\mathrm{rel}_r}{r}"
    reference = "Voorhees, The TREC-8 question answering track report, TREC 1999"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.reciprocal_rank(hits.bits, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_first(ranks.indptr, ranks.above, ranks.tied, self.k, out)
