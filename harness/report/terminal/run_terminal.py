"""Build the output of commands on runs, data and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import (
    CatalogueEntry,
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
from harness.report.pages.metric_matrix import metric_matrix
from harness.report.terminal.printout import Printout
from harness.report.terminal.rich_tables import COLOURS
from harness.report.terminal.text_table import Block, StyledText, TableColumn, TextTable, numbers, table_of
from harness.report.texts.comparison_rows import headline_labels
from harness.report.texts.number_text import (
    NOTHING,
    clean,
    confidence_text,
    count_text,
    facts,
    interval_text,
    metric_text,
)
from harness.storage import CacheEntry

if TYPE_CHECKING:
    from harness.artifacts import Facts

_SMALLEST_FACTOR = 1.005  # a smaller one would be printed as 1.00


def run_table(record: RunRecord) -> Printout:
    """Return the metrics of a run by cutoff, its headline, and the warnings of its audits."""
    shown = clean(record)
    leading, users = shown.headline, shown.protocol.users
    title = ", ".join(part for part in (shown.name, shown.dataset.name) if part)
    title = title if users is None else f"{title}, {count_text(users)} users"
    metrics = metric_matrix(shown.metrics)
    columns = numbers(*("no k" if k is None else f"@{k}" for k in metrics.cutoffs))
    rows = [
        [name, *("" if cell is None else metric_text(cell.value) for cell in cells)] for name, cells in metrics.rows
    ]
    blocks: list[Block] = [
        StyledText(title, "bold"),
        table_of("", [TableColumn("metric"), *columns], rows, splits=True),
    ]
    if leading is not None and leading.ci_low is not None:
        level = confidence_text(shown.experiment.statistics.confidence)
        interval = interval_text(leading.ci_low, leading.ci_high)
        blocks.append(StyledText(f"{leading.label} {metric_text(leading.value)}, {level} interval {interval}", "bold"))
    blocks.extend(_finding(finding) for finding in shown.audits if finding.severity != "info")
    if shown.partial is not None:
        blocks.append(StyledText(shown.partial.sentence, "bold yellow"))
    return Printout(tuple(blocks))


def facts_table(summary: DatasetSummary | SourceSummary) -> Printout:
    """Return the statistics of a data set, one table per part, with warnings and audits as sentences."""
    shown = clean(summary)
    plain: dict[str, Any] = to_json(shown)
    parts = {key: value for key, value in plain.items() if isinstance(value, Mapping) and value}
    single = {key: value for key, value in plain.items() if key not in (*parts, "audits", "warnings")}
    blocks: list[Block] = []
    if single:
        blocks.append(_facts("", single))
    blocks.extend(_facts(name, part) for name, part in parts.items())
    if isinstance(shown, DatasetSummary):
        blocks.extend(StyledText(f"warning: {one.sentence}", COLOURS["warning"]) for one in shown.dataset.warnings)
        blocks.extend(map(_finding, shown.audits))
    return Printout(tuple(blocks))


def catalogue_table(entries: Sequence[CatalogueEntry]) -> Printout:
    """Return the data sets of the catalogue, one per row."""
    columns = [
        TableColumn("name"),
        TableColumn("what it is"),
        TableColumn("licence", rank=1),
        *numbers("users", "items", rank=3),
        *numbers("interactions"),
        *numbers("download", rank=2),
    ]
    rows = [
        [
            entry.name,
            entry.description,
            entry.licence,
            *(count_text(count) for count in (entry.users, entry.items, entry.interactions)),
            size_text(entry.size) if entry.size else "none",
        ]
        for entry in map(clean, entries)
    ]
    return Printout((table_of("Data sets", columns, rows),))


def checkpoint_table(checkpoint: CheckpointFacts) -> Printout:
    """Return what a checkpoint holds: one table of tensors per state dict, with totals, and the rest as facts."""
    shown = clean(checkpoint)
    blocks: list[Block] = [
        StyledText(f"{shown.path}: {shown.format}, {_mebibytes(shown.bytes)} MiB on disk", "bold"),
    ]
    columns = [TableColumn("tensor"), *numbers("shape", "type"), *numbers("values", rank=1), *numbers("MiB", rank=2)]
    for state in shown.states:
        rows = []
        for tensor in state.tensors:
            shape = " x ".join(map(str, tensor.shape)) or "scalar"
            rows.append([tensor.name, shape, tensor.dtype, count_text(tensor.values), _mebibytes(tensor.bytes)])
        number, parameters = count_text(len(state.tensors)), count_text(state.parameters)
        tensors = "tensor" if number == "1" else "tensors"
        blocks.append(table_of(state.name, columns, rows))
        blocks.append(StyledText(f"{number} {tensors}, {parameters} parameters, {state.size}", "bold"))
    if shown.other:
        blocks.append(_facts("beside tensors", shown.other))
    return Printout(tuple(blocks))


def power_table(metric: str, rows: Sequence[tuple[str, float, int, float]]) -> TextTable:
    """Return what claims need.

    Parameters
    ----------
    metric
        Label of the metric.
    rows
        Claim, effect, users that reach it with 80%, and the power with the users that were measured, or NaN.
    """
    columns = [TableColumn("claim"), *numbers("effect", "users for 80%"), *numbers("power as measured", rank=1)]
    cells = [
        [claim, metric_text(effect), count_text(users), NOTHING if math.isnan(power) else f"{power:.0%}"]
        for claim, effect, users, power in rows
    ]
    return table_of(clean(metric), columns, cells)


def cache_table(folder: Path, entries: Sequence[CacheEntry]) -> Printout:
    """Return the entries of the cache, one per row, and their total size."""
    columns = [
        TableColumn("key", number=True, rank=3),
        TableColumn("run"),
        *numbers("size"),
        TableColumn("last used", number=True, rank=1),
        TableColumn("in use", rank=2),
    ]
    rows = [
        [
            entry.key[:12],
            entry.name,
            size_text(entry.size),
            entry.used.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "yes" if entry.in_use else "",
        ]
        for entry in entries
    ]
    total = size_text(sum(entry.size for entry in entries))
    return Printout(
        (table_of(clean(str(folder)), columns, clean(rows)), StyledText(f"{len(entries)} in all, {total}", "bold"))
    )


def audit_table(audit: DatasetAudit) -> Printout:
    """Return audits as sentences with their worst cases, and a trial of the tie rules as a table."""
    shown = clean(audit)
    blocks: list[Block] = [StyledText(shown.name, "bold")]
    blocks.extend(StyledText(f"warning: {caution.sentence}", COLOURS["warning"]) for caution in shown.warnings)
    for finding in shown.audits:
        blocks.append(_finding(finding))
        blocks.extend(StyledText(case, "dim", indent=4) for case in finding.cases)
    if shown.ties is not None:
        blocks.extend(_tie_trial(shown.ties))
    return Printout(tuple(blocks))


def _tie_trial(trial: TieTrial) -> list[Block]:
    if not trial.rows:
        return [StyledText("No tie decides what is held out: every tie rule gives the same parts.", "bold")]
    labels = headline_labels(list(trial.ranges), trial.primary)
    rows = []
    for row in trial.rows:
        rule = row.ties if row.seed is None else f"{row.ties}, seed {row.seed}"
        rows.append([rule, *(metric_text(row.values[label]) for label in labels)])
    title = f"{trial.baseline} under other tie rules, with all other settings equal"
    columns = [TableColumn("ties"), *numbers(*labels)]
    ratios = [
        f"{label} from {metric_text(span.low)} to {metric_text(span.high)}"
        + (f", a factor of {span.ratio:.2f}" if span.ratio and span.ratio >= _SMALLEST_FACTOR else "")
        for label, span in trial.ranges.items()
        if label in labels
    ]
    moves = StyledText("The tie rule alone moves " + "; ".join(ratios) + ".", "bold")
    return [table_of(title, columns, rows, splits=True), moves]


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):,.4f}"


def _finding(finding: Finding) -> StyledText:
    return StyledText(f"{finding.severity}: {finding.sentence}", COLOURS.get(finding.severity, ""))


def _facts(name: str, part: Facts) -> TextTable:
    return table_of(name, [TableColumn("fact"), TableColumn("value")], facts(part))
