"""Compare runs: paired differences, tests of significance, and verdicts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from harness.artifacts import Comparison, ComparisonProtocol, MetricTable
from harness.statistics.best_runs import RankedGroups, ranked_groups
from harness.statistics.comparison_arguments import (
    Margin,
    Pairs,
    TestChoice,
    Unit,
    aligned_values,
    check_choices,
    check_metrics_alike,
    chosen_baseline,
    chosen_pairs,
    chosen_primary,
    chosen_test,
    margin_of,
    name_of_test,
    shared_labels,
    user_keys,
)
from harness.statistics.comparison_notes import comparison_notes, slice_notes
from harness.statistics.correction import Correction
from harness.statistics.item_clusters import ItemClusters, check_items, positions_of
from harness.statistics.paired_differences import ComparedRuns, paired_differences
from harness.statistics.slice_comparison import compare_slices
from harness.statistics.tie_notes import tie_notes


def compare(
    tables: Mapping[str, MetricTable],
    *,
    baseline: str | None = None,
    pairs: Pairs = "baseline",
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    test: TestChoice = "auto",
    correction: Correction = "maxt",
    unit: Unit = "users",
    margin: Margin | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare runs on the same users.

    For each per-user metric, the values of two runs are paired by user. The comparisons in the primary metric are one
    family: their p-values, simultaneous intervals and verdicts hold together. Those in other metrics, and in groups of
    users and items, are exploratory and get no verdict. Metrics over all lists (coverage, diversity) have a difference,
    but no test.

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
    unit
        What the verdicts generalise to. ``users``: other users, and these items. ``users_items``: other users and other
        items, by standard errors that are clustered by both; tables then need contributions of items
        (``harness.evaluate(…, by_item=True)``), and the primary metric is a sum over relevant items.
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
    check_choices(pairs, correction, unit, confidence)
    labels = shared_labels(tables, metrics)
    primary = chosen_primary(primary, labels)
    check_metrics_alike(tables, labels)
    tester = chosen_test(test, seed)
    values = {name: aligned_values(tables[base], table, name, base) for name, table in tables.items()}
    clusters = ItemClusters.of(tables)
    if unit == "users_items":
        check_items(clusters, primary)
    runs = ComparedRuns(tables, values, user_keys(tables[base]), clusters)
    chosen = chosen_pairs(pairs, names, base)
    settings = ComparisonProtocol(
        pairs=pairs,
        test=name_of_test(tester),
        correction=correction,
        unit=unit,
        confidence=confidence,
        margin=dict(margin) if isinstance(margin, Mapping) else margin,
        seed=seed,
    )
    differences = [
        difference
        for label in labels
        for difference in paired_differences(
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
    positions = {name: positions_of(tables[base].users, table.users) for name, table in tables.items()}
    slices = compare_slices(runs, positions, primary, chosen, tester=tester, settings=settings)
    return Comparison(
        differences=(*differences, *slices.differences),
        values=pd.DataFrame([{"run": name} | {label: tables[name][label].value for label in labels} for name in names]),
        baseline=None if pairs == "all" else base,
        primary=primary,
        settings=settings,
        best=groups.best,
        groups=groups.letters,
        contrasts=slices.contrasts,
        higher_is_better=tables[base][primary].higher_is_better,
        measured={name: tuple(table[label] for label in labels) for name, table in tables.items()},
        notes=(
            *tie_notes(tables, baseline=base, label=primary),
            *comparison_notes(differences, primary, settings, n_runs=len(names), n_best=len(groups.best)),
            *slice_notes(slices.names),
        ),
    )


def _groups(runs: ComparedRuns, primary: str, settings: ComparisonProtocol) -> RankedGroups:
    """Return the runs that none beats, and the letters, in a family of all pairs in the primary metric."""
    columns = {name: values[primary] for name, values in runs.values.items() if primary in values}
    if len(columns) < len(runs.tables):
        return RankedGroups((), None)
    also = None
    if settings.unit == "users_items" and runs.clusters is not None:
        pairs = list(itertools.combinations(columns, 2))
        differences = [columns[one] - columns[other] for one, other in pairs]
        errors = runs.clusters.errors(primary, pairs, differences)
        if errors is not None:
            critical = errors.critical("maxt", settings.confidence)
            means = np.array([difference.mean() for difference in differences])
            also = np.abs(means) > critical * errors.standard_errors
    return ranked_groups(
        columns,
        runs.keys,
        higher_is_better=next(iter(runs.tables.values()))[primary].higher_is_better,
        confidence=settings.confidence,
        seed=settings.seed,
        also=also,
    )
