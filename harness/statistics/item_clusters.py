"""Standard errors of mean differences that are clustered by user and by item.

Users share items: if a run ranks one popular item better, all users of this item differ in the same direction. Standard
errors over users describe what would happen with other users and the same items; two-way clustered ones describe other
users and other items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from harness.artifacts import ItemContributions, MetricTable
from harness.artifacts.array_types import Float64Array, IdArray, Int64Array
from harness.errors import HarnessError
from harness.statistics.correction import Correction
from harness.statistics.simultaneous_t import LargestT

FEWEST_ITEMS = 30  # below this number of clusters the standard error is too small
_BLOCK = 1 << 18  # pairs of a user and an item whose differences are held at once


@dataclass(frozen=True, eq=False)
class ClusteredErrors:
    """Two-way clustered errors of mean differences.

    Parameters
    ----------
    standard_errors
        float64 ``(differences,)``.
    correlation
        float64 ``(differences, differences)``.
    floors
        float64 ``(differences,)``: the part of the standard errors that more users with the same items do not lower.
    n_users, n_items
        Number of users, and of distinct relevant items.
    """

    standard_errors: Float64Array
    correlation: Float64Array
    floors: Float64Array
    n_users: int
    n_items: int

    @property
    def df(self) -> int:
        """Degrees of freedom: the smaller number of clusters, minus 1."""
        return min(self.n_users, self.n_items) - 1

    def critical(self, correction: Correction, confidence: float) -> float:
        """Return the t statistic that a difference has to exceed; NaN with too few items.

        Parameters
        ----------
        correction
            ``maxt``: the largest of the correlated statistics. ``none``: a single difference. Others: Bonferroni's.
        confidence
            Level of the intervals, in (0, 1).
        """
        if self.n_items < FEWEST_ITEMS or self.n_users < 2:
            return math.nan
        if correction == "maxt":
            return LargestT(self.correlation, df=self.df).critical(1 - confidence)
        size = 1 if correction == "none" else len(self.standard_errors)
        return float(stdtrit(self.df, 1 - (1 - confidence) / (2 * size)))


@dataclass(frozen=True, eq=False)
class ItemClusters:
    """Contributions of the relevant items to the values of several runs, over the same pairs of a user and an item.

    Parameters
    ----------
    items
        int64 ``(pairs,)``: item of each pair that contributes to a value of any run.
    shares
        float64 ``(pairs,)``: one divided by the number of relevant items of the user.
    places
        Run name to int64: position of the run's own pairs among these.
    runs
        Run name to its contributions.
    """

    items: Int64Array
    shares: Float64Array
    places: Mapping[str, Int64Array]
    runs: Mapping[str, ItemContributions]

    @classmethod
    def of(cls, tables: Mapping[str, MetricTable]) -> ItemClusters | None:
        """Return the contributions of all runs; None if a run has none.

        Raises
        ------
        HarnessError
            The runs have different relevant items.
        """
        runs = {name: table.contributions for name, table in tables.items() if table.contributions is not None}
        if len(runs) < len(tables):
            return None
        base = next(iter(runs))
        keys = {}
        for name, found in runs.items():
            _check_same_truth(base, runs[base], name, found)
            users = positions_of(tables[base].users, tables[name].users)[found.users]
            keys[name] = users * found.n_items + found.items
        union = np.unique(np.concatenate(list(keys.values())))
        places = {name: np.searchsorted(union, key) for name, key in keys.items()}
        shares = np.empty(len(union))
        for name, found in runs.items():
            shares[places[name]] = found.shares
        return cls(union % runs[base].n_items, shares, places, runs)

    @property
    def n_items(self) -> int:
        """Number of distinct relevant items."""
        return next(iter(self.runs.values())).n_items

    def errors(
        self, label: str, pairs: Sequence[tuple[str, str]], differences: Sequence[Float64Array]
    ) -> ClusteredErrors | None:
        """Return the errors of differences between runs; None if the metric is not a sum over relevant items.

        Parameters
        ----------
        label
            Label of the metric.
        pairs
            Names of candidate and baseline of each difference.
        differences
            float64 ``(users,)`` each: candidate minus baseline per user.
        """
        names = list(dict.fromkeys(name for pair in pairs for name in pair))
        if any(label not in self.runs[name].values for name in names):
            return None
        columns = np.zeros((len(self.items), len(names)))
        for place, name in enumerate(names):
            columns[self.places[name], place] = self.runs[name].values[label]
        base = next(iter(self.runs.values()))
        ours, theirs = (np.array([names.index(pair[side]) for pair in pairs]) for side in (0, 1))
        parts = _Sums.zeros(len(pairs), base.n_items)
        for start in range(0, len(self.items), _BLOCK):
            block = slice(start, start + _BLOCK)
            parts.add(columns[block, ours] - columns[block, theirs], self.items[block], self.shares[block])
        return parts.errors(np.stack(differences, axis=1), base)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over pairs of a user and an item, from which the covariances of the differences follow."""

    products: Float64Array  # (differences, differences)
    shared: Float64Array  # (differences,): of contributions times shares
    per_item: Float64Array  # (items, differences)

    @classmethod
    def zeros(cls, size: int, n_items: int) -> _Sums:
        return cls(np.zeros((size, size)), np.zeros(size), np.zeros((n_items, size)))

    def add(self, parts: Float64Array, items: Int64Array, shares: Float64Array) -> None:
        """Add the contributions ``(pairs, differences)`` of some pairs of a user and an item."""
        self.products[...] += parts.T @ parts
        self.shared[...] += shares @ parts
        for place in range(parts.shape[1]):
            self.per_item[:, place] += np.bincount(items, weights=parts[:, place], minlength=len(self.per_item))

    def errors(self, differences: Float64Array, truth: ItemContributions) -> ClusteredErrors:
        """Return the errors of the means of differences ``(users, differences)`` (Cameron, Gelbach and Miller 2011)."""
        n, means = len(differences), differences.mean(axis=0)
        # The residual of a user and an item is the contribution minus the item's share of the mean.
        by_user = differences - means
        by_item = self.per_item - np.outer(truth.item_shares, means)
        crossed = np.outer(self.shared, means)
        alone = self.products - crossed - crossed.T + np.outer(means, means) * truth.item_square_shares.sum()
        users, items, both = (
            sums * (_correction(clusters) / n**2)
            for sums, clusters in (
                (by_user.T @ by_user, n),
                (by_item.T @ by_item, truth.n_items),
                (alone, truth.n_pairs),
            )
        )
        whole = users + items - both
        variances = np.maximum(np.diag(users), np.diag(whole))
        return ClusteredErrors(
            standard_errors=np.sqrt(variances),
            correlation=_correlation(whole),
            floors=np.sqrt(variances - np.diag(users)),
            n_users=n,
            n_items=truth.n_items,
        )


