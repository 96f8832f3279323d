"""Variance of a mean difference over users and over training seeds, which are crossed.

Every model of every seed is measured on the same users. The mean over users and seeds varies because other users could
have been drawn, because other seeds could have been drawn, and because users react differently to seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.artifacts.array_types import Float64Array

FEWEST_SEEDS = 3  # fewer say nothing about the algorithm
_DRAWS = 2_000
_CELLS = 1 << 24  # numbers that a bootstrap holds at once


@dataclass(frozen=True, eq=False)
class SeedValues:
    """The values of one metric of a model.

    Parameters
    ----------
    values
        float64 ``(seeds, users)``: one row per seed that gave lists of its own.
    deterministic
        Whether the model does not depend on a seed, so that one row stands for all seeds.

    Examples
    --------
    Two users and two seeds; the second seed is 0.2 better for both:

    >>> found = SeedValues(np.array([[0.1, 0.5], [0.3, 0.7]]))
    >>> round(found.mean, 3), round(found.seed_variance, 3), round(found.residual_variance, 3)
    (0.4, 0.02, 0.0)
    """

    values: Float64Array
    deterministic: bool = False

    @property
    def n_seeds(self) -> int:
        """Number of seeds."""
        return len(self.values)

    @property
    def n_users(self) -> int:
        """Number of users."""
        return int(self.values.shape[1])

    @property
    def is_algorithm(self) -> bool:
        """Whether the values say something about the algorithm rather than about some checkpoints."""
        return self.deterministic or self.n_seeds >= FEWEST_SEEDS

    @cached_property
    def per_user(self) -> Float64Array:
        """Mean over seeds, float64 ``(users,)``."""
        means: Float64Array = self.values.mean(axis=0)
        return means

    @property
    def mean(self) -> float:
        """Mean over users and seeds."""
        return float(self.values.mean())

    @cached_property
    def seed_variance(self) -> float:
        """Sample variance of the means of the seeds; 0 with one seed."""
        return float(self.values.mean(axis=1).var(ddof=1)) if self.n_seeds > 1 else 0.0

    @cached_property
    def residual_variance(self) -> float:
        """Mean square of what user and seed do not explain together; 0 with one seed or one user."""
        if self.n_seeds < 2 or self.n_users < 2:
            return 0.0
        seeds = self.values.mean(axis=1, keepdims=True)
        residuals = self.values - self.per_user - seeds + self.mean
        return float((residuals**2).sum()) / ((self.n_seeds - 1) * (self.n_users - 1))

    @property
    def excess(self) -> float:
        """Variance of the mean that seeds cause, beyond what users cause; 0 or more."""
        if self.n_seeds < 2:
            return 0.0
        noise = self.residual_variance / (self.n_users * self.n_seeds)
        return max(self.seed_variance / self.n_seeds - noise, 0.0)


@dataclass(frozen=True)
class SeedError:
    """Standard error of a mean difference over users and seeds.

    Parameters
    ----------
    standard_error
        Over users and seeds.
    df
        Degrees of freedom, by Satterthwaite's approximation.
    over_users
        Standard error over users, for these checkpoints.
    """

    standard_error: float
    df: float
    over_users: float

    @property
    def seed_share(self) -> float:
        """Share of the variance that seeds cause."""
        return 1.0 - (self.over_users / self.standard_error) ** 2 if self.standard_error > 0 else 0.0


def seed_error(candidate: SeedValues, baseline: SeedValues) -> SeedError:
    """Return the standard error of the mean difference of two models whose seeds were drawn independently.

    Parameters
    ----------
    candidate, baseline
        Values over the same users.

    References
    ----------
    Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics Bulletin 2, 1946.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> users = rng.normal(size=200)
    >>> models = [users + rng.normal(0, 0.1, (5, 1)) + rng.normal(0, 0.2, (5, 200)) for _ in range(2)]
    >>> found = seed_error(*(SeedValues(values) for values in models))
    >>> round(found.df, 1), found.standard_error > found.over_users
    (8.0, True)
    """
    n = candidate.n_users
    variance = float((candidate.per_user - baseline.per_user).var(ddof=1)) / n if n > 1 else math.nan
    parts = [(variance, n - 1)]
    for side in (candidate, baseline):
        if side.excess > 0:
            parts.append((side.seed_variance / side.n_seeds, side.n_seeds - 1))
            parts.append((-side.residual_variance / (n * side.n_seeds), (side.n_seeds - 1) * (n - 1)))
    total = sum(part for part, _ in parts)
    spread = sum(part**2 / degrees for part, degrees in parts if degrees > 0)
    df = total**2 / spread if spread > 0 else float(max(n - 1, 1))
    return SeedError(math.sqrt(total), max(df, 1.0), math.sqrt(variance))


def crossed_bootstrap(
    candidate: SeedValues, baseline: SeedValues, *, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the percentile interval of the mean difference if users and seeds are drawn again, independently.

    Parameters
    ----------
    candidate, baseline
        Values over the same users.
    confidence
        Level of the interval, in (0, 1).
    seed
        Seed of the draws.

    References
    ----------
    Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007.
    """
    rng = np.random.default_rng(seed)
    n = candidate.n_users
    found = []
    step = max(_CELLS // n, 1)
    for start in range(0, _DRAWS, step):
        draws = min(step, _DRAWS - start)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=draws).T / n  # (users, draws)
        means = []
        for side in (candidate, baseline):
            chosen = rng.integers(0, side.n_seeds, (side.n_seeds, draws))
            of_seeds = side.values @ weights  # (seeds, draws)
            means.append(np.take_along_axis(of_seeds, chosen, axis=0).mean(axis=0))
        found.append(means[0] - means[1])
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(found), [tail, 1 - tail])
    return float(low), float(high)
