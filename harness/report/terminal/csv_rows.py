"""Arrange results as rows of a CSV file, with unrounded numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from harness.artifacts import (
    PAIR_COLUMNS,
    Comparison,
    DatasetAudit,
    DatasetSummary,
    Facts,
    RunDifference,
    RunRecord,
    SourceSummary,
    flat_items,
    to_json,
)
from harness.experiment.conventions import Convention
from harness.metrics.metric_facts import MetricFacts
from harness.report.terminal.metric_catalogue import options_text

Row: TypeAlias = Facts  # values of JSON by column


def run_rows(record: RunRecord) -> list[Row]:
    """Return one row per metric of a run."""
    return [{"run": record.name, **dict(flat_items(to_json(value)))} for value in record.metrics]


def comparison_rows(comparison: Comparison) -> list[Row]:
    """Return one row per metric and pair of runs, as in ``comparison.csv``."""
    plain = [to_json(difference) for difference in comparison.differences]
    return [{column: row[column] for column in PAIR_COLUMNS} for row in plain]


def audit_rows(audit: DatasetAudit) -> list[Row]:
    """Return one row per audit and, after a trial of the tie rules, one row per rule with the metrics."""
    rows: list[Row] = [{"audit": warning.name, "severity": "warning", **to_json(warning)} for warning in audit.warnings]
    rows += [{"audit": finding.name, "severity": finding.severity, **to_json(finding)} for finding in audit.audits]
    rows += [] if audit.ties is None else [{"audit": "tie_rule", **to_json(row)} for row in audit.ties.rows]
    return [{key: value for key, value in row.items() if key != "name"} for row in rows]


def facts_rows(summary: DatasetSummary | SourceSummary) -> list[Row]:
    """Return one row per fact of a data set, with its dotted key."""
    return [{"fact": key, "value": value} for key, value in flat_items(to_json(summary))]


def difference_rows(difference: RunDifference) -> list[Row]:
    """Return one row per fact that differs, then one per step from one value to the other."""
    rows: list[Row] = [
        {"part": "fact", "stage": fact.stage, "key": fact.key, "a": fact.a, "b": fact.b} for fact in difference.facts
    ]
    before = difference.value_a
    for step in difference.steps:
        numbers = {"a": before, "b": step.value, "change": step.change, "n_users": step.n_users}
        rows.append({"part": "step", "stage": step.step, "key": step.meaning, **to_json(numbers)})
        before = step.value
    return rows


def metric_rows(metrics: Sequence[MetricFacts]) -> list[Row]:
    """Return one row per metric of the catalogue."""
    return [{**to_json(metric), "options": "; ".join(options_text(metric))} for metric in metrics]


def convention_rows(conventions: Mapping[str, Convention]) -> list[Row]:
    """Return one row per convention."""
    return [{"name": name, **dict(flat_items(to_json(each)))} for name, each in conventions.items()]
