"""Build the tables of runs and comparisons for the terminal."""

from __future__ import annotations

from harness.artifacts import Facts, ResultList, to_json
from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import Block, StyledText, TableColumn, numbers, table_of
from harness.report.texts.number_text import clean, count_text, date_text, interval_text, metric_text


def result_tables(results: ResultList) -> Printout:
    """Return a table of runs and one of comparisons, the newest first."""
    shown = clean(results)
    blocks: list[Block] = []
    if shown.runs:
        columns = [
            TableColumn("run"),
            TableColumn("model", rank=3, least=8),
            TableColumn("data", rank=2, least=8),
            TableColumn("part", rank=5, least=8),
            *numbers("users", rank=4),
            TableColumn("metric", least=8),
            *numbers("value"),
            *numbers("interval", rank=1),
            *numbers("created", rank=6),
        ]
        rows = [
            [
                f"{run.name} (partial)" if run.is_partial else run.name,
                run.model,
                run.dataset,
                run.part,
                count_text(run.users),
                run.metric or "",
                metric_text(run.value),
                interval_text(run.ci_low, run.ci_high),
                date_text(run.created),
            ]
            for run in shown.runs
        ]
        blocks.append(table_of(f"runs in {shown.directory}", columns, rows))
    if shown.comparisons:
        columns = [
            TableColumn("comparison"),
            *numbers("runs"),
            TableColumn("metric", least=8),
            TableColumn("not beaten", rank=1),
            *numbers("created", rank=2),
        ]
        rows = [
            [one.name, count_text(len(one.runs)), one.metric, ", ".join(one.best), date_text(one.created)]
            for one in shown.comparisons
        ]
        blocks.append(table_of(f"comparisons in {shown.directory}", columns, rows))
    if not blocks:
        blocks.append(StyledText(f"There is no run in {shown.directory} yet."))
    if shown.unreadable:
        blocks.append(StyledText(f"cannot be read: {', '.join(shown.unreadable)}", "yellow"))
    return Printout(tuple(blocks))


def result_rows(results: ResultList) -> list[Facts]:
    """Return one row per run and per comparison, with unrounded numbers; ``kind`` says which it is."""
    runs: list[Facts] = [{"kind": "run", **to_json(run)} for run in results.runs]
    comparisons: list[Facts] = []
    for one in results.comparisons:
        plain = to_json(one)
        plain |= {"runs": " ".join(one.runs), "best": " ".join(one.best)}
        comparisons.append({"kind": "comparison", **plain})
    return [*runs, *comparisons]
