"""Compare tables, results, folders of finished runs and experiments: ``harness.compare``."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping, Sequence

from pydantic import JsonValue

from harness import registry, statistics
from harness.artifacts import Comparison, MetricTable, RunRecord, to_json
from harness.errors import HarnessError
from harness.pipeline.commands.comparison_sources import RunSource, compared_groups
from harness.pipeline.run_folder.run_files import StoredRun

# Keys of a definition that depend on the lists: only where there are many pairs of lists, some of them are sampled.
_OF_THE_LISTS = frozenset({"pairs"})


def compare(
    runs: Mapping[str, RunSource | Sequence[RunSource]] | Sequence[RunSource],
    *,
    baseline: str | None = None,
    pairs: statistics.Pairs = "baseline",
    metrics: Sequence[str] | None = None,
    primary: str | None = None,
    test: statistics.TestChoice = "auto",
    correction: statistics.Correction = "maxt",
    unit: statistics.Unit = "users",
    margin: statistics.Margin | None = None,
    confidence: float = 0.95,
    seeds: statistics.SeedMethod = "components",
    seed: int = 0,
) -> Comparison:
    """Compare runs on the same users: with a baseline, or all pairs.

    Parameters
    ----------
    runs
        At least two runs by name, or a list of runs that have names. Each is a table of ``harness.evaluate``, which has
        no name, a result of ``harness.run``, the folder of a finished run, the id of a run in MLflow
        (``mlflow:RUN-ID``), an experiment, or the path of its file, in any mixture. Experiments are run, or read back
        where their run is finished. A list in a map holds one run per training seed of a model, as does an experiment
        with seeds; models are then compared over users and seeds.
    baseline
        Name of the run to compare with; the first run by default.
    pairs
        ``baseline``: compare each run with the baseline. ``all``: compare all pairs of runs.
    metrics
        Labels to compare, such as ``ndcg@10``; by default all that every run has.
    primary
        Label of the metric that decides; the others are exploratory. By default the only metric that is compared, else
        the one that the experiments of the runs name. Tables name none.
    test, correction, unit, margin, confidence, seeds, seed
        As in the section ``statistics`` of an experiment.

    Raises
    ------
    HarnessError
        Fewer than two runs, an unknown name, a folder that cannot be read, runs that were measured
        differently, experiments that name different primary metrics, or a margin that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> import harness
    >>> truth = harness.Truth.from_lists([[0], [1], [2]])
    >>> runs = {
    ...     name: harness.evaluate(harness.TopK(np.array(lists)), truth, metrics=["hit_rate"], cutoffs=[1], n_items=3)
    ...     for name, lists in {"a": [[0], [0], [0]], "b": [[0], [1], [0]]}.items()
    ... }
    >>> pairs = harness.compare(runs, baseline="a").pairs
    >>> pairs[["metric", "candidate", "wins", "ties", "losses"]].values.tolist()
    [['hit_rate@1', 'b', 1, 2, 0]]
    """
    groups = compared_groups(runs)
    several = any(group.is_seeded for group in groups.values())
    recorded = [run for group in groups.values() for run in group.runs if isinstance(run, StoredRun)]
    for other in recorded[1:]:
        check_same_task(recorded[0], other)
    primary = _primary(recorded, metrics) if primary is None else primary
    tables = {name: tuple(_table(run) for run in group.runs) for name, group in groups.items()}
    if several:
        _check_seeds(tables, test, unit)
        comparison = statistics.compare_seeds(
            {name: statistics.SeededRun(tables[name], _is_deterministic(group.runs)) for name, group in groups.items()},
            baseline=baseline,
            pairs=pairs,
            metrics=metrics,
            primary=primary,
            correction=correction,
            margin=margin,
            confidence=confidence,
            method=seeds,
            seed=seed,
        )
    else:
        comparison = statistics.compare(
            {name: found[0] for name, found in tables.items()},
            baseline=baseline,
            pairs=pairs,
            metrics=metrics,
            primary=primary,
            test=test,
            correction=correction,
            unit=unit,
            margin=margin,
            confidence=confidence,
            seed=seed,
        )
    return dataclasses.replace(comparison, notes=(*_candidate_notes(recorded), *comparison.notes))


def check_same_task(one: StoredRun, other: StoredRun) -> None:
    """Refuse two runs whose numbers do not mean the same.

    Raises
    ------
    HarnessError
        Split, part, candidates, users or metric definitions differ; the message names which.
    """
    shared = {value.label for value in one.record.metrics} & {value.label for value in other.record.metrics}
    ours, theirs = _task_facts(one.record, shared), _task_facts(other.record, shared)
    for key, value in ours.items():
        if value != theirs[key]:
            raise HarnessError(
                f"'{one.name}' and '{other.name}' cannot be compared: {key} differs ({value} and {theirs[key]}). "
                "Run both with the same protocol."
            )


def _task_facts(record: RunRecord, labels: Container[str]) -> dict[str, JsonValue]:
    """Return the facts that two runs must share for their numbers to mean the same, by the key that messages name."""
    return {
        "fingerprints.split": record.fingerprints["split"],
        "evaluation.part": record.protocol.part,
        "candidates": to_json(record.protocol.candidates),
        "runner.limit_users": record.experiment.runner.limit_users,
        "metric definitions": {
            value.label: {name: option for name, option in value.variant.items() if name not in _OF_THE_LISTS}
            for value in record.metrics
            if value.label in labels
        },
    }


def _table(run: MetricTable | StoredRun) -> MetricTable:
    return run.table if isinstance(run, StoredRun) else run


def _check_seeds(tables: Mapping[str, Sequence[MetricTable]], test: statistics.TestChoice, unit: str) -> None:
    """Check the settings of a comparison of models with several seeds."""
    empty = next((name for name, group in tables.items() if not group), None)
    if empty is not None:
        raise HarnessError(f"the model '{empty}' has no runs. Give one per training seed.")
    statistics.refuse_other_test(test)
    if unit != "users":
        raise HarnessError(
            f"unit {unit} compares single runs, and these have several seeds, which are compared over users and seeds. "
            "Leave unit at users."
        )


def _is_deterministic(group: Sequence[MetricTable | StoredRun]) -> bool:
    """Return whether a model is declared not to depend on a seed; nothing is known of tables."""
    first = group[0]
    kind = first.record.experiment.model.kind if isinstance(first, StoredRun) else None
    if kind is None or kind not in registry.names("models"):
        return False
    return bool(registry.load("models", kind).deterministic)


def _primary(recorded: Sequence[StoredRun], metrics: Sequence[str] | None) -> str | None:
    """Return the label of the metric that decides, where the caller names none."""
    if metrics is not None and len(metrics) == 1:
        return metrics[0]
    named = {run.name: run.record.experiment.evaluation.primary for run in recorded}
    if len(set(named.values())) > 1:
        each = ", ".join(f"{label} of '{name}'" for name, label in named.items())
        raise HarnessError(f"the runs have different primary metrics: {each}. Name the one that decides as primary.")
    return next(iter(named.values()), None)


def _candidate_notes(recorded: Sequence[StoredRun]) -> tuple[str, ...]:
    return recorded[0].record.sampled_candidates if recorded else ()
