"""Build tables of runs, data and checkpoints for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import (
    CheckpointFacts,
    DatasetAudit,
    DatasetSummary,
    Finding,
    RunRecord,
    SourceSummary,
    TieTrial,
    to_json,
)
from harness.memory import size_text
from harness.report.comparison_rows import headline_labels
from harness.report.metric_matrix import metric_matrix
from harness.report.number_text import (
    NOTHING,
    clean,
    confidence_text,
    count_text,
    facts,
    interval_text,
    metric_text,
)
from harness.report.rich_tables import COLOURS, add_row, group_of, table_of, text_of
from harness.storage import CacheEntry

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from harness.artifacts import Facts

_SMALLEST_FACTOR = 1.005  # a smaller one would be printed as 1.00


def run_table(record: RunRecord) -> Group:
    """Return the metrics of a run by cutoff, its headline, and the warnings of its audits."""
    shown = clean(record)
    leading, users = shown.headline, shown.protocol.users
    title = ", ".join(part for part in (shown.name, shown.dataset.name) if part)
    title = title if users is None else f"{title}, {count_text(users)} users"
    metrics = metric_matrix(shown.metrics)
    table = table_of("", "metric", right=["no k" if k is None else f"@{k}" for k in metrics.cutoffs])
    for name, cells in metrics.rows:
        add_row(table, [name, *("" if cell is None else metric_text(cell.value) for cell in cells)])
    # The title of a table would be folded to the width of the table.
    lines: list[Any] = [text_of(title, "bold"), table]
    if leading is not None and leading.ci_low is not None:
        level = confidence_text(shown.experiment.statistics.confidence)
        interval = interval_text(leading.ci_low, leading.ci_high)
        lines.append(text_of(f"{leading.label} {metric_text(leading.value)}, {level} interval {interval}", "bold"))
    lines.extend(_finding(finding) for finding in shown.audits if finding.severity != "info")
    if shown.partial is not None:
        lines.append(text_of(shown.partial.sentence, "bold yellow"))
    return group_of(lines)


def facts_table(summary: DatasetSummary | SourceSummary) -> Group:
    """Return the statistics of a data set, one table per part, with warnings and audits as sentences."""
    shown = clean(summary)
    plain: dict[str, Any] = to_json(shown)
    parts = {key: value for key, value in plain.items() if isinstance(value, Mapping) and value}
    single = {key: value for key, value in plain.items() if key not in (*parts, "audits", "warnings")}
    lines: list[Any] = []
    if single:
        lines.append(_facts("", single))
    lines.extend(_facts(name, part) for name, part in parts.items())
    if isinstance(shown, DatasetSummary):
        lines.extend(text_of(f"warning: {one.sentence}", COLOURS["warning"]) for one in shown.dataset.warnings)
        lines.extend(map(_finding, shown.audits))
    return group_of(lines)


def checkpoint_table(checkpoint: CheckpointFacts) -> Group:
    """Return what a checkpoint holds: one table of tensors per state dict, with totals, and the rest as facts."""
    shown = clean(checkpoint)
    lines: list[Any] = [text_of(f"{shown.path}: {shown.format}, {_mebibytes(shown.bytes)} MiB on disk", "bold")]
    for state in shown.states:
        table = table_of(state.name, "tensor", right=("shape", "type", "values", "MiB"))
        for tensor in state.tensors:
            shape = " x ".join(map(str, tensor.shape)) or "scalar"
            size = _mebibytes(tensor.bytes)
            add_row(table, [" ".join(tensor.name.split()), shape, tensor.dtype, count_text(tensor.values), size])
        number, parameters = count_text(len(state.tensors)), count_text(state.parameters)
        tensors = "tensor" if number == "1" else "tensors"
        lines += [table, text_of(f"{number} {tensors}, {parameters} parameters, {state.size}", "bold")]
    if shown.other:
        lines.append(_facts("beside tensors", shown.other))
    return group_of(lines)


def power_table(metric: str, rows: Sequence[tuple[str, float, int, float]]) -> Group:
    """Return what claims need.

    Parameters
    ----------
    metric
        Label of the metric.
    rows
        Claim, effect, users that reach it with 80%, and the power with the users that were measured, or NaN.
    """
    table = table_of(clean(metric), "claim", right=("effect", "users for 80%", "power as measured"))
    for claim, effect, users, power in rows:
        add_row(
            table, [claim, metric_text(effect), count_text(users), NOTHING if math.isnan(power) else f"{power:.0%}"]
        )
    return group_of([table])


def cache_table(folder: Path, entries: Sequence[CacheEntry]) -> Group:
    """Return the entries of the cache, one per row, and their total size."""
    table = table_of(clean(str(folder)), "key", right=("run", "size", "last used", "in use"))
    for entry in entries:
        used = entry.used.isoformat(timespec="seconds").replace("+00:00", "Z")
        cells = [entry.key[:12], entry.name, size_text(entry.size), used, "yes" if entry.in_use else ""]
        add_row(table, clean(cells))
    total = size_text(sum(entry.size for entry in entries))
    return group_of([table, text_of(f"{len(entries)} in all, {total}", "bold")])


def audit_table(audit: DatasetAudit) -> Group:
    """Return audits as sentences with their worst cases, and a trial of the tie rules as a table."""
    shown = clean(audit)
    lines: list[Any] = [text_of(shown.name, "bold")]
    lines.extend(text_of(f"warning: {caution.sentence}", COLOURS["warning"]) for caution in shown.warnings)
    for finding in shown.audits:
        lines.append(_finding(finding))
        lines.extend(text_of(f"    {case}", "dim") for case in finding.cases)
    if shown.ties is not None:
        lines.extend(_tie_trial(shown.ties))
    return group_of(lines)


def _tie_trial(trial: TieTrial) -> list[Any]:
    if not trial.rows:
        return [text_of("No tie decides what is held out: every tie rule gives the same parts.", "bold")]
    labels = headline_labels(list(trial.ranges), trial.primary)
    title = f"{trial.baseline} under other tie rules, with all other settings equal"
    table = table_of(title, "ties", right=labels)
    for row in trial.rows:
        rule = row.ties if row.seed is None else f"{row.ties}, seed {row.seed}"
        add_row(table, [rule, *(metric_text(row.values[label]) for label in labels)])
    ratios = [
        f"{label} from {metric_text(span.low)} to {metric_text(span.high)}"
        + (f", a factor of {span.ratio:.2f}" if span.ratio and span.ratio >= _SMALLEST_FACTOR else "")
        for label, span in trial.ranges.items()
        if label in labels
    ]
    return [table, text_of("The tie rule alone moves " + "; ".join(ratios) + ".", "bold")]


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):,.4f}"


def _finding(finding: Finding) -> Text:
    return text_of(f"{finding.severity}: {finding.sentence}", COLOURS.get(finding.severity, ""))


def _facts(name: str, part: Facts) -> Table:
    table = table_of(name, "fact", "value")
    for row in facts(part):
        add_row(table, row)
    return table
