"""Recall: the share of the relevant items that a list finds."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.expected_hits import capped, write_expected_hits
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits

_NO_LIMIT = 1 << 62  # more items than any catalogue has


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Recall(AccuracyMetric):
    r"""Share of the relevant items that are in the first k ranks.

    .. math:: \mathrm{recall@}k = \frac{\sum_{r=1}^{k} \mathrm{rel}_r}{|R|}

    With more than k relevant items the value stays below 1, except with ``denominator="min_k"``.

    Parameters
    ----------
    k
        Number of ranks to look at, 1 or more.
    denominator
        ``relevant``: the number of relevant items. ``min_k``: the same, but at most k, so that 1 can always be reached;
        as in LensKit and in the evaluation of Mult-VAE.

    Examples
    --------
    >>> Recall(k=5).label
    'recall@5'
    >>> Recall(k=5, denominator="min_k").label
    'recall[denominator=min_k]@5'
    """

    k: int = 10
    denominator: Literal["relevant", "min_k"] = "relevant"

    name = "recall"
    additive = True
    formula = r"\frac{1}{|R|} \sum_{r=1}^{k} \mathrm{rel}_r"
    reference = "Manning, Raghavan and Schuetze, Introduction to Information Retrieval (2008), section 8.3"

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        from harness.metrics.kernels import hit_values

        hit_values.share(hits.bits, hits.relevant, self._most, self.k, out)

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's mean value over all orders of ties."""
        write_expected_hits(self.ranks_of(hits), self.k, out)
        out /= capped(hits.relevant, self._most)

    @property
    def _most(self) -> int:
        """The largest denominator."""
        return self.k if self.denominator == "min_k" else _NO_LIMIT
