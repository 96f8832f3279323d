"""Tables for the terminal. What comes from outside is text to rich, never its markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.artifacts import Comparison
from harness.memory import size_text
from harness.report.comparison_rows import headline_labels, pair_rows, value_rows
from harness.report.metric_matrix import banner, complete, headline, matrix
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
)

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

_COLOURS = {"better": "green", "worse": "red", "equivalent": "blue", "error": "red", "warning": "yellow"}


def run_table(results: Mapping[str, Any]) -> Group:
    """Return a run's metrics by cutoff, its headline, and what its audits warn of."""
    from rich.console import Group
    from rich.text import Text

    shown = complete(clean(results))
    leading = headline(shown)
    title = ", ".join(str(part) for part in (shown["name"], shown["dataset"]["name"]) if part)
    users = shown["protocol"].get("users")
    title = title if users is None else f"{title}, {count_text(users)} users"
    table = _table("", left=("metric",))
    metrics = matrix(shown["metrics"])
    for k in metrics.cutoffs:
        table.add_column("no k" if k is None else f"@{k}", justify="right")
    for name, cells in metrics.rows:
        _row(table, [name, *("" if cell is None else metric_text(cell["value"]) for cell in cells)])
    # Above the table rather than its title, which would be folded to the table's width.
    lines: list[Any] = [Text(title, "bold"), table]
    if leading is not None and leading["ci_low"] is not None:
        level = confidence_text(shown["experiment"].get("statistics", {}).get("confidence"))
        interval = interval_text(leading["ci_low"], leading["ci_high"])
        lines.append(Text(f"{leading['label']} {metric_text(leading['value'])}, {level} interval {interval}", "bold"))
    lines.extend(_audit(audit) for audit in shown["audits"] if audit["severity"] != "info")
    if shown["partial"]:
        lines.append(Text(banner(shown), "bold yellow"))
    return Group(*lines)


def comparison_table(comparison: Comparison, runs: Sequence[Mapping[str, Any]] = ()) -> Group:
    """Return the values of all runs, the differences in the primary metric, and the notes.

    Parameters
    ----------
    comparison
        Differences and values.
    runs
        What each run's ``results.json`` holds: that one was measured on some users alone is said.
    """
    from rich.console import Group
    from rich.text import Text

    values, pairs = value_rows(comparison), pair_rows(comparison)
    labels = [label for label in values[0] if label != "run"] if values else []
    leading = clean(comparison.primary) or (labels[0] if labels else None)
    shown = headline_labels(labels, leading)
    rows = [pair for pair in pairs if pair["metric"] == leading]
    notes = [Text(note, "dim") for note in clean(list(comparison.notes))]
    partial = dict.fromkeys(banner(run) for run in map(complete, map(clean, runs)) if run["partial"])
    stamps = [Text(stamp, "bold yellow") for stamp in partial]
    pair_table = _pair_table(rows, f"{leading} against {comparison.baseline}")
    return Group(_value_table(values, shown), pair_table, *notes, *stamps)


def facts_table(values: Mapping[str, Any]) -> Group:
    """Return nested facts as one table a part, warnings and audits as sentences."""
    from rich.console import Group

    shown = clean(values)
    parts = {key: value for key, value in shown.items() if isinstance(value, Mapping) and value}
    single = {key: value for key, value in shown.items() if key not in (*parts, "audits", "warnings")}
    lines: list[Any] = []
    if single:
        lines.append(_facts("", single))
    lines.extend(_facts(name, part) for name, part in parts.items())
    lines.extend(_audit({"severity": "warning", **warning}) for warning in shown.get("warnings", []))
    lines.extend(_audit(audit) for audit in shown.get("audits", []))
    return Group(*lines)


def checkpoint_table(values: Mapping[str, Any]) -> Group:
    """Return what a checkpoint holds: its tensors, a table a state dict with totals, and the rest as facts."""
    from rich.console import Group
    from rich.text import Text

    shown = clean(values)
    lines: list[Any] = [Text(f"{shown['path']}: {shown['format']}, {_mebibytes(shown['bytes'])} MiB on disk", "bold")]
    for state in shown["states"]:
        table = _table(state["name"], left=("tensor",))
        for name in ("shape", "type", "values", "MiB"):
            table.add_column(name, justify="right")
        for tensor in state["tensors"]:
            shape = " x ".join(map(str, tensor["shape"])) or "scalar"
            size = _mebibytes(tensor["bytes"])
            _row(table, [" ".join(tensor["name"].split()), shape, tensor["dtype"], count_text(tensor["values"]), size])
        number, parameters = count_text(len(state["tensors"])), count_text(state["parameters"])
        tensors = "tensor" if number == "1" else "tensors"
        lines += [table, Text(f"{number} {tensors}, {parameters} parameters, {state['size']}", "bold")]
    if shown["other"]:
        lines.append(_facts("beside tensors", shown["other"]))
    return Group(*lines)


