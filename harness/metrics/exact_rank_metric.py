"""Base class of the metrics that are computed from exact ranks among all candidates.

These metrics look beyond the recommended lists. They need ``target_ranks``, which the run of a model records: for each
relevant item, how many candidates have a higher score and how many others have the same score. Where scores tie, the
value is the mean over all orders of the tied candidates. A relevant item that was not a candidate (already seen, or
not allowed) is ranked behind all candidates.
"""

from __future__ import annotations

from typing import ClassVar

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.metrics.metric import AccuracyMetric
from harness.metrics.metric_inputs import Hits


class ExactRankMetric(AccuracyMetric):
    """A per-user metric of the exact ranks of the relevant items."""

    needs = ("target_ranks",)
    choices: ClassVar = {"ties": "expected", "no candidate": "behind all candidates"}

    def expected(self, hits: Hits, out: Float64Array) -> None:
        """Write the same values as ``score``, which averages over ties already."""
        self.score(hits, out)

    def rank_arrays(self, hits: Hits) -> tuple[Int64Array, Int32Array, Int32Array, Int32Array]:
        """Return ``indptr``, ``above``, ``tied`` and ``candidates``, the arguments of the kernels."""
        ranks = self.ranks_of(hits)
        return ranks.indptr, ranks.above, ranks.tied, ranks.candidates
