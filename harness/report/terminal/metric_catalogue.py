"""Build the output of ``harness metrics``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from harness.experiment.conventions import Convention
from harness.metrics.metric_facts import MetricFacts
from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import StyledText, TableColumn, table_of
from harness.report.texts.number_text import clean


def metrics_table(metrics: Sequence[MetricFacts]) -> Printout:
    """Return a table with one row per metric."""
    rows = [
        [metric.name, metric.family, _range(metric), _better(metric), ", ".join(options_text(metric)), metric.summary]
        for metric in map(clean, metrics)
    ]
    columns = [
        TableColumn("name"),
        TableColumn("family", rank=2),
        TableColumn("range", number=True),
        TableColumn("better"),
        TableColumn("options", rank=1, least=30),
        TableColumn("what it is", least=30),
    ]
    return Printout((table_of("Metrics; harness metrics NAME explains one", columns, rows),))


def conventions_table(conventions: Mapping[str, Convention]) -> Printout:
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
    columns = [
        TableColumn("name", least=12),
        TableColumn("compared with", rank=3, least=12),
        TableColumn("options"),
        TableColumn("ties", least=12),
        TableColumn("without predictions", rank=1, least=12),
        TableColumn("it lacks", rank=2, least=16),
    ]
    return Printout((table_of("evaluation.convention: definitions that differ from the defaults", columns, rows),))


def metric_page(metric: MetricFacts) -> Printout:
    """Return the facts of one metric: definition, options, range, edge cases and reference."""
    shown = clean(metric)
    lines = {
        "family": shown.family,
        "one value for": shown.value + (", the mean over users is shown" if shown.value == "a user" else ""),
        "range": f"{_range(shown)}, {_better(shown)} is better",
        "needs": ", ".join(shown.needs) or "only lists and relevant items",
        "options": "; ".join(options_text(shown)) or "none",
        "fixed": ", ".join(f"{name}: {value}" for name, value in shown.fixed.items()) or "nothing else",
        "in a file": shown.yaml,
        "formula": shown.formula,
        "reference": shown.reference,
    }
    title = StyledText(f"{shown.name}: {shown.summary}", "bold")
    table = table_of("", [TableColumn("fact"), TableColumn("value")], list(lines.items()))
    return Printout((title, StyledText(""), table, *_lines(shown.description)))


def _lines(description: str) -> list[StyledText]:
    """Return a docstring as one text per block of lines with the same indentation, which is kept."""
    texts: list[StyledText] = []
    for part in description.split("\n\n"):
        for (indent, _), lines in itertools.groupby(part.splitlines(), key=_kind_of_line):
            texts.append(StyledText(" ".join(line.strip() for line in lines), indent=indent))
        texts.append(StyledText(""))
    return texts[:-1]


def _kind_of_line(line: str) -> tuple[int, bool]:
    """Return the indentation of a line, and whether it is a heading."""
    return len(line) - len(line.lstrip()), line.endswith(":")


def _range(metric: MetricFacts) -> str:
    return f"{metric.lower:g} to {'∞' if metric.upper is None else format(metric.upper, 'g')}"


def _better(metric: MetricFacts) -> str:
    return "higher" if metric.higher_is_better else "lower"


def options_text(metric: MetricFacts) -> list[str]:
    """Return each option of a metric with its choices, the default first."""
    texts = []
    for name, option in metric.options.items():
        others = [choice for choice in option.choices if choice != option.default]
        texts.append(f"{name} ({' | '.join(map(str, [option.default, *others]))})")
    return texts
