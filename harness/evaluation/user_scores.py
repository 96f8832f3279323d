"""Compute the value of each user and metric, block by block of users."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts import DEFAULT_RULES, Rules
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.errors import HarnessError
from harness.evaluation.hit_contributions import HitContributions, hit_contributions, joined, no_contributions
from harness.evaluation.tie_ranges import TiedScores, ranges_of, rule_of
from harness.evaluation.user_blocks import parts
from harness.execution import map_shards
from harness.intervals import Moments
from harness.metrics import AccuracyMetric, Lists, UserMetric
from harness.metrics.hits import find_hits
from harness.metrics.kernels.hit_search import (
    EMPTY_LISTS,
    N_COUNTS,
    REPEATED_ITEMS,
    REPEATED_RELEVANT,
    SHORT_LISTS,
)
from harness.metrics.metric_inputs import RelevantItems
from harness.metrics.tie_bounds import with_listed_ranks


@dataclass(frozen=True, eq=False)
class UserScores:
    """Per-user values and what is derived from them, by label.

    Parameters
    ----------
    values
        float64 ``(users,)`` each.
    moments
        Of these.
    ties
        float64 ``(3, blocks)`` each: sums of the values with all ties settled against the relevant items, in the
        mean, and for them; for accuracy metrics, where exact ranks or the lists' scores are known.
    denominators
        Sums of what metrics with one denominator for all users divide by.
    counts
        Counts, as in ``MetricTable``.
    contributions
        What each relevant item contributes; None if that was not asked for.
    """

    values: Mapping[str, Float64Array]
    moments: Mapping[str, Moments]
    ties: Mapping[str, Float64Array]
    denominators: Mapping[str, float]
    counts: Mapping[str, int]
    contributions: HitContributions | None


@dataclass(frozen=True, eq=False)
class _PartScores:
    counts: Int64Array
    moments: list[Moments]
    ties: list[Float64Array]
    denominators: list[float]
    values: Float64Array
    contributions: HitContributions | None


def score_users(
    metrics: Sequence[UserMetric],
    lists: Lists,
    relevant: RelevantItems,
    *,
    bounds: Int64Array,
    depth: int,
    rules: Rules = DEFAULT_RULES,
    by_item: bool = False,
) -> UserScores:
    """Return each user's values.

    Parameters
    ----------
    metrics
        Per-user metrics; without any, only the counts are computed.
    lists
        Lists of the users that count; there may be none.
    relevant
        Their relevant items.
    bounds
        int64 ``(blocks + 1,)``: the first user of each block whose moments are taken, and ``users``.
    depth
        Number of ranks to look at: the largest cutoff of a metric of the lists.
    rules
        Rules that hold for all metrics.
    by_item
        Whether to compute what each relevant item contributes to the values, too.

    Raises
    ------
    HarnessError
        A metric gave a value that is not a number, or a metric declared binary gave a value other than 0 and 1.
    """
    width = min(depth, lists.items.shape[1])
    exact = relevant.ranks is not None
    by_scores = not exact and lists.scores is not None
    targets = frozenset({"targets"} if by_scores or by_item else ())
    reads: frozenset[str] = targets.union(*(metric.reads for metric in metrics))
    deepest = max((metric.cutoff or 1 for metric in metrics), default=1)
    pooled = [metric for metric in metrics if metric.pooled]
    ranged = [
        metric for metric in metrics if isinstance(metric, AccuracyMetric) and metric.rises and (exact or by_scores)
    ]
    values = np.empty((len(metrics), lists.n_users), dtype=np.float64)
    # Threads write into a shared array; processes return their part.
    shared = lists.parallel.backend == "threading"

    def score(edges: Int64Array, out: Float64Array) -> _PartScores:
        start, stop = int(edges[0]), int(edges[-1])
        blocks = edges - start
        if start == stop:  # no user counts; metrics need not support empty input
            nothing = Moments.of(np.empty(0), blocks)
            empty = [np.zeros((3, len(blocks) - 1)) for _ in ranged]
            counts = np.zeros(N_COUNTS, dtype=np.int64)
            by_hit = no_contributions(metrics) if by_item else None
            return _PartScores(counts, [nothing for _ in metrics], empty, [0.0 for _ in pooled], out, by_hit)
        found = find_hits(lists, relevant, width=width, start=start, stop=stop, reads=reads)
        hits = with_listed_ranks(found.hits, lists, start=start) if by_scores else found.hits
        tied = TiedScores(hits, width=width, deepest=deepest, exact=exact)
        for metric, row in zip(metrics, out, strict=True):
            tied.write(metric, rules.ties, row)
        moments = [
            _moments(metric, row, blocks, chances=rule_of(metric, rules.ties, width=width, exact=exact) == "expected")
            for metric, row in zip(metrics, out, strict=True)
        ]
        rows = {metric.label: row for metric, row in zip(metrics, out, strict=True)}
        ties = ranges_of(ranged, tied, rows, blocks)
        by_hit = hit_contributions(metrics, tied, rows, ties=rules.ties) if by_item else None
        return _PartScores(found.counts, moments, ties, [_denominator(metric, tied) for metric in pooled], out, by_hit)

    def score_part(blocks: tuple[int, int]) -> _PartScores:
        edges = bounds[blocks[0] : blocks[1] + 1]
        start, stop = int(edges[0]), int(edges[-1])
        return score(edges, values[:, start:stop] if shared else np.empty((len(metrics), stop - start)))

    shards = parts(len(bounds) - 1)
    if len(shards) > 1 and lists.n_users > 0:
        score(np.array([0, 1]), values[:, :1])  # compile once, before several threads need the code
    scored = map_shards(score_part, shards, parallel=lists.parallel)
    for (first, last), part in zip(shards, scored, strict=True):
        if not shared:
            values[:, bounds[first] : bounds[last]] = part.values
    counts = np.sum([part.counts for part in scored], axis=0)
    if width < depth:
        counts[SHORT_LISTS] = lists.n_users - counts[EMPTY_LISTS]
    return UserScores(
        values={metric.label: row for metric, row in zip(metrics, values, strict=True)},
        moments={
            metric.label: Moments.joined([part.moments[place] for part in scored])
            for place, metric in enumerate(metrics)
        },
        ties={
            metric.label: np.concatenate([part.ties[place] for part in scored], axis=1)
            for place, metric in enumerate(ranged)
        },
        # Sums of whole numbers, which are exact.
        denominators={
            metric.label: sum(part.denominators[place] for part in scored) for place, metric in enumerate(pooled)
        },
        counts={
            "users_without_predictions": int(counts[EMPTY_LISTS]),
            "short_lists": int(counts[SHORT_LISTS]),
            "repeated_items": int(counts[REPEATED_ITEMS]),
            "repeated_relevant": int(counts[REPEATED_RELEVANT]),
        },
        contributions=_contributions(scored, [int(bounds[first]) for first, _ in shards]),
    )


def _contributions(scored: Sequence[_PartScores], starts: Sequence[int]) -> HitContributions | None:
    parts_of = [part.contributions for part in scored if part.contributions is not None]
    return joined(parts_of, starts) if parts_of else None


def _denominator(metric: UserMetric, tied: TiedScores) -> float:
    out = np.empty(tied.hits.n_users, dtype=np.float64)
    metric.denominators(tied.hits, out)
    return float(out.sum())


def _moments(metric: UserMetric, values: Float64Array, edges: Int64Array, *, chances: bool) -> Moments:
    with np.errstate(invalid="ignore", over="ignore"):
        moments = Moments.of(values, edges)
        total = float(moments.sums.sum())
    # Only then check the values themselves: finite values may have an infinite sum.
    if not math.isfinite(total) and not np.isfinite(values).all():
        raise HarnessError(f"the metric {metric.label} gave a value that is not a number. Each user needs a number.")
    if metric.binary and not chances and not ((values == 0.0) | (values == 1.0)).all():
        raise HarnessError(
            f"the metric {metric.label} states that it is binary, and gave a value other than 0 and 1. "
            "Leave `binary` out of its class for an interval of a mean."
        )
    return moments
