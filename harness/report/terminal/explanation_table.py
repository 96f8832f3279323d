"""Build the table of an explained list for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from harness.artifacts import ExampleItem, Facts
from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import StyledText, TableColumn, numbers, table_of
from harness.report.texts.number_text import clean, metric_text, signed

_NO_REASON: Facts = {"reason": None, "reason_title": None, "weight": None}


def explanation_table(listed: Sequence[ExampleItem], scores: Sequence[float]) -> Printout:
    """Return the list with scores, the held-out items marked, and what of the history adds most to each score."""
    columns = [TableColumn("recommended"), *numbers("score"), TableColumn("held out", least=8, rank=2)]
    has_reasons = any(one.reasons for one in listed)
    if has_reasons:
        columns.append(TableColumn("adds most to the score", rank=1))
    rows: list[list[str | StyledText]] = []
    for one, score in zip(clean(tuple(listed)), scores, strict=True):
        row: list[str | StyledText] = [one.title or one.item, metric_text(score)]
        row.append(StyledText("held out", "green") if one.relevant else "")
        if has_reasons:
            row.append("; ".join(f"{why.title or why.item} {signed(why.weight)}" for why in one.reasons))
        rows.append(row)
    return Printout((table_of("", columns, rows),))


def explanation_rows(listed: Sequence[ExampleItem]) -> list[Facts]:
    """Return one row per recommended item and reason, with unrounded numbers."""
    rows: list[Facts] = []
    for rank, one in enumerate(listed, start=1):
        known: Facts = {"rank": rank, "item": one.item, "title": one.title, "held_out": one.relevant}
        reasons: list[Facts] = [
            {"reason": why.item, "reason_title": why.title, "weight": why.weight} for why in one.reasons
        ]
        rows += [{**known, **reason} for reason in reasons or [_NO_REASON]]
    return rows
