"""Build tables for the terminal. Text from outside is never markup of rich."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import (
    CheckpointFacts,
    Comparison,
    DatasetAudit,
    DatasetSummary,
    Finding,
    GroupContrast,
    PairedDifference,
    Robustness,
    RunRecord,
    SourceSummary,
    TieTrial,
    to_json,
)
from harness.memory import size_text
from harness.report.comparison_rows import ValueRow, headline_labels, shown_interval, value_rows
from harness.report.metric_matrix import metric_matrix
from harness.report.number_text import (
    NOTHING,
    clean,
    confidence_text,
    count_text,
    facts,
    interval_text,
    metric_text,
    p_text,
    signed,
    signed_percent,
    verdict_text,
)
from harness.report.robustness_text import robustness_text
from harness.storage import CacheEntry

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from harness.artifacts import Facts

_COLOURS = {
    **dict.fromkeys(("better_by_margin", "better", "higher"), "green"),
    **dict.fromkeys(("worse_by_margin", "worse", "lower", "error"), "red"),
    **dict.fromkeys(("differs_within_margin", "equivalent", "not_worse", "not_better"), "blue"),
    "warning": "yellow",
}
_SMALLEST_FACTOR = 1.005  # a smaller one would be printed as 1.00


def run_table(record: RunRecord) -> Group:
    """Return the metrics of a run by cutoff, its headline, and the warnings of its audits."""
    shown = clean(record)
    leading, users = shown.headline, shown.protocol.users
    title = ", ".join(part for part in (shown.name, shown.dataset.name) if part)
    title = title if users is None else f"{title}, {count_text(users)} users"
    metrics = metric_matrix(shown.metrics)
    table = _table("", "metric", right=["no k" if k is None else f"@{k}" for k in metrics.cutoffs])
    for name, cells in metrics.rows:
        _row(table, [name, *("" if cell is None else metric_text(cell.value) for cell in cells)])
    # The title of a table would be folded to the width of the table.
    lines: list[Any] = [_text(title, "bold"), table]
    if leading is not None and leading.ci_low is not None:
        level = confidence_text(shown.experiment.statistics.confidence)
        interval = interval_text(leading.ci_low, leading.ci_high)
        lines.append(_text(f"{leading.label} {metric_text(leading.value)}, {level} interval {interval}", "bold"))
    lines.extend(_finding(finding) for finding in shown.audits if finding.severity != "info")
    if shown.partial is not None:
        lines.append(_text(shown.partial.sentence, "bold yellow"))
    return _group(lines)


def comparison_table(comparison: Comparison, records: Sequence[RunRecord] = ()) -> Group:
    """Return the values of all runs, the differences in the primary metric, and the notes.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs; the stamps of partial runs are shown.
    """
    values, compared = value_rows(comparison), clean(comparison)
    labels = list(values[0].values) if values else []
    leading = compared.primary
    rows = [pair for pair in compared.overall if pair.metric == leading]
    notes = [_text(note, "dim") for note in compared.notes]
    partial = dict.fromkeys(clean(record.partial.sentence) for record in records if record.partial is not None)
    stamps = [_text(sentence, "bold yellow") for sentence in (*partial, *compared.stamps)]
    title = f"{leading}, all pairs" if compared.baseline is None else f"{leading} against {compared.baseline}"
    statements = [_text(f"{_pair_name(row, compared)}: {row.statement}") for row in rows if row.statement]
    best = set(compared.best) if len(compared.best) < len(values) else set()
    return _group(
        [
            _value_table(values, headline_labels(labels, leading), best=best, groups=compared.groups),
            _pair_table(rows, title, compared),
            *statements,
            *_contrasts(compared),
            *notes,
            *stamps,
        ]
    )


def robustness_lines(robustness: Robustness, primary: str) -> Group:
    """Return how far the verdicts hold under other choices."""
    return _group([_text(line) for line in robustness_text(robustness, primary)])


def _contrasts(comparison: Comparison) -> list[Text]:
    """Return the contrasts of groups that differ, or that none does."""
    differ = [
        _text(f"{_pair_name(row, comparison)}: {row.statement}")
        for row in comparison.contrasts
        if row.verdict == "differs"
    ]
    if differ or not comparison.contrasts:
        return differ
    return [
        _text(f"No two groups are shown to differ in {comparison.primary}, in {len(comparison.contrasts)} contrasts.")
    ]


def _pair_name(pair: PairedDifference | GroupContrast, comparison: Comparison) -> str:
    return pair.candidate if comparison.baseline is not None else f"{pair.candidate} and {pair.baseline}"


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
        lines.extend(_text(f"warning: {one.sentence}", _COLOURS["warning"]) for one in shown.dataset.warnings)
        lines.extend(map(_finding, shown.audits))
    return _group(lines)


def checkpoint_table(checkpoint: CheckpointFacts) -> Group:
    """Return what a checkpoint holds: one table of tensors per state dict, with totals, and the rest as facts."""
    shown = clean(checkpoint)
    lines: list[Any] = [_text(f"{shown.path}: {shown.format}, {_mebibytes(shown.bytes)} MiB on disk", "bold")]
    for state in shown.states:
        table = _table(state.name, "tensor", right=("shape", "type", "values", "MiB"))
        for tensor in state.tensors:
            shape = " x ".join(map(str, tensor.shape)) or "scalar"
            size = _mebibytes(tensor.bytes)
            _row(table, [" ".join(tensor.name.split()), shape, tensor.dtype, count_text(tensor.values), size])
        number, parameters = count_text(len(state.tensors)), count_text(state.parameters)
        tensors = "tensor" if number == "1" else "tensors"
        lines += [table, _text(f"{number} {tensors}, {parameters} parameters, {state.size}", "bold")]
    if shown.other:
        lines.append(_facts("beside tensors", shown.other))
    return _group(lines)


def power_table(metric: str, rows: Sequence[tuple[str, float, int, float]]) -> Group:
    """Return what claims need.

    Parameters
    ----------
    metric
        Label of the metric.
    rows
        Claim, effect, users that reach it with 80%, and the power with the users that were measured, or NaN.
    """
    table = _table(clean(metric), "claim", right=("effect", "users for 80%", "power as measured"))
    for claim, effect, users, power in rows:
        _row(table, [claim, metric_text(effect), count_text(users), NOTHING if math.isnan(power) else f"{power:.0%}"])
    return _group([table])


def cache_table(folder: Path, entries: Sequence[CacheEntry]) -> Group:
    """Return the entries of the cache, one per row, and their total size."""
    table = _table(clean(str(folder)), "key", right=("run", "size", "last used", "in use"))
    for entry in entries:
        used = entry.used.isoformat(timespec="seconds").replace("+00:00", "Z")
        cells = [entry.key[:12], entry.name, size_text(entry.size), used, "yes" if entry.in_use else ""]
        _row(table, clean(cells))
    total = size_text(sum(entry.size for entry in entries))
    return _group([table, _text(f"{len(entries)} in all, {total}", "bold")])


def audit_table(audit: DatasetAudit) -> Group:
    """Return audits as sentences with their worst cases, and a trial of the tie rules as a table."""
    shown = clean(audit)
    lines: list[Any] = [_text(shown.name, "bold")]
    lines.extend(_text(f"warning: {caution.sentence}", _COLOURS["warning"]) for caution in shown.warnings)
    for finding in shown.audits:
        lines.append(_finding(finding))
        lines.extend(_text(f"    {case}", "dim") for case in finding.cases)
    if shown.ties is not None:
        lines.extend(_tie_trial(shown.ties))
    return _group(lines)


def _tie_trial(trial: TieTrial) -> list[Any]:
    if not trial.rows:
        return [_text("No tie decides what is held out: every tie rule gives the same parts.", "bold")]
    labels = headline_labels(list(trial.ranges), trial.primary)
    title = f"{trial.baseline} under other tie rules, with all other settings equal"
    table = _table(title, "ties", right=labels)
    for row in trial.rows:
        rule = row.ties if row.seed is None else f"{row.ties}, seed {row.seed}"
        _row(table, [rule, *(metric_text(row.values[label]) for label in labels)])
    ratios = [
        f"{label} from {metric_text(span.low)} to {metric_text(span.high)}"
        + (f", a factor of {span.ratio:.2f}" if span.ratio and span.ratio >= _SMALLEST_FACTOR else "")
        for label, span in trial.ranges.items()
        if label in labels
    ]
    return [table, _text("The tie rule alone moves " + "; ".join(ratios) + ".", "bold")]


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):,.4f}"


def _finding(finding: Finding) -> Text:
    return _text(f"{finding.severity}: {finding.sentence}", _COLOURS.get(finding.severity, ""))


def _value_table(
    rows: Sequence[ValueRow], labels: Sequence[str], *, best: Container[str], groups: Mapping[str, str] | None
) -> Table:
    """Return the values by run, with a star for the set of the best, and letters of groups of three runs or more."""
    lettered = groups is not None and len(rows) > 2
    table = _table("values", "run", right=[*labels, *(["group"] if lettered else [])])
    for row in rows:
        name = f"{row.run} *" if row.run in best else row.run
        letters = [groups.get(row.run, "")] if groups is not None and lettered else []
        _row(table, [name, *(metric_text(row.values[label]) for label in labels), *letters])
    return table


def _pair_table(pairs: Sequence[PairedDifference], title: str, comparison: Comparison) -> Table:
    numbers = ("difference", "interval", "relative", "p adjusted", "wins/ties/losses")
    table = _table(title, "run", right=numbers)
    table.add_column("verdict")
    for pair in pairs:
        counts = NOTHING if pair.wins is None else "/".join(map(count_text, (pair.wins, pair.ties, pair.losses)))
        cells = [
            _pair_name(pair, comparison),
            signed(pair.difference),
            interval_text(*shown_interval(pair)),
            signed_percent(pair.relative),
            p_text(pair.p_adjusted),
            counts,
        ]
        table.add_row(*map(_text, cells), _text(verdict_text(pair.verdict), _COLOURS.get(pair.verdict, "")))
    return table


def _facts(name: str, part: Facts) -> Table:
    table = _table(name, "fact", "value")
    for row in facts(part):
        _row(table, row)
    return table


def _table(title: str, *left: str, right: Sequence[str] = ()) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=_text(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(_text(name), justify="right")
    return table


def _group(lines: Sequence[Any]) -> Group:
    from rich.console import Group

    return Group(*lines)


def _row(table: Table, cells: Sequence[str]) -> None:
    table.add_row(*map(_text, cells))


def _text(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(words, style)
