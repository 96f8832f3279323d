"""Repeat a comparison with other metric definitions and tests: ``harness compare --robustness``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness import statistics
from harness.artifacts import (
    NO_ITEM,
    Comparison,
    MetricChoice,
    MetricTable,
    Robustness,
    Rules,
)
from harness.errors import HarnessError
from harness.experiment import CONVENTIONS, expand_metrics, rules_of
from harness.metrics import AccuracyMetric, Metric
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.stored_lists import StoredLists, stored_lists
from harness.pipeline.stages.remeasurement import measured_again


@dataclass(frozen=True)
class _Definition:
    """The primary metric at all cutoffs, with options and rules of this package or of other libraries."""

    metrics: tuple[Metric, ...]
    rules: Rules
    conventions: tuple[str, ...] = ()


def robustness(runs: Mapping[str, StoredRun], comparison: Comparison) -> Robustness:
    """Repeat the tests of the primary metric with other definitions and tests, and count how often verdicts hold.

    The choices are the cutoffs that the runs have, the rules for ties, the definitions of other libraries, the tests,
    the corrections, and the unit. No model runs: the stored lists are measured again.

    Parameters
    ----------
    runs
        The runs of the comparison by name.
    comparison
        The comparison.

    Raises
    ------
    HarnessError
        The primary metric is not an accuracy metric of the lists, or the lists of a run cannot be read.
    """
    (primary,) = expand_metrics([comparison.primary], [1])
    if not isinstance(primary, AccuracyMetric) or primary.required:
        needs = f", which needs {' and '.join(primary.required)}" if primary.required else ""
        raise HarnessError(
            f"--robustness measures stored lists again, which is not possible for {comparison.primary}{needs}. Choose "
            "an accuracy metric of the lists, such as --set evaluation.primary=ndcg@10."
        )
    claims = statistics.plain_verdicts(comparison)
    lists = {name: stored_lists(run) for name, run in runs.items()}
    first = next(iter(runs.values())).table
    cutoffs = sorted({value.k for value in first.values if value.name == primary.name and value.k is not None})
    settings = comparison.settings
    variants = [
        variant
        for definition in _definitions(primary, cutoffs or [1], lists)
        for choice, tables in _measured(definition, lists)
        for variant in statistics.judged_variants(
            tables, choice, claims, confidence=settings.confidence, seed=settings.seed
        )
    ]
    tables = {name: run.table for name, run in runs.items()}
    return Robustness(
        claims=statistics.robust_claims(claims, variants),
        variants=tuple(variants),
        agreements=statistics.rank_agreements(comparison, tables),
        notes=tuple(_notes(lists)),
    )


def _definitions(primary: Metric, cutoffs: Sequence[int], lists: Mapping[str, StoredLists]) -> Iterator[_Definition]:
    """Yield each rule for ties with the metric as it is, then the definitions of libraries that differ from it."""
    own = expand_metrics([{"kind": primary.name, **primary.options}], cutoffs)
    ranked = all(each.ranks is not None for each in lists.values())
    ties = ("given", "expected", "worst", "best") if ranked else ("given",)
    rules = [Rules(ties=rule) for rule in ties]  # type: ignore[arg-type]
    yield from (_Definition(own, rule) for rule in rules)
    all_listed = all((each.topk.items != NO_ITEM).any(axis=1).all() for each in lists.values())
    reordered = _are_tied(lists)
    others: dict[tuple[tuple[Metric, ...], Rules], list[str]] = {}
    for name, convention in CONVENTIONS.items():
        if primary.name in convention.lacks:
            continue
        rule = rules_of(name)
        # Where there is no user without predictions, and no tie, these rules change nothing.
        rule = replace(rule, without_predictions="zero") if all_listed else rule
        rule = replace(rule, ties="given") if not reordered else rule
        metrics = expand_metrics([primary.name], cutoffs, convention=name)
        if (metrics, rule) != (own, rules[0]):
            others.setdefault((metrics, rule), []).append(name)
    for (metrics, rule), names in others.items():
        yield _Definition(metrics, rule, tuple(names))


def _are_tied(lists: Mapping[str, StoredLists]) -> bool:
    """Return whether lists with scores hold equal scores, so that the order of trec_eval is another one."""
    scores = [each.topk.scores for each in lists.values()]
    known = [each for each in scores if each is not None]
    return len(known) == len(scores) and any(
        bool(((each[:, 1:] == each[:, :-1]) & np.isfinite(each[:, 1:])).any()) for each in known
    )


def _measured(
    definition: _Definition, lists: Mapping[str, StoredLists]
) -> Iterator[tuple[MetricChoice, Mapping[str, MetricTable]]]:
    """Yield the tables of all runs for each metric of a definition, over the users that all runs count."""
    tables = {name: measured_again(each, definition.metrics, definition.rules) for name, each in lists.items()}
    if definition.rules.without_predictions == "drop":
        tables = _common_users(tables)
    rules = definition.rules
    for metric in definition.metrics:
        yield (
            MetricChoice(metric.label, metric.cutoff, rules.ties, rules.without_predictions, definition.conventions),
            tables,
        )


def _common_users(tables: Mapping[str, MetricTable]) -> dict[str, MetricTable]:
    """Return tables of the users that all of them have; contributions are left out."""
    common = set.intersection(*(set(table.users.tolist()) for table in tables.values()))
    found = {}
    for name, table in tables.items():
        kept = np.array([user in common for user in table.users.tolist()])
        values = {label: column[kept] for label, column in table.user_values.items()}
        found[name] = replace(table, users=table.users[kept], user_values=values, contributions=None)
    return found


def _notes(lists: Mapping[str, StoredLists]) -> Iterator[str]:
    if unranked := [name for name, each in lists.items() if each.ranks is None]:
        yield (
            f"The exact ranks of relevant items are not known for {', '.join(unranked)}, so that ties stay in the "
            "order of the lists."
        )
