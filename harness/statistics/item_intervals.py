"""Intervals of mean differences for other users and other items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from harness.statistics.correction import Correction
from harness.statistics.detectable_difference import POWER
from harness.statistics.family import CorrectedResult
from harness.statistics.item_clusters import ClusteredErrors
from harness.statistics.paired_sample import PairedSample


@dataclass(frozen=True)
class ItemInterval:
    """The interval of a mean difference for other users and other items; NaN and None where it is not known.

    Parameters
    ----------
    n_items
        Number of distinct relevant items.
    standard_error
        Clustered by user and by item.
    low, high
        Ends of the interval, which holds for all differences of the family at once.
    detectable
        The difference that would be found with a probability of 80%.
    """

    n_items: int | None = None
    standard_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    detectable: float = math.nan

    @property
    def is_known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)


def item_intervals(
    errors: ClusteredErrors | None,
    n_items: int,
    samples: Sequence[PairedSample],
    results: Sequence[CorrectedResult],
    correction: Correction,
    confidence: float,
) -> list[ItemInterval]:
    """Return the interval of each difference of a family for other users and items.

    The intervals hold the simultaneous intervals over users, so that no verdict for more than these items is stronger
    than the verdict for these items.

    Parameters
    ----------
    errors
        Clustered errors of all differences; None if the metric is not a sum over relevant items.
    n_items
        Number of distinct relevant items.
    samples, results
        Values and results over users.
    correction
        ``maxt`` takes the critical value from the multivariate t distribution of the differences.
    confidence
        Level of the intervals, in (0, 1).
    """
    if errors is None:
        return [ItemInterval(n_items)] * len(samples)
    critical = errors.critical(correction, confidence)
    if math.isnan(critical):
        return [ItemInterval(n_items)] * len(samples)
    power = float(stdtrit(errors.df, POWER))
    intervals = []
    for sample, result, error in zip(samples, results, errors.standard_errors.tolist(), strict=True):
        mean = float(sample.differences.mean())
        low, high = mean - critical * error, mean + critical * error
        low, high = min(low, result.simultaneous_low), max(high, result.simultaneous_high)
        intervals.append(ItemInterval(n_items, error, low, high, (critical + power) * error))
    return intervals
