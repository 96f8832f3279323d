"""Compare runs: paired differences, tests of significance, and verdicts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from harness.artifacts import Comparison, ComparisonProtocol, MetricTable, MetricValue, PairedDifference
from harness.artifacts.array_types import Float64Array, UInt64Array
from harness.statistics.best_runs import RankedGroups, ranked_groups
from harness.statistics.comparison_arguments import (
    Margin,
    Pairs,
    TestChoice,
    aligned_values,
    check_choices,
    check_metrics_alike,
    chosen_baseline,
    chosen_primary,
    chosen_test,
    margin_of,
    name_of_test,
    shared_labels,
    user_keys,
)
from harness.statistics.comparison_notes import comparison_notes
from harness.statistics.correction import Correction
from harness.statistics.detectable_difference import minimum_detectable_effect
from harness.statistics.effect_size import relative_interval, standardised_effect
from harness.statistics.family import CorrectedResult, corrected_results
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_test import PairedTest
from harness.statistics.statement import Family, statement
from harness.statistics.tie_notes import tie_notes
from harness.statistics.verdict import EXPLORATORY, verdict_code


@dataclass(frozen=True, eq=False)
class _Runs:
    """Values of all runs of a comparison, with the users of every run in the same order."""

    tables: Mapping[str, MetricTable]
    values: Mapping[str, Mapping[str, Float64Array]]  # run, label
    keys: UInt64Array

    def sample(self, label: str, pair: tuple[str, str]) -> PairedSample | None:
        """Return the values of a pair of candidate and baseline; None for a metric over all lists."""
        ours, theirs = (self.values[name].get(label) for name in pair)
        return None if ours is None or theirs is None else PairedSample(ours, theirs, self.keys)


def compare(
    tables: Mapping[str, MetricTable],
    *,
    baseline: str | None = None,
    pairs: Pairs = "baseline",
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    test: TestChoice = "auto",
    correction: Correction = "maxt",
    margin: Margin | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare runs on the same users.

    For each per-user metric, the values of two runs are paired by user. The comparisons in the primary metric are one
    family: their p-values, simultaneous intervals and verdicts hold together. Those in other metrics are exploratory
    and get no verdict. Metrics over all lists (coverage, diversity) have a difference, but no test.

    Parameters
    ----------
    tables
        Run name to values, of two runs or more over the same users.
    baseline
        Name of the run that the others are compared with. Default: the first.
    pairs
        ``baseline``: compare each run with the baseline. ``all``: compare all pairs of runs.
    metrics
        Labels of metrics, such as ``ndcg@10``. Default: all metrics that every run has.
    primary
        Label of the metric that decides. Default: the only metric that is compared.
    test
        ``auto``, the name of a registered test, a map of its name and options such as
        ``{"kind": "permutation", "flips": 20000}``, or a test.
    correction
        ``maxt`` (Westfall and Young 1993), ``holm``, ``bonferroni``, ``bh`` or ``none``.
    margin
        The largest difference that does not matter, positive and in the unit of the metric: one number for all
        metrics, or a map of labels to numbers. Verdicts such as "equivalent" and "not worse" need a margin.
    confidence
        Level of the intervals. The level of the tests is one minus it.
    seed
        Seed of tests that have none of their own.

    Raises
    ------
    HarnessError
        Fewer than two runs, an unknown name, no primary metric, users that differ, a value that is not finite, or a
        margin that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> import harness
    >>> from harness.artifacts import TopK, Truth
    >>> truth = Truth.from_lists([[0], [1], [2]])
    >>> runs = {
    ...     name: harness.evaluate(TopK(np.array(lists)), truth, metrics=["hit_rate"], cutoffs=[1], n_items=3)
    ...     for name, lists in {"a": [[0], [0], [0]], "b": [[0], [1], [0]]}.items()
    ... }
    >>> pairs = compare(runs, baseline="a").pairs
    >>> pairs[["metric", "candidate", "wins", "ties", "losses", "verdict"]].values.tolist()
    [['hit_rate@1', 'b', 1, 2, 0, 'undecided']]
    """
    names = list(tables)
    base = chosen_baseline(baseline, names)
    check_choices(pairs, correction, confidence)
    labels = shared_labels(tables, metrics)
    primary = chosen_primary(primary, labels)
    check_metrics_alike(tables, labels)
    tester = chosen_test(test, seed)
    values = {name: aligned_values(tables[base], table, name, base) for name, table in tables.items()}
    runs = _Runs(tables, values, user_keys(tables[base]))
    if pairs == "all":
        chosen = [(candidate, other) for other, candidate in itertools.combinations(names, 2)]
    else:
        chosen = [(candidate, base) for candidate in names if candidate != base]
    settings = ComparisonProtocol(
        pairs=pairs,
        test=name_of_test(tester),
        correction=correction,
        confidence=confidence,
        margin=dict(margin) if isinstance(margin, Mapping) else margin,
        seed=seed,
    )
    differences = [
        difference
        for label in labels
        for difference in _differences(
            runs,
            label,
            chosen,
            tester=tester,
            settings=settings,
            margin=margin_of(margin, label, labels),
            in_family=label == primary,
        )
    ]
    groups = _groups(runs, primary, settings)
    return Comparison(
        differences=tuple(differences),
        values=pd.DataFrame([{"run": name} | {label: tables[name][label].value for label in labels} for name in names]),
        baseline=None if pairs == "all" else base,
        primary=primary,
        settings=settings,
        best=groups.best,
        groups=groups.letters,
        notes=(
            *tie_notes(tables, baseline=base, label=primary),
            *comparison_notes(differences, primary, settings, n_runs=len(names), n_best=len(groups.best)),
        ),
    )


