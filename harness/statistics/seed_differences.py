"""Mean differences of models over users and training seeds, tested together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import stdtr, stdtrit

from harness.artifacts.array_types import Float64Array
from harness.statistics.comparison_arguments import SeedMethod
from harness.statistics.correction import Correction, adjusted_p_values
from harness.statistics.seed_components import SeedError, SeedValues, crossed_bootstrap, seed_error
from harness.statistics.simultaneous_t import LargestT


class SeedDifferences:
    """The differences of all pairs of models in one metric, with errors, p-values and intervals.

    Parameters
    ----------
    columns
        Name of a model to its values.
    pairs
        Names of candidate and baseline of each difference.
    correction, confidence, method, seed
        As in ``compare_seeds``.
    """

    def __init__(
        self,
        columns: Mapping[str, SeedValues],
        pairs: Sequence[tuple[str, str]],
        correction: Correction,
        confidence: float,
        method: SeedMethod,
        seed: int,
    ) -> None:
        self.columns, self.pairs, self.confidence = columns, pairs, confidence
        sides = [(columns[one], columns[other]) for one, other in pairs]
        self.sides = sides
        self.means = np.array([ours.mean - theirs.mean for ours, theirs in sides])
        self.errors = [_error(*side) for side in sides]
        self.standard_errors = np.array([error.standard_error for error in self.errors])
        self._df = np.array([error.df for error in self.errors])
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(self.means) / self.standard_errors
        self.p_values = np.array([2 * float(stdtr(df, -value)) for df, value in zip(self._df, t, strict=True)])
        level = 1 - confidence
        if correction == "maxt":
            largest = LargestT(self._correlation(), df=max(int(self._df.min()), 1))
            # A single difference keeps its own degrees of freedom, which need not be a whole number.
            shared = largest.critical(level)
            critical = [max(shared, float(stdtrit(df, 1 - level / 2))) for df in self._df]
            adjusted = [largest.p_value(value) if math.isfinite(value) else math.nan for value in t]
            self.p_adjusted = np.maximum(adjusted, self.p_values)
        else:
            shared = level / (1 if correction == "none" else len(pairs))
            critical = [float(stdtrit(df, 1 - shared / 2)) for df in self._df]
            self.p_adjusted = adjusted_p_values(self.p_values, correction)
        if len(pairs) == 1:
            critical = [float(stdtrit(self._df[0], 1 - level / 2))]
            self.p_adjusted = self.p_values
        self.critical = np.array(critical)
        single = np.array([float(stdtrit(df, 1 - level / 2)) for df in self._df])
        self.alone = self._intervals(single)
        self.together = self._intervals(self.critical)
        if method == "bootstrap":
            self.p_values = self.p_adjusted = np.full(len(pairs), math.nan)  # intervals alone are drawn
            self.alone = [crossed_bootstrap(*side, confidence=confidence, seed=seed) for side in sides]
            shared = level / (1 if correction == "none" else len(pairs))
            self.together = [crossed_bootstrap(*side, confidence=1 - shared, seed=seed) for side in sides]

    def _intervals(self, critical: Float64Array) -> list[tuple[float, float]]:
        half = critical * self.standard_errors
        return list(zip((self.means - half).tolist(), (self.means + half).tolist(), strict=True))

    def _correlation(self) -> Float64Array:
        """Return the correlation of the mean differences: they share users, and models."""
        names = list(self.columns)
        per_user = np.stack([ours.per_user - theirs.per_user for ours, theirs in self.sides])
        centred = per_user - per_user.mean(axis=1, keepdims=True)
        n = per_user.shape[1]
        contrasts = np.zeros((len(self.pairs), len(names)))
        for row, (one, other) in enumerate(self.pairs):
            contrasts[row, names.index(one)], contrasts[row, names.index(other)] = 1.0, -1.0
        of_seeds = np.diag([self.columns[name].excess for name in names])
        covariance = centred @ centred.T / (n * max(n - 1, 1)) + contrasts @ of_seeds @ contrasts.T
        scale = np.sqrt(np.diag(covariance))
        scale[scale == 0] = np.inf
        correlation: Float64Array = covariance / np.outer(scale, scale)
        np.fill_diagonal(correlation, 1.0)
        return correlation


def _error(candidate: SeedValues, baseline: SeedValues) -> SeedError:
    """Return the error over users and seeds where both sides are algorithms, and over users otherwise."""
    found = seed_error(candidate, baseline)
    if candidate.is_algorithm and baseline.is_algorithm:
        return found
    return SeedError(found.over_users, float(candidate.n_users - 1), found.over_users)
