"""Compute per-user values under a rule for ties, and their range over all orders of ties."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.artifacts import Ties
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.intervals import Moments
from harness.metrics import AccuracyMetric, Hits, UserMetric
from harness.metrics.tie_bounds import settled, ties_within

_ANY_RANK = 1 << 40  # for metrics without a cutoff
_RANGE: tuple[Ties, Ties, Ties] = ("worst", "expected", "best")


class TiedScores:
    """Values of a block of users under different rules for ties.

    Parameters
    ----------
    hits
        Hits in the order of the lists.
    width
        Number of ranks of the lists that were looked at.
    deepest
        The largest cutoff of a metric.
    exact
        Whether the ranks are exact, among all candidates, rather than within the lists.
    """

    def __init__(self, hits: Hits, *, width: int, deepest: int, exact: bool) -> None:
        self._hits = hits
        self.exact = exact
        self.width = width
        self.deepest = deepest

    @property
    def hits(self) -> Hits:
        """The hits in the order of the lists."""
        return self._hits

    def write(self, metric: UserMetric, ties: Ties, out: Float64Array) -> None:
        """Write a metric's values under a rule, float64 ``(users,)``."""
        ties = rule_of(metric, ties, width=self.width, exact=self.exact)
        if isinstance(metric, AccuracyMetric) and ties == "expected":
            metric.expected(self.whole, out)
        elif ties in ("worst", "best"):
            metric.score(self.worst if ties == "worst" else self.best, out)
        else:
            metric.score(self.hits, out)
            self._mend_beyond(metric, out)

    def _mend_beyond(self, metric: UserMetric, out: Float64Array) -> None:
        """Write the values of users for whom a metric without a cutoff needs more ranks than the lists have."""
        if not isinstance(metric, AccuracyMetric) or metric.cutoff is not None or "target_ranks" in metric.needs:
            return
        far = self.hits.relevant > self.width
        if self.exact and far.any():
            expected = np.empty_like(out)
            metric.expected(self.whole, expected)
            out[far] = expected[far]

    @functools.cached_property
    def worst(self) -> Hits:
        """The hits if relevant items are ranked last among their ties."""
        return settled(self.hits, "worst", width=self.reach)

    @functools.cached_property
    def best(self) -> Hits:
        """The hits if relevant items are ranked first among their ties."""
        return settled(self.hits, "best", width=self.reach)

    @functools.cached_property
    def whole(self) -> Hits:
        """The hits of lists that hold all candidates."""
        ranks = self.hits.ranks
        return self.hits if ranks is None else replace(self.hits, lengths=ranks.candidates)

    @property
    def reach(self) -> int:
        """The largest rank that a metric looks at: its cutoff, or the largest number of relevant items of a user."""
        return max(self.deepest, int(self.hits.relevant.max(initial=1)))


def rule_of(metric: UserMetric, ties: Ties, *, width: int, exact: bool) -> Ties:
    """Return the rule for ties that a metric is computed with.

    Beyond the lists, values come from exact ranks, as means over orders of ties.

    Parameters
    ----------
    metric
        Metric; only accuracy metrics follow a rule.
    ties
        Requested rule.
    width
        Number of ranks of the lists that are looked at.
    exact
        Whether exact ranks are known.
    """
    if not isinstance(metric, AccuracyMetric):
        return "given"
    in_lists = not exact or metric.cutoff is None or metric.cutoff <= width
    return "expected" if ties in ("given", "trec_eval") and not in_lists else ties


def ranges_of(
    metrics: Sequence[AccuracyMetric], tied: TiedScores, values: Mapping[str, Float64Array], edges: Int64Array
) -> list[Float64Array]:
    """Return float64 ``(3, blocks)`` for each metric: sums of worst, expected and best values.

    Parameters
    ----------
    metrics
        Metrics whose range is computed.
    tied
        The block of users.
    values
        Label to the values, float64 ``(users,)``, which are kept for users without ties.
    edges
        int64 ``(blocks + 1,)``: where sums begin, and the number of users.
    """
    ranks = tied.hits.ranks
    if not metrics or ranks is None:
        return []
    users = ties_within(ranks, max(_ANY_RANK if metric.cutoff is None else metric.cutoff for metric in metrics))
    ranges = []
    for metric in metrics:
        sums = np.tile(Moments.of(values[metric.label], edges).sums, (3, 1))
        if users.any():
            for place, ties in enumerate(_RANGE):
                out = np.empty(len(users), dtype=np.float64)
                tied.write(metric, ties, out)
                sums[place] = Moments.of(np.where(users, out, values[metric.label]), edges).sums
        ranges.append(sums)
    return ranges