def cache_table(values: Mapping[str, Any]) -> Group:
    """Return what is in the cache, an entry a row, and its total size."""
    from rich.console import Group
    from rich.text import Text

    shown = clean(values)
    table = _table(shown["folder"], left=("key",))
    for name in ("run", "size", "last used", "in use"):
        table.add_column(name, justify="right")
    for entry in shown["entries"]:
        in_use = "yes" if entry["in_use"] else ""
        _row(table, [entry["key"][:12], entry["name"], size_text(entry["bytes"]), entry["used"], in_use])
    total = size_text(sum(entry["bytes"] for entry in shown["entries"]))
    return Group(table, Text(f"{len(shown['entries'])} in all, {total}", "bold"))


_TOLD_FACTOR = 1.005  # less would be printed as a factor of 1.00


def audit_table(values: Mapping[str, Any]) -> Group:
    """Return audits as sentences with their worst cases, and a trial of the rule of ties as a table."""
    from rich.console import Group
    from rich.text import Text

    shown = clean(values)
    lines: list[Any] = [Text(str(shown["name"]), "bold")]
    cautions = shown.get("warnings", [])
    lines.extend(_text(f"warning: {caution['sentence']}", _COLOURS["warning"]) for caution in cautions)
    for audit in shown["audits"]:
        lines.append(_audit(audit))
        lines.extend(_text(f"    {case}", "dim") for case in audit.get("cases") or [])
    if shown.get("ties"):
        lines.extend(_tie_trial(shown["ties"]))
    return Group(*lines)


def _tie_trial(trial: Mapping[str, Any]) -> list[Any]:
    if not trial["rows"]:
        return [_text("No tie decides what is held out: every rule of ties gives the same parts.", "bold")]
    labels = headline_labels(list(trial["ranges"]), trial["primary"])
    table = _table(f"{trial['baseline']} under other rules of ties, all else alike", left=("ties",))
    for label in labels:
        table.add_column(_text(label), justify="right")
    for row in trial["rows"]:
        rule = row["ties"] if row["seed"] is None else f"{row['ties']}, seed {row['seed']}"
        _row(table, [rule, *(metric_text(row[label]) for label in labels)])
    ratios = [
        f"{label} from {metric_text(span['low'])} to {metric_text(span['high'])}"
        + (f", a factor of {span['ratio']:.2f}" if span["ratio"] and span["ratio"] >= _TOLD_FACTOR else "")
        for label, span in trial["ranges"].items()
        if label in labels
    ]
    return [table, _text("The rule of ties alone moves " + "; ".join(ratios) + ".", "bold")]


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):,.4f}"


def _audit(audit: Mapping[str, Any]) -> Text:
    return _text(f"{audit['severity']}: {audit['sentence']}", _COLOURS.get(audit["severity"], ""))


def _value_table(values: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Table:
    table = _table("values", left=("run",))
    for label in labels:
        table.add_column(_text(label), justify="right")
    for row in values:
        _row(table, [str(row["run"]), *(metric_text(row[label]) for label in labels)])
    return table


def _pair_table(pairs: Sequence[Mapping[str, Any]], title: str) -> Table:
    table = _table(title, left=("run",))
    for name in ("difference", "interval", "relative", "p", "p adjusted", "effect", "wins/ties/losses"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for pair in pairs:
        counts = (
            NOTHING if pair["wins"] is None else "/".join(count_text(pair[key]) for key in ("wins", "ties", "losses"))
        )
        cells = [
            str(pair["candidate"]),
            signed(pair["difference"]),
            interval_text(pair["ci_low"], pair["ci_high"]),
            signed_percent(pair["relative"]),
            p_text(pair["p_value"]),
            p_text(pair["p_adjusted"]),
            signed(pair["effect_size"]),
            counts,
        ]
        verdict = str(pair["verdict"])
        table.add_row(*map(_text, cells), _text(verdict, _COLOURS.get(verdict, "")))
    return table


def _facts(name: str, part: Mapping[str, Any]) -> Table:
    table = _table(name, left=("fact", "value"))
    for row in facts(part):
        _row(table, row)
    return table


def _table(title: str, *, left: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=_text(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE)
    for name in left:
        table.add_column(name, overflow="fold")
    return table


def _row(table: Table, cells: Sequence[str]) -> None:
    table.add_row(*map(_text, cells))


def _text(words: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(words, style)
