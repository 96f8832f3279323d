"""Compare models over several training seeds, by variance components."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from harness.artifacts import Comparison, ComparisonProtocol, MetricTable, MetricValue, PairedDifference
from harness.artifacts.array_types import Float64Array
from harness.errors import HarnessError, did_you_mean
from harness.statistics.automatic_test import FEWEST_NONZERO
from harness.statistics.best_runs import RankedGroups, groups_of
from harness.statistics.comparison_arguments import (
    Margin,
    Pairs,
    SeedMethod,
    TestChoice,
    aligned_values,
    check_choices,
    check_metrics_alike,
    chosen_baseline,
    chosen_pairs,
    chosen_primary,
    margin_of,
    shared_labels,
)
from harness.statistics.correction import Correction
from harness.statistics.detectable_difference import POWER
from harness.statistics.effect_size import standardised_effect
from harness.statistics.seed_components import SeedValues
from harness.statistics.seed_differences import SeedDifferences
from harness.statistics.seed_means import mean_values
from harness.statistics.seed_notes import UNIT, SeededRun, seed_notes, twin_notes
from harness.statistics.statement import Family, statement
from harness.statistics.verdict import EXPLORATORY, verdict_code


def compare_seeds(
    runs: Mapping[str, SeededRun],
    *,
    baseline: str | None = None,
    pairs: Pairs = "baseline",
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    correction: Correction = "maxt",
    margin: Margin | None = None,
    confidence: float = 0.95,
    method: SeedMethod = "components",
    seed: int = 0,
) -> Comparison:
    """Compare models over users and training seeds.

    Where both models of a pair have three seeds or more, or are deterministic, the difference is that of the algorithms
    and its standard error is over users and seeds. Otherwise it is that of the checkpoints, over users.

    Parameters
    ----------
    runs
        Name to tables, of two models or more, all over the same users.
    baseline, pairs, metrics, primary, margin, confidence
        As in ``compare``.
    correction
        ``maxt``: critical values of the largest of the correlated t statistics. ``none``: those of a single difference.
        Others: Bonferroni's, with p-values corrected by the method.
    method
        ``components``: variance components with Satterthwaite's degrees of freedom. ``bootstrap``: intervals of the
        crossed bootstrap, of single differences at Bonferroni's level.
    seed
        Seed of the bootstrap.

    Raises
    ------
    HarnessError
        As in ``compare``.
    """
    names = list(runs)
    base = chosen_baseline(baseline, names)
    check_choices(pairs, correction, "users", confidence)
    if method not in get_args(SeedMethod):
        raise HarnessError(f"unknown seeds '{method}'. {did_you_mean(str(method), get_args(SeedMethod))}")
    given, runs = runs, {name: _distinct(run) for name, run in runs.items()}
    firsts = {name: run.tables[0] for name, run in runs.items()}
    every = {f"{name} {place}": table for name, run in runs.items() for place, table in enumerate(run.tables)}
    labels = shared_labels(every, metrics)
    primary = chosen_primary(primary, labels)
    check_metrics_alike(every, labels)
    reference = firsts[base]
    values = {
        name: [aligned_values(reference, table, name, base) for table in run.tables] for name, run in runs.items()
    }
    chosen = chosen_pairs(pairs, names, base)
    settings = ComparisonProtocol(
        pairs=pairs,
        test="variance components" if method == "components" else "crossed bootstrap",
        correction=correction,
        unit=UNIT,
        confidence=confidence,
        margin=dict(margin) if isinstance(margin, Mapping) else margin,
        seed=seed,
    )
    rows: list[PairedDifference] = []
    for label in labels:
        family = label == primary
        limit = margin_of(margin, label, labels)
        columns = _columns(values, runs, label)
        if columns is None:
            rows += [_untested(pair, label, runs) for pair in chosen]
            continue
        own: Correction = correction if family else "none"
        found = SeedDifferences(columns, chosen, own, confidence, method, seed)
        rows += list(_rows(found, firsts[base][label], settings, margin=limit, in_family=family))
    groups = _groups(values, runs, primary, confidence, firsts[base])
    return Comparison(
        differences=tuple(rows),
        values=pd.DataFrame(
            [{"run": name} | {label: _mean(run, label) for label in labels} for name, run in runs.items()]
        ),
        baseline=None if pairs == "all" else base,
        primary=primary,
        settings=settings,
        best=groups.best,
        groups=groups.letters,
        higher_is_better=reference[primary].higher_is_better,
        measured={name: mean_values(run.tables, labels, deterministic=run.deterministic) for name, run in runs.items()},
        notes=(*twin_notes(given, runs), *seed_notes(rows, primary, settings, runs)),
    )


def _distinct(run: SeededRun) -> SeededRun:
    """Return a run without the tables whose values of all users equal those of an earlier one."""
    found: dict[tuple[bytes, ...], MetricTable] = {}
    for table in run.tables:
        order = np.argsort(table.users, kind="stable")
        found.setdefault(tuple(values[order].tobytes() for _, values in sorted(table.user_values.items())), table)
    return replace(run, tables=tuple(found.values()))


def _columns(
    values: Mapping[str, Sequence[Mapping[str, Float64Array]]], runs: Mapping[str, SeededRun], label: str
) -> dict[str, SeedValues] | None:
    """Return the values of a metric by model; None for a metric over all lists."""
    if any(label not in of_seed for of_run in values.values() for of_seed in of_run):
        return None
    return {
        name: SeedValues(np.stack([of_seed[label] for of_seed in of_run]), runs[name].deterministic)
        for name, of_run in values.items()
    }


def _mean(run: SeededRun, label: str) -> float:
    return float(np.mean([table[label].value for table in run.tables]))


def _untested(pair: tuple[str, str], label: str, runs: Mapping[str, SeededRun]) -> PairedDifference:
    ours, theirs = (_mean(runs[name], label) for name in pair)
    row = PairedDifference(
        metric=label,
        candidate=pair[0],
        baseline=pair[1],
        candidate_value=ours,
        baseline_value=theirs,
        difference=ours - theirs,
        relative=(ours - theirs) / theirs if theirs else math.nan,
        n_seeds=len(runs[pair[0]].tables),
        n_seeds_baseline=len(runs[pair[1]].tables),
    )
    return replace(row, statement=statement(row, margin=None, family=None))


def _rows(
    found: SeedDifferences, value: MetricValue, settings: ComparisonProtocol, *, margin: float | None, in_family: bool
) -> Iterator[PairedDifference]:
    for place, (pair, (ours, theirs)) in enumerate(zip(found.pairs, found.sides, strict=True)):
        differences = ours.per_user - theirs.per_user
        gains = differences if value.higher_is_better else -differences
        error, nan = found.errors[place], math.nan
        low, high = found.together[place] if in_family else (nan, nan)
        nonzero = int(np.count_nonzero(differences))
        if in_family and nonzero < FEWEST_NONZERO:
            low, high = -math.inf, math.inf
        row = PairedDifference(
            metric=value.label,
            candidate=pair[0],
            baseline=pair[1],
            candidate_value=ours.mean,
            baseline_value=theirs.mean,
            difference=float(found.means[place]),
            ci_low=found.alone[place][0],
            ci_high=found.alone[place][1],
            ci_simultaneous_low=low,
            ci_simultaneous_high=high,
            relative=float(found.means[place]) / theirs.mean if theirs.mean else nan,
            test=settings.test,
            p_value=float(found.p_values[place]),
            p_adjusted=float(found.p_adjusted[place]) if in_family else nan,
            effect_size=standardised_effect(differences),
            wins=int((gains > 0).sum()),
            ties=int((gains == 0).sum()),
            losses=int((gains < 0).sum()),
            n_users=len(differences),
            n_nonzero=nonzero,
            n_seeds=ours.n_seeds,
            n_seeds_baseline=theirs.n_seeds,
            se_users=error.over_users,
            se_users_seeds=error.standard_error,
            mde=(float(found.critical[place]) + float(stdtrit(error.df, POWER))) * error.standard_error,
            unit=UNIT if ours.is_algorithm and theirs.is_algorithm else "users",
            verdict=verdict_code(low, high, margin=margin, higher_is_better=value.higher_is_better)
            if in_family
            else EXPLORATORY,
        )
        family = Family(len(found.pairs), settings.pairs == "all", 1 - settings.confidence) if in_family else None
        yield replace(row, statement=statement(row, margin=margin, family=family))


def _groups(
    values: Mapping[str, Sequence[Mapping[str, Float64Array]]],
    runs: Mapping[str, SeededRun],
    primary: str,
    confidence: float,
    reference: MetricTable,
) -> RankedGroups:
    columns = _columns(values, runs, primary)
    if columns is None:
        return RankedGroups((), None)
    pairs = list(itertools.combinations(columns, 2))
    found = SeedDifferences(columns, pairs, "maxt", confidence, "components", 0)
    shown = np.array([low > 0 or high < 0 for low, high in found.together])
    sign = 1.0 if reference[primary].higher_is_better else -1.0
    means = {name: sign * column.mean for name, column in columns.items()}
    return groups_of(means, shown)


def refuse_other_test(test: TestChoice) -> None:
    """Refuse a test that does not know seeds.

    Raises
    ------
    HarnessError
        The test is not ``auto``.
    """
    if test != "auto":
        raise HarnessError(
            f"the test {test!r} compares single runs, and these have several seeds, which are compared by variance "
            "components. Leave statistics.test at auto."
        )
