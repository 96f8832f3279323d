"""Generate any number of interactions from probabilities that are known in closed form."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import CatalogueEntry, Facts, Interactions, Vocabulary, stream
from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.data.repeated_pairs import repeated_rows
from harness.data.sources.source import SourceData
from harness.storage import sha256_json

_CHUNK = 1 << 20  # rows drawn at once
_GLOBAL_SHARE = 0.15  # of the draws, over the whole catalogue
_CLUSTERS_PER_USER = 3
_POPULARITY_SHIFT, _POPULARITY_EXPONENT = 50.0, -0.9
_ACTIVITY_SIGMA = 1.1
_SECONDS = 365 * 86_400  # of the period that interactions fall into
_VERSION = 1  # a change that draws other numbers under the same seed is a new version


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Synthetic:
    r"""Users who like a few clusters of items, and popular items more than others; draws are independent.

    Item i, by popularity rank, has the weight :math:`w_i = (i + 50)^{-0.9}`; items lie in clusters
    at random, and each user has three clusters with weights :math:`v`. An interaction of user u has the probability

    .. math:: p(i \mid u) = 0.15 \, \frac{w_i}{\sum_j w_j}
              + 0.85 \sum_{c} v_{uc} \, \frac{w_i \, [i \in c]}{\sum_{j \in c} w_j}

    Draws are independent, so a user may have an item more than once, and the last interaction is
    distributed as any other: the best list for a user is ordered by p(i | u), and its expected hit rate is
    a sum of p(i | u). The number of interactions per user is log-normal (:math:`\sigma` = 1.1), at least 1;
    times are uniform over a year.

    Parameters
    ----------
    users, items
        Numbers of users and items; 1 or more. Items that are never drawn do not occur.
    interactions
        Number of interactions, approximately, because the number of each user is rounded.
    clusters
        Number of clusters; ``items`` at most.
    seed
        Seed of all draws. The same options give the same interactions.

    Raises
    ------
    ValueError
        A number is below 1, or there are more clusters than items.

    Examples
    --------
    >>> data = Synthetic(users=50, items=20, interactions=400, clusters=4).read()
    >>> len(data.interactions), len(data.interactions.user_ids)
    (400, 50)
    """

    entry: ClassVar[CatalogueEntry] = CatalogueEntry(
        name="synthetic",
        description="Generated: clusters of items, popularity, log-normal activity; the probabilities are known",
        licence="none needed: it is drawn on the spot",
        citation="",
        homepage="",
        users=10_000,
        items=5_000,
        interactions=200_000,
        size=0,
    )

    users: int = 10_000
    items: int = 5_000
    interactions: int = 200_000
    clusters: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("users", "items", "interactions", "clusters"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; use 1 or more")
        if self.clusters > self.items:
            raise ValueError(f"clusters is {self.clusters} for {self.items} items; use as many or fewer")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; use 0 or more")

    def fetch(self, folder: Path | None = None) -> Path | None:
        """Return None: there is nothing to download."""
        return None

    def read(self, folder: Path | None = None) -> SourceData:
        """Generate the interactions."""
        rows = self._generated()
        facts: Facts = {"origin": "generated", "duplicates": repeated_rows(rows), "options": dataclasses.asdict(self)}
        digest = sha256_json({"synthetic": _VERSION, **dataclasses.asdict(self)})
        return SourceData(rows, name=self.entry.name, sha256=digest, facts=facts)

    def probabilities(self, user: int) -> Float64Array:
        """Return p(item | user) for each item by its id, float64 ``(items,)``; they sum to 1."""
        distributions = self._distributions
        by_place: Float64Array = _GLOBAL_SHARE * distributions.weights / distributions.weights.sum()
        for cluster, share in zip(distributions.user_clusters[user], distributions.user_shares[user], strict=True):
            members = slice(distributions.starts[cluster], distributions.starts[cluster + 1])
            weights = distributions.weights[members]
            by_place[members] += (1 - _GLOBAL_SHARE) * share * weights / weights.sum()
        by_item = np.empty_like(by_place)
        by_item[distributions.item_at] = by_place
        return by_item

    @cached_property
    def _distributions(self) -> _Distributions:
        return _Distributions.of(self)

    def _generated(self) -> Interactions:
        distributions, rng = self._distributions, _rng(self.seed, "rows")
        users = np.repeat(np.arange(self.users, dtype=np.int32), distributions.activity)
        items = np.empty(len(users), dtype=np.int32)
        for start in range(0, len(users), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            items[chunk] = distributions.draw(users[chunk], rng)
        times = 1_577_836_800 + rng.integers(0, _SECONDS, size=len(users))  # from the first of January 2020
        kept = np.flatnonzero(np.bincount(items, minlength=self.items))
        places = np.zeros(self.items, dtype=np.int32)
        places[kept] = np.arange(len(kept), dtype=np.int32)
        # Each user has an interaction, so all users occur.
        return Interactions(
            users, places[items], Vocabulary(np.arange(self.users)), Vocabulary(kept), times, time_unit="s"
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _Distributions:
    """The distributions of the draws. Items are ordered by cluster, so that a cluster is a run of places."""

    weights: Float64Array  # (items,) at their places
    item_at: Int64Array  # (items,): the item id at each place
    starts: Int64Array  # (clusters + 1,): the first place of each cluster
    user_clusters: Int64Array  # (users, 3)
    user_shares: Float64Array  # (users, 3), a row sums to 1
    activity: Int64Array  # (users,)

    @classmethod
    def of(cls, options: Synthetic) -> _Distributions:
        """Draw clusters, tastes and activity."""
        rng = _rng(options.seed, "world")
        by_rank: Float64Array = (np.arange(options.items, dtype=np.float64) + _POPULARITY_SHIFT) ** _POPULARITY_EXPONENT
        # Ranks are assigned at random, so that an id says nothing about popularity.
        weight_of = by_rank[rng.permutation(options.items)]
        # Every cluster gets one of the first items, so that none is empty.
        cluster_of = np.concatenate(
            [np.arange(options.clusters), rng.integers(0, options.clusters, size=options.items - options.clusters)]
        )
        cluster_of = rng.permutation(cluster_of)
        item_at = np.argsort(cluster_of, kind="stable")
        sizes = np.bincount(cluster_of, minlength=options.clusters)
        shares = rng.dirichlet(np.ones(_CLUSTERS_PER_USER), size=options.users)
        clusters = rng.integers(0, options.clusters, size=(options.users, _CLUSTERS_PER_USER))
        raw = rng.lognormal(0.0, _ACTIVITY_SIGMA, size=options.users)
        activity = np.maximum(np.round(raw * options.interactions / raw.sum()), 1).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return cls(weight_of[item_at], item_at, starts, clusters, shares, activity)

    @cached_property
    def _cumulated(self) -> Float64Array:
        return np.concatenate([[0.0], np.cumsum(self.weights)])

    def draw(self, users: Int32Array, rng: np.random.Generator) -> Int64Array:
        """Return an item for each of the users."""
        everywhere = rng.random(len(users)) < _GLOBAL_SHARE
        cumulated_shares = np.cumsum(self.user_shares[users], axis=1)  # (rows, 3)
        choice = (rng.random(len(users))[:, None] >= cumulated_shares[:, :-1]).sum(axis=1)
        cluster = self.user_clusters[users, choice]
        low = np.where(everywhere, 0.0, self._cumulated[self.starts[cluster]])
        high = np.where(everywhere, self._cumulated[-1], self._cumulated[self.starts[cluster + 1]])
        point = low + rng.random(len(users)) * (high - low)
        # Rounding may put a point at the upper end of its cluster.
        places = np.searchsorted(self._cumulated, point, side="right") - 1
        last = np.where(everywhere, len(self.weights), self.starts[cluster + 1]) - 1
        chosen: Int64Array = self.item_at[np.minimum(places, last)]
        return chosen


def _rng(seed: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng(stream(seed, f"synthetic {purpose}"))
