"""Build the output of ``harness compare`` and of experiments with several seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.artifacts import Comparison, GroupContrast, PairedDifference, Robustness, RunRecord
from harness.report.terminal.printout import Printout
from harness.report.terminal.rich_tables import COLOURS
from harness.report.terminal.text_table import Block, StyledText, TableColumn, TextTable, numbers, table_of
from harness.report.texts.comparison_rows import ValueRow, headline_labels, shown_interval, value_rows
from harness.report.texts.number_text import (
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
from harness.report.texts.quotable import quotable_sentence
from harness.report.texts.robustness_text import robustness_text

_FIRST, _BEST, _BASELINE = "first", "*", "baseline"


def comparison_table(
    comparison: Comparison, records: Sequence[RunRecord] = (), robustness: Robustness | None = None
) -> Printout:
    """Return what ``harness compare`` prints: the values of the runs, their differences and the notes.

    The best run comes first.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs; the stamps of partial runs are shown.
    robustness
        The verdicts under other choices, if they were computed.
    """
    values, compared = value_rows(comparison), clean(comparison)
    labels = list(values[0].values) if values else []
    leading = compared.primary
    place = {row.run: index for index, row in enumerate(values)}
    last = len(place)
    rows = sorted(
        (pair for pair in compared.overall if pair.metric == leading),
        key=lambda pair: (place.get(pair.candidate, last), place.get(pair.baseline, last)),
    )
    notes = [StyledText(note, "dim") for note in compared.notes]
    partial = dict.fromkeys(clean(record.partial.sentence) for record in records if record.partial is not None)
    stamps = [StyledText(sentence, "bold yellow") for sentence in (*partial, *compared.stamps)]
    title = f"{leading}, all pairs" if compared.baseline is None else f"{leading} against {compared.baseline}"
    statements = [StyledText(f"{_pair_name(row, compared)}: {row.statement}") for row in rows if row.statement]
    marks = _marks(values, compared)
    claims = [] if robustness is None else [StyledText(line) for line in robustness_text(robustness, leading)]
    return Printout(
        (
            _value_table(values, headline_labels(labels, leading), marks=marks, groups=compared.groups),
            StyledText(_legend(marks, compared, lettered=_is_lettered(values, compared.groups)), "dim"),
            _pair_table(rows, title, compared),
            *statements,
            StyledText(quotable_sentence(comparison, records), "bold"),
            *_contrasts(compared),
            *notes,
            *stamps,
            *claims,
        )
    )


def _contrasts(comparison: Comparison) -> list[Block]:
    """Return the contrasts of groups that differ, or that none does."""
    differ: list[Block] = [
        StyledText(f"{_pair_name(row, comparison)}: {row.statement}")
        for row in comparison.contrasts
        if row.verdict == "differs"
    ]
    if differ or not comparison.contrasts:
        return differ
    number = len(comparison.contrasts)
    return [StyledText(f"No two groups are shown to differ in {comparison.primary}, in {number} contrasts.")]


def _pair_name(pair: PairedDifference | GroupContrast, comparison: Comparison) -> str:
    return pair.candidate if comparison.baseline is not None else f"{pair.candidate} and {pair.baseline}"


def _marks(values: Sequence[ValueRow], comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """Return the marks of each run: the highest or lowest value, the set of the best, the baseline."""
    primary = comparison.primary
    leading = values[0].values.get(primary) if values else None
    # A set of all runs distinguishes none of them.
    best = set(comparison.best) if len(comparison.best) < len(values) else set()
    return {
        row.run: tuple(
            mark
            for mark, holds in (
                (_FIRST, leading is not None and row.values.get(primary) == leading),
                (_BEST, row.run in best),
                (_BASELINE, row.run == comparison.baseline),
            )
            if holds
        )
        for row in values
    }


def _legend(marks: Mapping[str, Sequence[str]], comparison: Comparison, *, lettered: bool) -> str:
    """Return what the marks of the table of values mean."""
    primary = comparison.primary
    used = {mark for chosen in marks.values() for mark in chosen}
    superlative = "highest" if comparison.higher_is_better else "lowest"
    words = [f"Sorted by {primary}."]
    if _FIRST in used:
        words.append(f"{_FIRST}: the {superlative} {primary}.")
    if _BEST in used:
        words.append(f"{_BEST} the set of the best: no run is shown to beat these in {primary}.")
    elif len(marks) > 1 and len(comparison.best) == len(marks):
        words.append(f"The set of the best holds all runs: none is shown to beat another in {primary}.")
    if _BASELINE in used:
        words.append(f"{_BASELINE}: the run that the others are compared with.")
    if lettered:
        words.append("Runs that share a letter are not shown to differ.")
    return " ".join(words)


def _is_lettered(rows: Sequence[ValueRow], groups: Mapping[str, str] | None) -> bool:
    """Return whether the groups of runs are shown as letters: two runs need none."""
    return groups is not None and len(rows) > 2


def _value_table(
    rows: Sequence[ValueRow],
    labels: Sequence[str],
    *,
    marks: Mapping[str, Sequence[str]],
    groups: Mapping[str, str] | None,
) -> TextTable:
    """Return the values by run, with its marks, and letters of groups of three runs or more."""
    lettered = _is_lettered(rows, groups)
    # The primary metric comes first and stays; of the others the last ones are left out first.
    metrics = [TableColumn(label, number=True, rank=rank) for rank, label in enumerate(labels)]
    letter = [TableColumn("group", rank=1)] if lettered else []
    cells = []
    for row in rows:
        mark = " ".join(marks[row.run])
        letters = [groups.get(row.run, "")] if groups is not None and lettered else []
        values = [metric_text(row.values[label]) for label in labels]
        cells.append([row.run, mark, *values, *letters])
    columns = [TableColumn("run"), TableColumn("mark"), *metrics, *letter]
    return table_of("values", columns, cells)


def _pair_table(pairs: Sequence[PairedDifference], title: str, comparison: Comparison) -> TextTable:
    columns = [
        TableColumn("run"),
        TableColumn("difference", number=True),
        TableColumn("interval", number=True, rank=1),
        TableColumn("relative", number=True, rank=4),
        TableColumn("p adjusted", number=True, rank=3),
        TableColumn("wins/ties/losses", number=True, rank=2),
        TableColumn("verdict"),
    ]
    rows: list[list[str | StyledText]] = []
    for pair in pairs:
        counts = NOTHING if pair.wins is None else "/".join(map(count_text, (pair.wins, pair.ties, pair.losses)))
        rows.append(
            [
                _pair_name(pair, comparison),
                signed(pair.difference),
                interval_text(*shown_interval(pair)),
                signed_percent(pair.relative),
                p_text(pair.p_adjusted),
                counts,
                StyledText(verdict_text(pair.verdict), COLOURS.get(pair.verdict, "")),
            ]
        )
    return table_of(title, columns, rows)


def seed_table(
    title: str, rows: Sequence[tuple[str, float, float, float, float, float]], findings: Sequence[str]
) -> Printout:
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
    columns = [
        TableColumn("metric"),
        *numbers("mean", "interval"),
        *numbers("sd over seeds", rank=1),
        *numbers("variance by seeds", rank=2),
    ]
    cells = []
    for label, mean, low, high, spread, share in rows:
        interval = NOTHING if math.isnan(low) else interval_text(low, high)
        shown = NOTHING if math.isnan(spread) else metric_text(spread)
        cells.append([label, metric_text(mean), interval, shown, NOTHING if math.isnan(share) else f"{share:.0%}"])
    notes = [StyledText(finding, COLOURS["warning"]) for finding in clean(findings)]
    return Printout((StyledText(clean(title), "bold"), table_of("", columns, cells), *notes))
