"""Show the catalogue of metrics in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.experiment.conventions import Convention
from harness.metrics.metric_facts import MetricFacts
from harness.report.number_text import clean

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def metrics_table(metrics: Sequence[MetricFacts]) -> Table:
    """Return a table with one row per metric."""
    rows = [
        (metric.name, metric.family, _range(metric), _better(metric), ", ".join(_options(metric)), metric.summary)
        for metric in map(clean, metrics)
    ]
    headings = ("name", "family", "range", "better", "options", "what it is")
    return _table("Metrics; harness metrics NAME explains one", headings, rows)


def conventions_table(conventions: Mapping[str, Convention]) -> Table:
    """Return a table with one row per convention."""
    rows = []
    for name, convention in clean(dict(conventions)).items():
        options = "; ".join(
            f"{metric}: {', '.join(f'{option} {value}' for option, value in chosen.items())}"
            for metric, chosen in convention.metrics.items()
        )
        rules = convention.rules
        lacks = ", ".join(convention.lacks)
        rows.append((name, convention.compared_with, options, rules.ties, rules.without_predictions, lacks))
    headings = ("name", "compared with", "options", "ties", "without predictions", "it lacks")
    return _table("evaluation.convention: definitions that differ from the defaults", headings, rows)


def metric_page(metric: MetricFacts) -> Group:
    """Return the facts of one metric: definition, options, range, edge cases and reference."""
    from rich.console import Group
    from rich.text import Text

    shown = clean(metric)
    lines = {
        "family": shown.family,
        "one value for": shown.value + (", the mean over users is shown" if shown.value == "a user" else ""),
        "range": f"{_range(shown)}, {_better(shown)} is better",
        "needs": ", ".join(shown.needs) or "only lists and relevant items",
        "options": "; ".join(_options(shown)) or "none",
        "fixed": ", ".join(f"{name}: {value}" for name, value in shown.fixed.items()) or "nothing else",
        "in a file": shown.yaml,
        "formula": shown.formula,
        "reference": shown.reference,
    }
    width = max(map(len, lines)) + 2
    rows = [Text(f"{name:<{width}}{text}") for name, text in lines.items()]
    title = Text(f"{shown.name}: {shown.summary}", "bold")
    return Group(title, Text(), *rows, Text(), Text(metric.description))


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, no_wrap=heading in {"name", "range"})
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _range(metric: MetricFacts) -> str:
    return f"{metric.lower:g} to {'∞' if metric.upper is None else format(metric.upper, 'g')}"


def _better(metric: MetricFacts) -> str:
    return "higher" if metric.higher_is_better else "lower"


def _options(metric: MetricFacts) -> list[str]:
    """Return each option with its choices, the default first."""
    texts = []
    for name, option in metric.options.items():
        others = [choice for choice in option.choices if choice != option.default]
        texts.append(f"{name} ({' | '.join(map(str, [option.default, *others]))})")
    return texts
