"""Build tables of comparisons for the terminal."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.artifacts import Comparison, GroupContrast, PairedDifference, Robustness, RunRecord
from harness.report.comparison_rows import ValueRow, headline_labels, shown_interval, value_rows
from harness.report.number_text import (
    NOTHING,
    clean,
    count_text,
    interval_text,
    metric_text,
    p_text,
    signed,
    signed_percent,
    verdict_text,
)
from harness.report.quotable import quotable_sentence
from harness.report.rich_tables import COLOURS, add_row, group_of, table_of, text_of
from harness.report.robustness_text import robustness_text

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text


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
    notes = [text_of(note, "dim") for note in compared.notes]
    partial = dict.fromkeys(clean(record.partial.sentence) for record in records if record.partial is not None)
    stamps = [text_of(sentence, "bold yellow") for sentence in (*partial, *compared.stamps)]
    title = f"{leading}, all pairs" if compared.baseline is None else f"{leading} against {compared.baseline}"
    statements = [text_of(f"{_pair_name(row, compared)}: {row.statement}") for row in rows if row.statement]
    best = set(compared.best) if len(compared.best) < len(values) else set()
    return group_of(
        [
            _value_table(values, headline_labels(labels, leading), best=best, groups=compared.groups),
            _pair_table(rows, title, compared),
            *statements,
            text_of(quotable_sentence(comparison, records), "bold"),
            *_contrasts(compared),
            *notes,
            *stamps,
        ]
    )


def robustness_lines(robustness: Robustness, primary: str) -> Group:
    """Return how far the verdicts hold under other choices."""
    return group_of([text_of(line) for line in robustness_text(robustness, primary)])


def _contrasts(comparison: Comparison) -> list[Text]:
    """Return the contrasts of groups that differ, or that none does."""
    differ = [
        text_of(f"{_pair_name(row, comparison)}: {row.statement}")
        for row in comparison.contrasts
        if row.verdict == "differs"
    ]
    if differ or not comparison.contrasts:
        return differ
    return [
        text_of(f"No two groups are shown to differ in {comparison.primary}, in {len(comparison.contrasts)} contrasts.")
    ]


def _pair_name(pair: PairedDifference | GroupContrast, comparison: Comparison) -> str:
    return pair.candidate if comparison.baseline is not None else f"{pair.candidate} and {pair.baseline}"


def _value_table(
    rows: Sequence[ValueRow], labels: Sequence[str], *, best: Container[str], groups: Mapping[str, str] | None
) -> Table:
    """Return the values by run, with a star for the set of the best, and letters of groups of three runs or more."""
    lettered = groups is not None and len(rows) > 2
    table = table_of("values", "run", right=[*labels, *(["group"] if lettered else [])])
    for row in rows:
        name = f"{row.run} *" if row.run in best else row.run
        letters = [groups.get(row.run, "")] if groups is not None and lettered else []
        add_row(table, [name, *(metric_text(row.values[label]) for label in labels), *letters])
    return table


def _pair_table(pairs: Sequence[PairedDifference], title: str, comparison: Comparison) -> Table:
    numbers = ("difference", "interval", "relative", "p adjusted", "wins/ties/losses")
    table = table_of(title, "run", right=numbers)
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
        table.add_row(*map(text_of, cells), text_of(verdict_text(pair.verdict), COLOURS.get(pair.verdict, "")))
    return table


def seed_table(
    title: str, rows: Sequence[tuple[str, float, float, float, float, float]], findings: Sequence[str]
) -> Group:
    """Return the means of a model over its seeds.

    Parameters
    ----------
    title
        Name of the model, and the number of seeds.
    rows
        Label, mean, both ends of its interval, standard deviation over seeds, and the share of the variance of the mean
        that seeds cause; NaN where it is not known.
    findings
        Sentences that go with the values.
    """
    table = table_of("", "metric", right=("mean", "interval", "sd over seeds", "variance by seeds"))
    for label, mean, low, high, spread, share in rows:
        interval = NOTHING if math.isnan(low) else interval_text(low, high)
        shown = NOTHING if math.isnan(spread) else metric_text(spread)
        add_row(table, [label, metric_text(mean), interval, shown, NOTHING if math.isnan(share) else f"{share:.0%}"])
    notes = [text_of(finding, COLOURS["warning"]) for finding in clean(findings)]
    return group_of([text_of(clean(title), "bold"), table, *notes])
