"""Show the catalogue of metrics in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.experiment.conventions import Convention
from harness.metrics.metric_facts import MetricFacts
from harness.report.number_text import clean

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def metrics_table(metrics: Sequence[MetricFacts]) -> Table:
    """Return a table with one row per metric."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Metrics; harness metrics NAME explains one", title_justify="left")
    for heading in ("name", "family", "range", "better", "options", "what it is"):
        table.add_column(heading, no_wrap=heading in {"name", "range"})
    for metric in map(clean, metrics):
        cells = (metric.name, metric.family, _range(metric), _better(metric), ", ".join(_options(metric)))
        table.add_row(*map(Text, (*cells, metric.summary)))
    return table


def conventions_table(conventions: Mapping[str, Convention]) -> Table:
    """Return a table with one row per convention."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="evaluation.convention: definitions that differ from the defaults", title_justify="left")
    for heading in ("name", "compared with", "options", "ties", "without predictions", "it lacks"):
        table.add_column(heading, no_wrap=heading == "name")
    for name, convention in clean(dict(conventions)).items():
        options = "; ".join(
            f"{metric}: {', '.join(f'{option} {value}' for option, value in chosen.items())}"
            for metric, chosen in convention.metrics.items()
        )
        rules = convention.rules
        cells = (name, convention.compared_with, options, rules.ties, rules.without_predictions)
        table.add_row(*map(Text, (*cells, ", ".join(convention.lacks))))
    return table


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