def _differences(
    runs: _Runs,
    label: str,
    pairs: Sequence[tuple[str, str]],
    *,
    tester: PairedTest | None,
    settings: ComparisonProtocol,
    margin: float | None,
    in_family: bool,
) -> Iterator[PairedDifference]:
    """Yield the differences of one metric, one per pair of candidate and baseline."""
    samples = [runs.sample(label, pair) for pair in pairs]
    tested = [sample for sample in samples if sample is not None]
    value = runs.tables[pairs[0][0]][label]
    results = iter(
        corrected_results(
            tested,
            test=tester,
            correction=settings.correction if in_family else "none",  # type: ignore[arg-type]
            confidence=settings.confidence,
            seed=settings.seed,
            spread=value.spread,
        )
    )
    for pair, sample in zip(pairs, samples, strict=True):
        untested = _untested(label, pair, runs.tables)
        if sample is None:
            yield replace(untested, statement=statement(untested, margin=None, family=None))
            continue
        row = _tested(untested, sample, next(results), value, settings.confidence)
        if in_family:
            low, high = row.ci_simultaneous_low, row.ci_simultaneous_high
            verdict = verdict_code(low, high, margin=margin, higher_is_better=value.higher_is_better)
            row = replace(row, verdict=verdict)
            family = Family(len(tested), settings.pairs == "all", 1 - settings.confidence)
        else:
            nan = math.nan
            row = replace(row, verdict=EXPLORATORY, p_adjusted=nan, ci_simultaneous_low=nan, ci_simultaneous_high=nan)
            family = None
        yield replace(row, statement=statement(row, margin=margin, family=family))


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


def _groups(runs: _Runs, primary: str, settings: ComparisonProtocol) -> RankedGroups:
    """Return the runs that none beats, and the letters, in a family of all pairs in the primary metric."""
    columns = {name: values[primary] for name, values in runs.values.items() if primary in values}
    if len(columns) < len(runs.tables):
        return RankedGroups((), None)
    return ranked_groups(
        columns,
        runs.keys,
        higher_is_better=next(iter(runs.tables.values()))[primary].higher_is_better,
        confidence=settings.confidence,
        seed=settings.seed,
    )