def check_items(clusters: ItemClusters | None, primary: str) -> None:
    """Check that verdicts for other items are possible.

    Raises
    ------
    HarnessError
        A run has no contributions of items, or the primary metric is not a sum over relevant items.
    """
    if clusters is None:
        raise HarnessError(
            "unit users_items needs what each item contributes, and a run lacks it. Pass by_item=True to "
            "harness.evaluate, or evaluate the experiment again; or compare with unit users."
        )
    if any(primary not in found.values for found in clusters.runs.values()):
        raise HarnessError(
            f"unit users_items needs a primary metric that is a sum over relevant items, and {primary} is not. "
            f"{_additive(clusters)} Or compare with unit users."
        )


def _additive(clusters: ItemClusters) -> str:
    labels = [
        label
        for label in next(iter(clusters.runs.values())).values
        if all(label in found.values for found in clusters.runs.values())
    ]
    return f"Choose one of {', '.join(labels)}." if labels else "No metric of the runs is."


def _correction(clusters: int) -> float:
    return clusters / (clusters - 1) if clusters > 1 else np.nan


def _correlation(covariance: Float64Array) -> Float64Array:
    """Return the correlation matrix of a covariance matrix whose negative eigenvalues are taken as 0."""
    if not np.isfinite(covariance).all():
        return np.eye(len(covariance))
    sizes, axes = np.linalg.eigh(covariance)
    clipped = (axes * np.maximum(sizes, 0.0)) @ axes.T
    scale = np.sqrt(np.maximum(np.diag(clipped), 0.0))
    scale[scale == 0] = np.inf
    correlation: Float64Array = clipped / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def positions_of(reference: IdArray, users: IdArray) -> Int64Array:
    """Return the position of each user in the reference, which holds the same users."""
    if len(reference) == len(users) and (reference == users).all():
        return np.arange(len(users))
    return pd.Index(reference).get_indexer(pd.Index(users)).astype(np.int64)


def _check_same_truth(base: str, reference: ItemContributions, name: str, found: ItemContributions) -> None:
    same = len(reference.item_ids) == len(found.item_ids) and (
        (reference.item_ids == found.item_ids).all()
        and (reference.item_users == found.item_users).all()
        and np.allclose(reference.item_shares, found.item_shares, rtol=1e-9, atol=0)
    )
    if not same:
        raise HarnessError(
            f"runs '{name}' and '{base}' were measured on different relevant items. Evaluate both on the same split "
            "and part."
        )
