"""Rank-biased precision."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import WORD, Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RBP(AccuracyMetric):
    r"""Rank-biased precision: hits, weighted by the chance p of looking at each next rank.

    .. math:: \mathrm{rbp@}k = (1 - p) \sum_{r=1}^{k} \mathrm{rel}_r \, p^{r-1}

    A list of k hits has the value :math:`1 - p^k`, since ranks beyond k do not count.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    p
        Chance that a user looks at the next rank, above 0 and below 1.

    Examples
    --------
    >>> out = np.empty(1)
    >>> RBP(k=3, p=0.5).score(Hits.of([[True, False, True]], relevant=[3]), out)
    >>> out
    array([0.625])
    """

    k: int = 10
    p: float = 0.8

    name = "rbp"
    additive = True
    formula = r"(1 - p) \sum_{r=1}^{k} \mathrm{rel}_r \, p^{r-1}"
    reference = "Moffat and Zobel, Rank-biased precision for measurement of retrieval effectiveness, TOIS 27 (2008)"

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if not 0.0 < self.p < 1.0:
            raise ValueError(f"p is {self.p}; use a number above 0 and below 1, such as 0.8")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.gain(hits.bits, self._weights(hits.bits.shape[1] * WORD), self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        sums = np.concatenate([[0.0], np.cumsum(self._weights(int(ranks.candidates.max(initial=1))))])
        tie_expectations.expected_gain(ranks.indptr, ranks.above, ranks.tied, np.empty(0), sums, out)

    def _weights(self, most: int) -> Float64Array:
        return (1.0 - self.p) * np.power(self.p, np.arange(min(self.k, most)), dtype=np.float64)
