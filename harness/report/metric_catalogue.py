"""The catalogue of metrics for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.number_text import clean

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def metrics_table(metrics: Sequence[Mapping[str, Any]]) -> Table:
    """Return one row a metric; ``MetricFacts`` as maps."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Metrics; harness metrics NAME explains one", title_justify="left")
    for heading in ("name", "family", "range", "better", "options", "what it is"):
        table.add_column(heading, no_wrap=heading in {"name", "range"})
    for metric in clean(list(metrics)):
        options = (f"{name} ({_choices(facts)})" for name, facts in metric["options"].items())
        cells = (metric["name"], metric["family"], _range(metric), _better(metric), ", ".join(options))
        table.add_row(*map(Text, (*cells, metric["summary"])))
    return table


def conventions_table(conventions: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return one row a convention; ``Convention`` as maps, by name."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="evaluation.convention: what is not our default", title_justify="left")
    for heading in ("name", "compared with", "options", "ties", "without predictions", "it lacks"):
        table.add_column(heading, no_wrap=heading == "name")
    for name, facts in clean(dict(conventions)).items():
        options = "; ".join(
            f"{metric}: {', '.join(f'{option} {value}' for option, value in chosen.items())}"
            for metric, chosen in facts["metrics"].items()
        )
        rules = facts["rules"]
        cells = (name, facts["compared_with"], options, rules["ties"], rules["without_predictions"])
        table.add_row(*map(Text, (*cells, ", ".join(facts["lacks"]))))
    return table


def metric_page(facts: Mapping[str, Any]) -> Group:
    """Return all that a metric says of itself; a ``MetricFacts`` as a map."""
    from rich.console import Group
    from rich.text import Text

    shown = clean(facts)
    lines = {
        "family": shown["family"],
        "one value for": shown["value"] + (", the mean over users is shown" if shown["value"] == "a user" else ""),
        "range": f"{_range(shown)}, {_better(shown)} is better",
        "needs": ", ".join(shown["needs"]) or "lists and relevant items alone",
        "options": "; ".join(f"{name} ({_choices(option)})" for name, option in shown["options"].items()) or "none",
        "settled": ", ".join(f"{name}: {value}" for name, value in shown["fixed"].items()) or "nothing else",
        "in a file": shown["yaml"],
        "formula": shown["formula"],
        "reference": shown["reference"],
    }
    width = max(map(len, lines)) + 2
    rows = [Text(f"{name:<{width}}{text}") for name, text in lines.items()]
    title = Text(f"{shown['name']}: {shown['summary']}", "bold")
    return Group(title, Text(), *rows, Text(), Text(str(facts["description"])))


def _range(metric: Mapping[str, Any]) -> str:
    return f"{metric['lower']:g} to {'∞' if metric['upper'] is None else format(metric['upper'], 'g')}"


def _better(metric: Mapping[str, Any]) -> str:
    return "higher" if metric["higher_is_better"] else "lower"


def _choices(option: Mapping[str, Any]) -> str:
    others = [choice for choice in option.get("choices", ()) if choice != option["default"]]
    return " | ".join(map(str, [option["default"], *others]))
