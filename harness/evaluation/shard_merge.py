"""Merge the scores of all shards into one table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import DEFAULT_RULES, MetricTable, MetricValue, Rules, TieRange, Ties
from harness.artifacts.array_types import Float64Array, IdArray
from harness.errors import HarnessError
from harness.evaluation import user_blocks
from harness.evaluation.alignment import check_alike, nobody_counts
from harness.evaluation.arguments import check_level, expanded_metrics
from harness.evaluation.hit_contributions import HitContributions, joined
from harness.evaluation.shard_scores import ShardScores
from harness.evaluation.tie_ranges import rule_of
from harness.execution import Parallel
from harness.intervals import Moments
from harness.metrics import Estimate, ListMetric, ListState, Metric, UserMetric

_SAME_METRICS = "Evaluate all shards with the same metrics."


def merge_shards(
    shards: Iterable[ShardScores],
    *,
    metrics: Sequence[Metric],
    rules: Rules = DEFAULT_RULES,
    confidence: float = 0.95,
    parallel: Parallel | None = None,
) -> MetricTable:
    """Return the table of a run from its shards, equal to that of ``harness.evaluate`` for all users, to the bit.

    Shards are processed one by one, so that an iterator can read each from its file. One number per user and metric is
    held until the end, and the states of the metrics over all lists: one bit per item for coverage, the distinct lists
    for diversity.

    Parameters
    ----------
    shards
        Shards in the order of the users. Each except the last has a multiple of ``USER_BLOCK`` rows.
    metrics
        The metrics of the shards, or some of them, in the order of the table.
    rules
        The rules of the shards.
    confidence
        Level of the intervals, in (0, 1).
    parallel
        Backend and number of workers, for metrics over all lists. Results do not depend on it.

    Raises
    ------
    HarnessError
        A shard has a wrong number of rows, lacks a metric, or was scored with other arguments than the first; or no
        user of any shard has a relevant item.

    Examples
    --------
    >>> from harness.artifacts import TopK, Truth
    >>> from harness.evaluation import score_shard
    >>> from harness.metrics import Recall
    >>> users = [(TopK(np.array([[4], [1]])), Truth.from_lists([[4], [2]]))]
    >>> shards = (score_shard(topk, truth, metrics=[Recall(k=1)]) for topk, truth in users)
    >>> merge_shards(shards, metrics=[Recall(k=1)])["recall@1"].value
    0.5
    """
    check_level(confidence)
    merge = ShardMerge(expanded_metrics(metrics), {}, rules)
    for shard in shards:
        merge.add(shard)
        del shard  # free it before the next shard is read
    return merge.table(confidence, Parallel() if parallel is None else parallel)


class ShardMerge:
    """The merged shards so far.

    ``over_lists`` holds the values of metrics over all lists that are known without a merge, by label.
    """

    def __init__(self, metrics: Sequence[Metric], over_lists: Mapping[str, float | Estimate], rules: Rules) -> None:
        self._metrics = metrics
        self._rules = rules
        self._ties: dict[str, list[Float64Array]] = {}
        self._denominators: Counter[str] = Counter()
        self._over_lists = over_lists
        self._values: dict[str, list[Float64Array]] = {}
        self._moments: dict[str, list[Moments]] = {}
        for metric in metrics:
            if isinstance(metric, UserMetric):
                self._values[metric.label], self._moments[metric.label] = [], []
        self._merged = [m for m in metrics if isinstance(m, ListMetric) and m.label not in over_lists]
        self._states: dict[str, Sequence[ListState]] = {metric.label: [] for metric in self._merged}
        self._users: list[IdArray] = []
        self._contributions: list[HitContributions] = []
        self._starts: list[int] = []  # position of the first user of each shard
        self._counts: Counter[str] = Counter()
        self._rows = 0
        self._shards = 0
        self._first: dict[str, Any] = {}

    def add(self, shard: ShardScores) -> None:
        """Add the next shard, in the order of the users."""
        self._check(shard)
        for label, parts in self._values.items():
            parts.append(shard.values[label])
            self._moments[label].append(shard.moments[label])
        for label, sums in shard.ties.items():
            self._ties.setdefault(label, []).append(sums)
        self._denominators.update(shard.denominators)
        for metric in self._merged:
            self._states[metric.label] = metric.folded([*self._states[metric.label], shard.states[metric.label]])
        if shard.contributions is not None:
            self._contributions.append(shard.contributions)
            self._starts.append(sum(len(users) for users in self._users))
        self._users.append(shard.rows + self._rows if shard.users is None else shard.users)
        self._counts.update(shard.counts)
        self._rows += shard.n_rows
        self._shards += 1

    def table(self, confidence: float, parallel: Parallel) -> MetricTable:
        """Return the table of all shards."""
        if not any(len(users) for users in self._users):
            raise nobody_counts()
        values = []
        for metric in self._metrics:
            if isinstance(metric, UserMetric):
                moments = Moments.joined(self._moments[metric.label]).scaled(self._scale(metric))
                empty = _value(metric, math.nan)
                found = moments.interval(confidence=confidence, in_unit_interval=empty.in_unit_interval)
                spread: dict[str, Any] = {
                    "std": found.std,
                    "ci_low": found.low,
                    "ci_high": found.high,
                    "n_users": found.n,
                }
                variant = metric.variant | self._variant_of_ties(metric)
                ties = self._range(metric, found.n)
                values.append(replace(empty, value=found.mean, variant=variant, ties=ties, **spread))
            elif isinstance(metric, ListMetric) and metric.label in self._over_lists:
                values.append(_of_lists(metric, self._over_lists[metric.label], confidence))
            elif isinstance(metric, ListMetric):
                states = self._states.pop(metric.label)
                values.append(_of_lists(metric, metric.merged(states, parallel=parallel), confidence))
        contributions = None
        if self._contributions:
            scales = {metric.label: self._scale(metric) for metric in self._metrics if isinstance(metric, UserMetric)}
            contributions = joined(self._contributions, self._starts).scaled(scales).of_items()
        return MetricTable(
            values=tuple(values),
            # Popped, so that the parts of one metric are freed before those of the next are joined.
            user_values={
                metric.label: _scaled(_joined(self._values.pop(metric.label)), self._scale(metric))
                for metric in self._metrics
                if isinstance(metric, UserMetric)
            },
            users=_joined(self._users),
            confidence=confidence,
            counts=dict(self._counts),
            contributions=contributions,
        )

    def _scale(self, metric: UserMetric) -> float:
        """Return the factor of a metric's scores: 1, except for a common denominator of all users."""
        if not metric.pooled:
            return 1.0
        whole = self._denominators[metric.label]
        return sum(len(users) for users in self._users) / whole if whole else 0.0

    def _range(self, metric: UserMetric, n: int) -> TieRange | None:
        if metric.label not in self._ties:
            return None
        sums = np.concatenate(self._ties[metric.label], axis=1)
        worst, expected, best = (math.fsum(row) * self._scale(metric) / n for row in sums.tolist())
        return TieRange(worst, expected, best)

    def _rule_of(self, metric: UserMetric) -> Ties:
        """Return the tie rule for a metric."""
        # Only with exact ranks can cutoffs be deeper than the ranks that were looked at.
        return rule_of(metric, self._rules.ties, width=self._first["depth"], exact=True)

    def _variant_of_ties(self, metric: UserMetric) -> dict[str, str]:
        """Return the tie rule, unless it is the order of the lists."""
        ties = self._rule_of(metric)
        return {} if ties == "given" or "ties" in metric.variant else {"ties": ties}

    def _check(self, shard: ShardScores) -> None:
        if self._rows % user_blocks.USER_BLOCK:
            raise HarnessError(
                f"shard {self._shards} follows {self._rows} rows. Cut the users at multiples of "
                f"harness.evaluation.USER_BLOCK, which is {user_blocks.USER_BLOCK}; only the last shard may have fewer."
            )
        for label in self._values:
            if label not in shard.values:
                raise HarnessError(f"shard {self._shards} has no values of {label}. {_SAME_METRICS}")
        for label in self._states:
            if label not in shard.states:
                raise HarnessError(f"shard {self._shards} has no partial result of {label}. {_SAME_METRICS}")
        facts = {
            "n_items": shard.n_items,
            "depth": shard.depth,
            "external ids": shard.users is not None,
            "contributions of items": shard.contributions is not None,
        }
        self._first = self._first or facts
        for what, fact in facts.items():
            if fact != self._first[what]:
                raise HarnessError(
                    f"shard {self._shards} has {what} {fact}, and shard 0 has {self._first[what]}. "
                    "Score all shards of a run with the same arguments."
                )
        if shard.users is not None:
            # An empty shard's ids have no type of their own.
            number, users = next(((n, ids) for n, ids in enumerate(self._users) if len(ids)), (0, shard.users))
            check_alike(shard.users, users, "user id", places=(f"shard {self._shards}", f"shard {number}"))


