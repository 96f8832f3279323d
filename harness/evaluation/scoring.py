"""Per-user metrics over blocks of users, many blocks at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.artifacts.arrays import Float64Array, Int64Array
from harness.evaluation.blocks import user_blocks
from harness.execution import map_shards
from harness.metrics import Lists, UserMetric
from harness.metrics.finding import Relevant, find
from harness.metrics.hit_kernels import EMPTY_LISTS, REPEATED_ITEMS, REPEATED_RELEVANT, SHORT_LISTS, UNKNOWN_ITEMS


@dataclass(frozen=True, eq=False)
class UserScores:
    """Values by label, float64 ``(users,)`` each, and what was counted on the way."""

    values: Mapping[str, Float64Array]
    counts: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class _Block:
    counts: Int64Array
    values: Float64Array | None


def score_users(metrics: Sequence[UserMetric], lists: Lists, relevant: Relevant, *, depth: int) -> UserScores:
    """Return each user's values.

    Parameters
    ----------
    metrics
        The metrics that have a value a user; with none, the lists are counted alone.
    lists
        The lists of the users that count.
    relevant
        What is relevant to them.
    depth
        Ranks to look at, the largest cutoff.
    """
    width = min(depth, lists.items.shape[1])
    values = np.empty((len(metrics), lists.n_users), dtype=np.float64)
    # Threads write into place; processes send their block back.
    shared = lists.parallel.backend == "threading"

    def score(bounds: tuple[int, int]) -> _Block:
        start, stop = bounds
        found = find(lists, relevant, width=width, start=start, stop=stop)
        block = values[:, start:stop] if shared else np.empty((len(metrics), stop - start))
        for metric, out in zip(metrics, block, strict=True):
            metric.score(found.hits, out)
        return _Block(found.counts, None if shared else block)

    shards = user_blocks(lists.n_users)
    if len(shards) > 1:
        score((0, 1))  # compiled once, before the threads ask for it
    blocks = map_shards(score, shards, parallel=lists.parallel)
    for (start, stop), block in zip(shards, blocks, strict=True):
        if block.values is not None:
            values[:, start:stop] = block.values
    counts = np.sum([block.counts for block in blocks], axis=0)
    if width < depth:
        counts[SHORT_LISTS] = lists.n_users - counts[EMPTY_LISTS]
    return UserScores(
        {metric.label: row for metric, row in zip(metrics, values, strict=True)},
        {
            "users_without_predictions": int(counts[EMPTY_LISTS]),
            "short_lists": int(counts[SHORT_LISTS]),
            "repeated_items": int(counts[REPEATED_ITEMS]),
            "unknown_items": int(counts[UNKNOWN_ITEMS]),
            "repeated_relevant": int(counts[REPEATED_RELEVANT]),
        },
    )
