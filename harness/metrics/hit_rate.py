"""Hit rate: whether a list finds any relevant item."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class HitRate(AccuracyMetric):
    r"""1 if any relevant item is in the first k ranks, else 0.

    .. math:: \mathrm{hit\_rate@}k = \mathbb{1}\Big[\sum_{r=1}^{k} \mathrm{rel}_r > 0\Big]

    The mean over users is a proportion, so that its interval is Wilson's.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    >>> HitRate(k=1).label
    'hit_rate@1'
    """

    k: int = 10

    name = "hit_rate"
    binary = True
    formula = r"\mathbb{1}\left[\sum_{r=1}^{k} \mathrm{rel}_r > 0\right]"
    reference = "Deshpande and Karypis, Item-based top-N recommendation algorithms, TOIS 22 (2004), section 5.1"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.hit_rate(hits.bits, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the chance of a hit in a random order of ties."""
        from harness.metrics.kernels import tie_expectations

        ranks = self.ranks_of(hits)
        tie_expectations.expected_any(ranks.indptr, ranks.above, ranks.tied, self.k, out)
