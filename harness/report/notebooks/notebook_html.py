"""Render values as HTML fragments for notebooks."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from harness.artifacts import NO_ITEM, Comparison, Interactions, MetricTable, MetricValue, RunRecord, Split, TopK
from harness.report.pages.metric_matrix import metric_matrix
from harness.report.pages.page import page
from harness.report.texts.comparison_rows import best_marks, headline_labels, shown_interval, value_rows
from harness.report.texts.number_text import (
    NOTHING,
    clean,
    confidence_text,
    count_text,
    fact_text,
    interval_text,
    metric_text,
    p_text,
    signed,
    verdict_text,
)
from harness.report.texts.quotable import quotable_sentence

_MOST_METRICS = 24
_MOST_RUNS = 30
_FIRST_ROWS = 5
_FIRST_RANKS = 10


@dataclass(frozen=True)
class NotebookTable:
    """A table of texts.

    Parameters
    ----------
    headers
        Names of the columns.
    rows
        One text per column.
    caption
        What the table holds; empty for none.
    left
        Number of columns that are aligned to the left; the others hold numbers.
    more
        Number of rows that were left out.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    left: int = 1
    more: int = 0

    def alignment(self, column: int) -> str:
        """Return where the text of a column stands."""
        return "left" if column < self.left else "right"


@functools.singledispatch
def html_of(value: object) -> str:
    """Return the table that a notebook shows for a value, as an HTML fragment.

    The fragment has no script, and all text in it is escaped.

    Parameters
    ----------
    value
        A ``MetricTable``, ``Comparison``, ``TopK``, ``Interactions`` or ``Split``.
    """
    raise TypeError(f"a value of type {type(value).__name__} is not shown in notebooks")


@html_of.register
def _(table: MetricTable) -> str:
    values = clean(table.values)
    headers = ["metric", "value", f"{confidence_text(table.confidence)} interval", "sd", "users"]
    rows = [
        [
            value.label,
            metric_text(value.value),
            interval_text(value.ci_low, value.ci_high),
            metric_text(value.std),
            count_text(value.n_users),
        ]
        for value in values[:_MOST_METRICS]
    ]
    caption = f"{len(values)} {'metric' if len(values) == 1 else 'metrics'} of {count_text(len(table.users))} users"
    tables = [NotebookTable(headers, rows, caption, more=max(len(values) - _MOST_METRICS, 0))]
    return _fragment(tables, notes=clean(table.notes))


@html_of.register
def _(comparison: Comparison) -> str:
    shown, values = clean(comparison), value_rows(comparison)
    labels = headline_labels(list(values[0].values) if values else [], shown.primary)
    best = {run for run, _ in best_marks(shown)}
    runs = [
        [f"{row.run} *" if row.run in best else row.run, *(metric_text(row.values[label]) for label in labels)]
        for row in values[:_MOST_RUNS]
    ]
    caption = "values; * marks the runs that no run is shown to beat" if best else "values"
    pairs = [pair for pair in shown.overall if pair.metric == shown.primary]
    beside = "all pairs" if shown.baseline is None else f"differences to {shown.baseline}"
    rows = [
        [
            pair.candidate if shown.baseline is not None else f"{pair.candidate} - {pair.baseline}",
            verdict_text(pair.verdict),
            signed(pair.difference),
            interval_text(*shown_interval(pair)),
            p_text(pair.p_adjusted),
            NOTHING if pair.wins is None else "/".join(map(count_text, (pair.wins, pair.ties, pair.losses))),
        ]
        for pair in pairs[:_MOST_RUNS]
    ]
    headers = ["run", "verdict", "difference", "interval", "p adjusted", "wins/ties/losses"]
    tables = [
        NotebookTable(["run", *labels], runs, caption, more=max(len(values) - _MOST_RUNS, 0)),
        NotebookTable(headers, rows, f"{shown.primary}, {beside}", left=2, more=max(len(pairs) - _MOST_RUNS, 0)),
    ]
    headline = quotable_sentence(comparison, ()) if values else ""
    return _fragment(tables, headline=headline, banners=shown.stamps, notes=shown.notes)


