"""Per-user metrics over blocks of users, many blocks at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts.arrays import Float64Array, Int64Array
from harness.errors import HarnessError
from harness.evaluation.blocks import parts
from harness.execution import map_shards
from harness.intervals import Moments
from harness.metrics import Lists, UserMetric
from harness.metrics.finding import Relevant, find
from harness.metrics.finding_kernels import (
    EMPTY_LISTS,
    N_COUNTS,
    REPEATED_ITEMS,
    REPEATED_RELEVANT,
    SHORT_LISTS,
    UNKNOWN_ITEMS,
)


@dataclass(frozen=True, eq=False)
class UserScores:
    """Values by label, float64 ``(users,)`` each, their moments, and what was counted on the way."""

    values: Mapping[str, Float64Array]
    moments: Mapping[str, Moments]
    counts: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class _Part:
    counts: Int64Array
    moments: list[Moments]
    values: Float64Array | None


def score_users(
    metrics: Sequence[UserMetric], lists: Lists, relevant: Relevant, *, bounds: Int64Array, depth: int
) -> UserScores:
    """Return each user's values.

    Parameters
    ----------
    metrics
        The metrics that have a value a user; with none, the lists are counted alone.
    lists
        The lists of the users that count, of whom there may be none.
    relevant
        What is relevant to them.
    bounds
        int64 ``(blocks + 1,)``: the first user of each block whose moments are taken, and ``users``.
    depth
        Ranks to look at, the largest cutoff.

    Raises
    ------
    HarnessError
        A metric gave a value that is no number, or one that claims to be binary another than 0 and 1.
    """
    width = min(depth, lists.items.shape[1])
    values = np.empty((len(metrics), lists.n_users), dtype=np.float64)
    # Threads write into place; processes send their part back.
    shared = lists.parallel.backend == "threading"

    def score(start: int, stop: int, out: Float64Array) -> Int64Array:
        if start == stop:  # nobody in it counts, for which a metric need not be ready
            return np.zeros(N_COUNTS, dtype=np.int64)
        found = find(lists, relevant, width=width, start=start, stop=stop)
        for metric, row in zip(metrics, out, strict=True):
            metric.score(found.hits, row)
        return found.counts

    def score_part(blocks: tuple[int, int]) -> _Part:
        edges = bounds[blocks[0] : blocks[1] + 1]
        start, stop = int(edges[0]), int(edges[-1])
        out = values[:, start:stop] if shared else np.empty((len(metrics), stop - start))
        counts = score(start, stop, out)
        moments = [_moments(metric, row, edges - start) for metric, row in zip(metrics, out, strict=True)]
        return _Part(counts, moments, None if shared else out)

    shards = parts(len(bounds) - 1)
    if len(shards) > 1 and lists.n_users > 0:
        score(0, 1, values[:, :1])  # compiled once, before the threads ask for it
    scored = map_shards(score_part, shards, parallel=lists.parallel)
    for (first, last), part in zip(shards, scored, strict=True):
        if part.values is not None:
            values[:, bounds[first] : bounds[last]] = part.values
    counts = np.sum([part.counts for part in scored], axis=0)
    if width < depth:
        counts[SHORT_LISTS] = lists.n_users - counts[EMPTY_LISTS]
    return UserScores(
        {metric.label: row for metric, row in zip(metrics, values, strict=True)},
        {
            metric.label: Moments.joined([part.moments[place] for part in scored])
            for place, metric in enumerate(metrics)
        },
        {
            "users_without_predictions": int(counts[EMPTY_LISTS]),
            "short_lists": int(counts[SHORT_LISTS]),
            "repeated_items": int(counts[REPEATED_ITEMS]),
            "unknown_items": int(counts[UNKNOWN_ITEMS]),
            "repeated_relevant": int(counts[REPEATED_RELEVANT]),
        },
    )


def _moments(metric: UserMetric, values: Float64Array, edges: Int64Array) -> Moments:
    with np.errstate(invalid="ignore", over="ignore"):
        moments = Moments.of(values, edges)
        total = float(moments.sums.sum())
    # The values themselves need be looked at only then; finite ones may have an infinite sum.
    if not math.isfinite(total) and not np.isfinite(values).all():
        raise HarnessError(f"the metric {metric.label} gave a value that is no number. Each user needs one.")
    if metric.binary and not ((values == 0.0) | (values == 1.0)).all():
        raise HarnessError(
            f"the metric {metric.label} states that it is binary, and gave a value other than 0 and 1. "
            "Leave `binary` out of its class for an interval of a mean."
        )
    return moments