def _value(metric: Metric, value: float, **spread: Any) -> MetricValue:
    return MetricValue(
        label=metric.label,
        name=metric.name,
        k=metric.cutoff,
        variant=metric.variant,
        family=metric.family,
        higher_is_better=metric.higher_is_better,
        value=float(value),
        lower=_finite(metric.lower),
        # A common denominator divides single users by less than their own.
        upper=None if isinstance(metric, UserMetric) and metric.pooled else _finite(metric.upper),
        **spread,
    )


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _of_lists(metric: ListMetric, found: float | Estimate, confidence: float) -> MetricValue:
    """Return a value over all lists. An estimate from a sample has an interval, from the normal distribution."""
    if not isinstance(found, Estimate):
        return _value(metric, found)
    from scipy.special import ndtri

    half = float(ndtri((1.0 + confidence) / 2.0)) * found.standard_error
    spread = {"ci_low": found.value - half, "ci_high": found.value + half}
    return replace(_value(metric, found.value, **spread), variant=metric.variant | dict(found.drawn))


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return the non-empty parts as one array."""
    # An empty part may have another type.
    filled = [part for part in parts if len(part)]
    return filled[0] if len(filled) == 1 else np.concatenate(filled)


def _scaled(values: Float64Array, scale: float) -> Float64Array:
    return values if scale == 1.0 else values * scale
