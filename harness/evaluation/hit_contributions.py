"""Compute what each relevant item contributes to a user's value, for metrics that are sums over relevant items.

The contribution of an item is the value of the user's list with this item as its only hit. All else stays: the number
of relevant items, their gains, and the length of the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from harness.artifacts import ItemContributions, Ties
from harness.artifacts.array_types import BoolArray, Float64Array, Int32Array, Int64Array
from harness.artifacts.csr import runs
from harness.errors import HarnessError
from harness.evaluation.tie_ranges import TiedScores
from harness.metrics import WORD, AccuracyMetric, Hits, Metric, Ranks, Targets, UserMetric
from harness.metrics.metric_inputs import MISSED, REPEATED

_NO_CANDIDATE = -1  # number of candidates above an item that has no rank


@dataclass(frozen=True, eq=False)
class HitContributions:
    """Contributions of the relevant items of consecutive users.

    Parameters
    ----------
    users
        int64 ``(pairs,)``: position of the user among the users that count.
    items
        int64 ``(pairs,)``: item index.
    relevant
        int64 ``(pairs,)``: number of relevant items of the user.
    values
        Label to float64 ``(pairs,)``.
    counts
        int64 ``(rows, 3)``: an item, a number of relevant items, and the number of users who have that many relevant
        items, this one among them. Whole numbers, so that sums over shards are exact.
    """

    users: Int64Array
    items: Int64Array
    relevant: Int64Array
    values: Mapping[str, Float64Array]
    counts: Int64Array

    def scaled(self, scales: Mapping[str, float]) -> HitContributions:
        """Return the contributions with those of some metrics multiplied by a factor."""
        return replace(self, values={label: values * scales.get(label, 1.0) for label, values in self.values.items()})

    def of_items(self) -> ItemContributions:
        """Return the contributions of all users; the ids of items are their indices."""
        item_ids, places = np.unique(self.counts[:, 0], return_inverse=True)
        shares, users = 1.0 / self.counts[:, 1], self.counts[:, 2]
        return ItemContributions(
            users=self.users,
            items=np.searchsorted(item_ids, self.items),
            shares=1.0 / self.relevant,
            values=self.values,
            item_ids=item_ids,
            item_users=np.bincount(places, weights=users, minlength=len(item_ids)).astype(np.int64),
            item_shares=_sums(places, users * shares),
            item_square_shares=_sums(places, users * shares**2),
        )


def joined(parts: Sequence[HitContributions], starts: Sequence[int]) -> HitContributions:
    """Return the contributions of consecutive parts of the users.

    A metric is kept if all parts have it.

    Parameters
    ----------
    parts
        One or more.
    starts
        Position of the first user of each part.
    """
    labels = [label for label in parts[0].values if all(label in part.values for part in parts)]
    return HitContributions(
        np.concatenate([part.users + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.relevant for part in parts]),
        {label: np.concatenate([part.values[label] for part in parts]) for label in labels},
        _summed(np.concatenate([part.counts for part in parts])),
    )


def contributing(metrics: Sequence[Metric]) -> list[UserMetric]:
    """Return the metrics whose value may be a sum over relevant items.

    These are the additive metrics, and accuracy metrics of the lists, which are sums if each user has one relevant
    item.
    """
    return [
        metric
        for metric in metrics
        if isinstance(metric, UserMetric)
        and (metric.additive or (isinstance(metric, AccuracyMetric) and "target_ranks" not in metric.needs))
    ]


def no_contributions(metrics: Sequence[Metric]) -> HitContributions:
    """Return the contributions of no users."""
    empty = np.empty(0, dtype=np.int64)
    values = {metric.label: np.empty(0) for metric in contributing(metrics)}
    return HitContributions(empty, empty, empty, values, np.empty((0, 3), dtype=np.int64))


def hit_contributions(
    metrics: Sequence[UserMetric], tied: TiedScores, values: Mapping[str, Float64Array], *, ties: Ties
) -> HitContributions:
    """Return the contributions of the relevant items of a block of users.

    Parameters
    ----------
    metrics
        Metrics of the users.
    tied
        Hits of the block, with ``targets``.
    values
        Label to the values, float64 ``(users,)``, which the contributions are checked against.
    ties
        Rule for ties.

    Raises
    ------
    HarnessError
        A metric that is declared additive is not.
    """
    hits = tied.hits
    targets = hits.targets
    assert targets is not None  # noqa: S101  (the caller reads them)
    owners = np.repeat(np.arange(hits.n_users), np.diff(targets.indptr))
    within = targets.places >= 0
    if hits.ranks is not None:
        within |= (hits.ranks.above >= 0) & (hits.ranks.above < tied.reach) & (targets.places != REPEATED)
    entries = np.flatnonzero(within)
    alone = {whole: _SingleItems(tied, entries, owners[entries], whole=whole) for whole in (False, True)}
    single = bool((hits.relevant == 1).all())
    found: dict[str, Float64Array] = {}
    for metric in contributing(metrics):
        if not metric.additive and not single:
            continue
        out = np.empty(len(entries), dtype=np.float64)
        if len(entries):
            alone["targets" in metric.reads].write(metric, ties, out)
        sums = np.bincount(owners[entries], weights=out, minlength=hits.n_users)
        if np.allclose(sums, values[metric.label], rtol=1e-9, atol=1e-12):
            found[metric.label] = out
        elif metric.additive:
            user = int(np.argmax(np.abs(sums - values[metric.label])))
            raise HarnessError(
                f"the metric {metric.label} states that it is additive, and the parts of a user's value of "
                f"{values[metric.label][user]:g} sum to {sums[user]:g}. Leave `additive` out of its class."
            )
    kept = np.any([out != 0 for out in found.values()], axis=0) if found else np.zeros(len(entries), dtype=np.bool_)
    pairs = np.flatnonzero(targets.places != REPEATED)
    counted = np.stack([targets.items[pairs], hits.relevant[owners[pairs]], np.ones_like(pairs)], axis=1)
    return HitContributions(
        owners[entries][kept],
        targets.items[entries][kept].astype(np.int64),
        hits.relevant[owners[entries]][kept].astype(np.int64),
        {label: out[kept] for label, out in found.items()},
        _summed(counted.astype(np.int64)),
    )


class _SingleItems(TiedScores):
    """Hits with one relevant item each, in the place of the users, under different rules for ties.

    Parameters
    ----------
    users
        The hits of the users.
    entries
        int64 ``(n,)``: position of each item among the relevant items of all users.
    owners
        int64 ``(n,)``: its user.
    whole
        Whether metrics read the other relevant items of the user, as misses.
    """

    def __init__(self, users: TiedScores, entries: Int64Array, owners: Int64Array, *, whole: bool) -> None:
        self._users, self._entries, self._owners, self._all_targets = users, entries, owners, whole
        super().__init__(users.hits, width=users.width, deepest=users.deepest, exact=users.exact)

    # The base class computes these from its hits; here they are parts of those of the users, since other relevant
    # items decide where an item stands in the best and the worst order.
    @cached_property
    def hits(self) -> Hits:
        return self._alone(self._users.hits)

    @cached_property
    def worst(self) -> Hits:
        return self._alone(self._users.worst)

    @cached_property
    def best(self) -> Hits:
        return self._alone(self._users.best)

    @cached_property
    def whole(self) -> Hits:
        return self._alone(self._users.whole)

    def _alone(self, hits: Hits) -> Hits:
        assert hits.targets is not None  # noqa: S101  (the caller reads them)
        places = hits.targets.places[self._entries]
        bits = np.zeros((len(places), hits.bits.shape[1]), dtype=np.uint64)
        hit = np.flatnonzero((places >= 0) & (places < bits.shape[1] * WORD))
        bits[hit, places[hit] // WORD] = np.uint64(1) << (places[hit] % WORD).astype(np.uint64)
        if self._all_targets:
            starts = hits.targets.indptr[self._owners]
            indptr, positions = runs(starts, hits.targets.indptr[self._owners + 1] - starts)
            own = positions == np.repeat(self._entries, np.diff(indptr))
        else:
            indptr, positions = np.arange(len(places) + 1, dtype=np.int64), self._entries
            own = np.ones(len(places), dtype=np.bool_)
        return Hits(
            bits,
            hits.relevant[self._owners],
            hits.lengths[self._owners],
            None if hits.ranks is None else _ranks_alone(hits.ranks, self._owners, indptr, positions, own),
            _targets_alone(hits.targets, indptr, positions, own) if self._all_targets else None,
            None,
            hits.side,
            None if hits.rows is None else hits.rows[self._owners],
        )


def _ranks_alone(ranks: Ranks, owners: Int64Array, indptr: Int64Array, positions: Int64Array, own: BoolArray) -> Ranks:
    above = np.where(own, ranks.above[positions], np.int32(_NO_CANDIDATE))
    return Ranks(indptr, above, ranks.tied[positions], ranks.candidates[owners])


def _targets_alone(targets: Targets, indptr: Int64Array, positions: Int64Array, own: BoolArray) -> Targets:
    places: Int32Array = targets.places[positions]
    missed = ~own & (places != REPEATED)
    gains = None if targets.gains is None else targets.gains[positions]
    return Targets(indptr, targets.items[positions], np.where(missed, np.int32(MISSED), places), gains)


def _sums(places: Int64Array, weights: Float64Array) -> Float64Array:
    return np.bincount(places, weights=weights).astype(np.float64)


def _summed(counts: Int64Array) -> Int64Array:
    """Return one row per item and number of relevant items, with the sum of the users."""
    keys = counts[:, 0] << 32 | counts[:, 1]
    different, places = np.unique(keys, return_inverse=True)
    users = np.bincount(places, weights=counts[:, 2], minlength=len(different)).astype(np.int64)
    return np.stack([different >> 32, different & 0xFFFFFFFF, users], axis=1)
