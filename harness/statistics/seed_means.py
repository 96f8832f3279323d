"""Compute the means of metrics over the training seeds of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from harness.artifacts import MetricTable, MetricValue
from harness.intervals import wilson
from harness.statistics.comparison_arguments import aligned_values
from harness.statistics.seed_components import SeedValues, seed_error


@dataclass(frozen=True)
class SeedMean:
    """The mean of a metric over the seeds of a model.

    Parameters
    ----------
    label
        Label of the metric.
    mean
        Mean over users and seeds.
    std_seeds
        Standard deviation of the values of the seeds; NaN with one.
    ci_low, ci_high
        Interval of the mean over users and seeds; NaN for metrics over all lists, and with fewer than three seeds.
    seed_share
        Share of the variance of the mean that seeds cause; NaN where there is no interval.
    values
        The values of the seeds, in their order.
    """

    label: str
    mean: float
    std_seeds: float
    ci_low: float
    ci_high: float
    seed_share: float
    values: tuple[float, ...]


def seed_means(tables: Sequence[MetricTable], *, deterministic: bool) -> list[SeedMean]:
    """Return the mean of each metric over seeds, with its interval over users and seeds.

    Parameters
    ----------
    tables
        One per seed with lists of its own, over the same users.
    deterministic
        Whether the model does not depend on a seed.
    """
    return [_mean(value, tables, deterministic=deterministic) for value in tables[0].values]


def mean_values(
    tables: Sequence[MetricTable], labels: Sequence[str], *, deterministic: bool
) -> tuple[MetricValue, ...]:
    """Return the means of some metrics over seeds, with their intervals over users and seeds where they are known.

    Parameters
    ----------
    tables, deterministic
        As in ``seed_means``.
    labels
        Labels of the metrics.
    """
    found = []
    for label in labels:
        value = tables[0][label]
        mean = _mean(value, tables, deterministic=deterministic)
        low, high = (None if math.isnan(end) else end for end in (mean.ci_low, mean.ci_high))
        found.append(replace(value, value=mean.mean, std=None, ci_low=low, ci_high=high, ties=None))
    return tuple(found)


def _mean(value: MetricValue, tables: Sequence[MetricTable], *, deterministic: bool) -> SeedMean:
    label = value.label
    values = tuple(float(table[label].value) for table in tables)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    unknown = SeedMean(label, float(np.mean(values)), spread, math.nan, math.nan, math.nan, values)
    if any(label not in table.user_values for table in tables):
        return unknown
    rows = [aligned_values(tables[0], table, f"seed {place}", "seed 0")[label] for place, table in enumerate(tables)]
    found = SeedValues(np.stack(rows), deterministic)
    if not found.is_algorithm:
        return unknown
    # The mean is its difference to a run of zeros.
    error = seed_error(found, SeedValues(np.zeros((1, found.n_users)), deterministic=True))
    critical = float(stdtrit(error.df, 0.5 + tables[0].confidence / 2))
    low, high = found.mean - critical * error.standard_error, found.mean + critical * error.standard_error
    if value.in_unit_interval:
        low, high = wilson(found.mean, error.standard_error**2 * found.n_users, found.n_users, critical)
    return SeedMean(label, found.mean, spread, low, high, error.seed_share, values)
