"""F1: the harmonic mean of precision and recall."""

from __future__ import annotations

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.expected_hits import write_expected_hits
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class F1(AccuracyMetric):
    r"""Harmonic mean of precision and recall.

    .. math:: \mathrm{f1@}k = \frac{2 \sum_{r=1}^{k} \mathrm{rel}_r}{k + |R|}

    The harmonic mean is taken per user. The mean over users is not the harmonic mean of mean precision and mean recall.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.

    Examples
    --------
    One hit in two ranks, and four relevant items: precision 1/2, recall 1/4.

    >>> import numpy as np
    >>> out = np.empty(1)
    >>> F1(k=2).score(Hits.of([[False, True]], relevant=[4]), out)
    >>> out.round(3)
    array([0.333])
    """

    k: int = 10

    name = "f1"
    additive = True
    formula = r"\frac{2}{k + |R|} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.3"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.f1(hits.bits, hits.relevant, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        write_expected_hits(self.ranks_of(hits), self.k, out)
        out *= 2.0 / (hits.relevant.astype(np.float64) + self.k)
