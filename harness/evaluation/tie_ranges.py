"""Users' values where scores tie: in the order that is asked for, and how far the order can move them."""

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

_ANY_RANK = 1 << 40  # of metrics without a cutoff
_RANGE: tuple[Ties, Ties, Ties] = ("worst", "expected", "best")


class TiedScores:
    """A block of users, and their values by one rule of ties or another.

    Parameters
    ----------
    hits
        As the lists have them.
    width
        Ranks of the lists that were looked at.
    deepest
        The largest cutoff of a metric.
    exact
        Whether the hits' ranks are among all candidates, rather than of the lists alone.
    """

    def __init__(self, hits: Hits, *, width: int, deepest: int, exact: bool) -> None:
        self.hits = hits
        self._exact = exact
        self._width = width
        self._deepest = deepest

    def write(self, metric: UserMetric, ties: Ties, out: Float64Array) -> None:
        """Write a metric's values by a rule, float64 ``(users,)``."""
        ties = rule_of(metric, ties, width=self._width, exact=self._exact)
        if isinstance(metric, AccuracyMetric) and ties == "expected":
            metric.expected(self._whole, out)
        elif ties in ("worst", "best"):
            metric.score(self._worst if ties == "worst" else self._best, out)
        else:
            metric.score(self.hits, out)
            self._mend_beyond(metric, out)

    def _mend_beyond(self, metric: UserMetric, out: Float64Array) -> None:
        """Write the values of users in whom a metric without a cutoff looks at more ranks than lists have."""
        if not isinstance(metric, AccuracyMetric) or metric.cutoff is not None or "target_ranks" in metric.needs:
            return
        far = self.hits.relevant > self._width
        if self._exact and far.any():
            told = np.empty_like(out)
            metric.expected(self._whole, told)
            out[far] = told[far]

    @functools.cached_property
    def _worst(self) -> Hits:
        return settled(self.hits, "worst", width=self._reach)

    @functools.cached_property
    def _best(self) -> Hits:
        return settled(self.hits, "best", width=self._reach)

    @functools.cached_property
    def _whole(self) -> Hits:
        """The hits of lists that hold all candidates."""
        ranks = self.hits.ranks
        return self.hits if ranks is None else replace(self.hits, lengths=ranks.candidates)

    @property
    def _reach(self) -> int:
        """How many ranks metrics look at; those without a cutoff look at as many as there are relevant items."""
        return max(self._deepest, int(self.hits.relevant.max(initial=1)))


def rule_of(metric: UserMetric, ties: Ties, *, width: int, exact: bool) -> Ties:
    """Return the rule that a metric is measured by where one is asked for.

    Lists do not tell of what lies beyond them: there the exact ranks do, in the mean over orders of ties.

    Parameters
    ----------
    metric
        Only metrics of accuracy follow a rule.
    ties
        What is asked for.
    width
        Ranks of the lists that are looked at.
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
        Those whose range is wanted.
    tied
        The block of users.
    values
        Label to the values that were measured, float64 ``(users,)``; those of users without ties stand.
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
