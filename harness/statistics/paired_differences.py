"""Compute the paired differences of one metric: tests, intervals and verdicts of all pairs of runs."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.artifacts import ComparisonProtocol, MetricTable, MetricValue, PairedDifference
from harness.artifacts.array_types import Float64Array, UInt64Array
from harness.errors import HarnessError
from harness.statistics.correction import Correction
from harness.statistics.detectable_difference import minimum_detectable_effect
from harness.statistics.effect_size import relative_interval, standardised_effect
from harness.statistics.family import CorrectedResult, corrected_results
from harness.statistics.item_clusters import ItemClusters
from harness.statistics.item_intervals import ItemInterval, item_intervals
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedTest
from harness.statistics.statement import Family, statement
from harness.statistics.verdict import EXPLORATORY, UNDECIDED, verdict_code


@dataclass(frozen=True, eq=False)
class ComparedRuns:
    """Values of all runs of a comparison, with the users of every run in the same order."""

    tables: Mapping[str, MetricTable]
    values: Mapping[str, Mapping[str, Float64Array]]  # run, label
    keys: UInt64Array
    clusters: ItemClusters | None

    def sample(self, label: str, pair: tuple[str, str]) -> PairedSample | None:
        """Return the values of a pair of candidate and baseline; None for a metric over all lists."""
        ours, theirs = (self.values[name].get(label) for name in pair)
        return None if ours is None or theirs is None else PairedSample(ours, theirs, self.keys)


def paired_differences(
    runs: ComparedRuns,
    label: str,
    pairs: Sequence[tuple[str, str]],
    *,
    tester: PairedTest | None,
    settings: ComparisonProtocol,
    margin: float | None,
    in_family: bool,
) -> Iterator[PairedDifference]:
    """Yield the differences of one metric, one per pair of candidate and baseline.

    Parameters
    ----------
    runs
        Values of all runs.
    label
        Label of the metric.
    pairs
        Names of candidate and baseline of each difference.
    tester
        The test; None to choose it per difference.
    settings
        How differences are tested.
    margin
        Largest difference that does not matter, if one was declared.
    in_family
        Whether the differences are the family that gets verdicts. Others are exploratory.
    """
    samples = [runs.sample(label, pair) for pair in pairs]
    tested = [sample for sample in samples if sample is not None]
    value = runs.tables[pairs[0][0]][label]
    correction: Correction = settings.correction if in_family else "none"  # type: ignore[assignment]
    correct = functools.partial(
        corrected_results,
        tested,
        correction=correction,
        confidence=settings.confidence,
        seed=settings.seed,
        spread=value.spread,
    )
    try:
        results = correct(test=tester)
    except HarnessError as error:
        if in_family:
            raise HarnessError(f"{label}: {error}") from error
        results = correct(test=None)  # the test suits the primary metric, and not this one
    for_items = iter(_for_items(runs, label, pairs, tested, results, correction, settings))
    found = iter(results)
    for pair, sample in zip(pairs, samples, strict=True):
        untested = _untested(label, pair, runs.tables)
        if sample is None:
            yield replace(untested, statement=statement(untested, margin=None, family=None))
            continue
        row = _tested(untested, sample, next(found), value, settings.confidence)
        interval = next(for_items)
        row = replace(
            row,
            n_items=interval.n_items,
            se_users_items=interval.standard_error,
            ci_users_items_low=interval.low,
            ci_users_items_high=interval.high,
        )
        family = None
        if in_family:
            family = Family(len(tested), settings.pairs == "all", 1 - settings.confidence)
            row = _judged(row, interval, value, margin, settings)
        else:
            nan = math.nan
            row = replace(row, verdict=EXPLORATORY, p_adjusted=nan, ci_simultaneous_low=nan, ci_simultaneous_high=nan)
        sentence = statement(row, margin=margin, family=family, higher_is_better=value.higher_is_better)
        yield replace(row, statement=sentence)


def _for_items(
    runs: ComparedRuns,
    label: str,
    pairs: Sequence[tuple[str, str]],
    samples: Sequence[PairedSample],
    results: Sequence[CorrectedResult],
    correction: Correction,
    settings: ComparisonProtocol,
) -> list[ItemInterval]:
    """Return the interval of each difference for other users and items."""
    clusters = runs.clusters
    if clusters is None or not samples:
        return [ItemInterval()] * len(samples)
    errors = clusters.errors(label, pairs, [sample.differences for sample in samples])
    return item_intervals(errors, clusters.n_items, samples, results, correction, settings.confidence)


def _judged(
    row: PairedDifference,
    interval: ItemInterval,
    value: MetricValue,
    margin: float | None,
    settings: ComparisonProtocol,
) -> PairedDifference:
    """Return a difference of the family with its verdicts, and for other items with the effect that these detect."""
    judge = functools.partial(verdict_code, margin=margin, higher_is_better=value.higher_is_better)
    verdict = judge(row.ci_simultaneous_low, row.ci_simultaneous_high)
    for_items = judge(interval.low, interval.high) if interval.is_known else None
    row = replace(row, verdict=verdict, verdict_users_items=for_items)
    if settings.unit == "users":
        return row
    return replace(row, unit=settings.unit, verdict=for_items or UNDECIDED, mde=interval.detectable)


def _untested(label: str, pair: tuple[str, str], tables: Mapping[str, MetricTable]) -> PairedDifference:
    ours, theirs = (tables[name][label].value for name in pair)
    difference = ours - theirs
    return PairedDifference(
        metric=label,
        candidate=pair[0],
        baseline=pair[1],
        candidate_value=ours,
        baseline_value=theirs,
        difference=difference,
        relative=difference / theirs if theirs else math.nan,
    )


def _tested(
    row: PairedDifference, sample: PairedSample, result: CorrectedResult, value: MetricValue, confidence: float
) -> PairedDifference:
    differences = sample.differences
    gains = differences if value.higher_is_better else -differences
    low, high = relative_interval(sample, confidence=confidence)
    return replace(
        row,
        ci_low=result.ci_low,
        ci_high=result.ci_high,
        ci_simultaneous_low=result.simultaneous_low,
        ci_simultaneous_high=result.simultaneous_high,
        ci_relative_low=low,
        ci_relative_high=high,
        test=result.test,
        p_value=result.p_value,
        p_adjusted=result.p_adjusted,
        effect_size=standardised_effect(differences),
        wins=int((gains > 0).sum()),
        ties=int((gains == 0).sum()),
        losses=int((gains < 0).sum()),
        n_users=len(differences),
        n_nonzero=sample.n_nonzero,
        se_users=sample.standard_error,
        mde=minimum_detectable_effect(sample, critical=result.critical),
    )
