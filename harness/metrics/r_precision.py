"""R-precision: precision at as many ranks as there are relevant items."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.expected_hits import write_expected_hits
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RPrecision(AccuracyMetric):
    r"""Share of the first |R| ranks that are relevant items, with |R| the number of relevant items.

    .. math:: \mathrm{r\_precision} = \frac{1}{|R|} \sum_{r=1}^{|R|} \mathrm{rel}_r

    It has no cutoff. Where |R| is larger than the length of the lists, the value is computed from exact ranks if they
    are known, as in the run of a model; otherwise ranks beyond the list are misses.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(1)
    >>> RPrecision().score(Hits.of([[True, False, True]], relevant=[2]), out)
    >>> out
    array([0.5])
    """

    name = "r_precision"
    additive = True
    formula = r"\frac{1}{|R|} \sum_{r=1}^{|R|} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.4"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.r_precision(hits.bits, hits.relevant, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        write_expected_hits(self.ranks_of(hits), hits.relevant, out)
        out /= hits.relevant