@html_of.register
def _(topk: TopK) -> str:
    users = range(topk.n_users) if topk.users is None else topk.users[:_FIRST_ROWS].tolist()
    ranks = min(topk.k, _FIRST_RANKS)
    rows = [
        [str(user), *("" if item == NO_ITEM else str(item) for item in items)]
        for user, items in zip(users, topk.items[:_FIRST_ROWS, :ranks].tolist(), strict=False)
    ]
    scores = "without scores" if topk.scores is None else "with scores"
    caption = f"item indices by rank, {count_text(topk.n_users)} users, k = {topk.k}, {scores}"
    headers = ["row" if topk.users is None else "user", *(str(rank + 1) for rank in range(ranks))]
    return _fragment([NotebookTable(headers, clean(rows), caption, more=max(topk.n_users - _FIRST_ROWS, 0))])


@html_of.register
def _(interactions: Interactions) -> str:
    return _fragment([_first_interactions(interactions)])


@html_of.register
def _(split: Split) -> str:
    sizes = split.sizes
    rows = []
    for part, count in sizes.items():
        if count:
            users = len(np.unique(split.interactions.users[split.labels == list(sizes).index(part)]))
            rows.append([part.replace("_", " "), count_text(count), count_text(users)])
    parts = NotebookTable(["part", "interactions", "users"], rows)
    return _fragment([parts, _first_interactions(split.interactions)])


def run_html(record: RunRecord, folder: Path, report: Path) -> str:
    """Return a finished run as an HTML fragment: its headline, its values, its warnings, and a link to its report.

    Parameters
    ----------
    record
        The record of the run.
    folder
        The folder of the run.
    report
        The page that is linked.
    """
    shown = clean(record)
    matrix = metric_matrix(shown.metrics)
    headers = ["metric", *("no k" if k is None else f"@{k}" for k in matrix.cutoffs)]
    rows = [[name, *("" if cell is None else metric_text(cell.value) for cell in cells)] for name, cells in matrix.rows]
    leading, users = shown.headline, shown.protocol.users
    where = [shown.dataset.name, f"{shown.protocol.part} part", "" if users is None else f"{count_text(users)} users"]
    caption = ", ".join(part for part in where if part)
    confidence = confidence_text(shown.experiment.statistics.confidence)
    headline = shown.name if leading is None else f"{shown.name}: {_headline(leading, confidence)}"
    warnings = [f"{one.severity}: {one.sentence}" for one in shown.audits if one.severity != "info"]
    warnings += [f"warning: {warning.sentence}" for warning in shown.dataset.warnings]
    missed = [
        f"missed: {row.label} is {metric_text(row.value)}, expected {fact_text(row.expected)} within "
        f"{fact_text(row.tolerance)}"
        for row in shown.expected
        if not row.met
    ]
    return _fragment(
        [NotebookTable(headers, rows, caption)],
        headline=headline,
        banners=[] if shown.partial is None else [shown.partial.sentence],
        notes=[*missed, *warnings],
        link=_address(report),
        link_text=clean(f"report of {folder}"),
    )


def _headline(value: MetricValue, confidence: str) -> str:
    interval = interval_text(value.ci_low, value.ci_high)
    words = f"{value.label} {metric_text(value.value)}"
    return words if interval == NOTHING else f"{words}, {confidence} interval {interval}"


def _first_interactions(interactions: Interactions) -> NotebookTable:
    first = interactions.rows(np.arange(min(_FIRST_ROWS, len(interactions)))).frame()
    rows = [[_cell(cell) for cell in row] for row in first.itertuples(index=False)]
    sizes = (len(interactions), len(interactions.user_ids), len(interactions.item_ids))
    caption = "{} interactions of {} users and {} items".format(*map(count_text, sizes))
    return NotebookTable(
        list(first.columns), clean(rows), caption, left=2, more=max(len(interactions) - _FIRST_ROWS, 0)
    )


def _cell(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return f"{number:g}" if abs(number) < 1e6 else f"{number:.0f}"
    return str(value.isoformat()) if isinstance(value, pd.Timestamp) else str(value)


def _address(path: Path) -> str:
    """Return a link to a file, relative to the working folder, which is that of the notebook, if it is below it."""
    relative = os.path.relpath(path) if not path.is_absolute() or path.is_relative_to(Path.cwd()) else None
    if relative is None:
        return path.as_uri()
    return f"./{quote(Path(relative).as_posix())}"


def _fragment(
    tables: Sequence[NotebookTable],
    *,
    headline: str = "",
    banners: Sequence[str] = (),
    notes: Sequence[str] = (),
    link: str = "",
    link_text: str = "",
) -> str:
    return page(
        "notebook.html",
        tables=tables,
        headline=headline,
        banners=banners,
        notes=notes,
        link=link,
        link_text=link_text,
    )
