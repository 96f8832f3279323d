"""Reports for people: HTML with figures, LaTeX, and tables for the terminal."""

from harness.report.pages.comparison_report import ComparisonContext, ComparisonReport, render_comparison
from harness.report.pages.example_rows import PSEUDONYM
from harness.report.pages.index_report import render_index
from harness.report.pages.run_report import RunReport, render_run
from harness.report.terminal.comparison_terminal import comparison_table, seed_table
from harness.report.terminal.csv_rows import (
    audit_rows,
    comparison_rows,
    convention_rows,
    difference_rows,
    facts_rows,
    metric_rows,
    run_rows,
)
from harness.report.terminal.difference_terminal import difference_text
from harness.report.terminal.explanation_table import explanation_rows, explanation_table
from harness.report.terminal.metric_catalogue import conventions_table, metric_page, metrics_table
from harness.report.terminal.printout import Printout
from harness.report.terminal.result_table import result_rows, result_tables
from harness.report.terminal.run_terminal import (
    audit_table,
    cache_table,
    catalogue_table,
    checkpoint_table,
    facts_table,
    power_table,
    run_table,
)
from harness.report.terminal.text_table import Block, StyledText, TextTable
from harness.report.texts.markdown import printout_markdown
from harness.report.texts.number_text import clean

__all__ = [
    "PSEUDONYM",
    "Block",
    "ComparisonContext",
    "ComparisonReport",
    "Printout",
    "RunReport",
    "StyledText",
    "TextTable",
    "audit_rows",
    "audit_table",
    "cache_table",
    "catalogue_table",
    "checkpoint_table",
    "clean",
    "comparison_rows",
    "comparison_table",
    "convention_rows",
    "conventions_table",
    "difference_rows",
    "difference_text",
    "explanation_rows",
    "explanation_table",
    "facts_rows",
    "facts_table",
    "metric_page",
    "metric_rows",
    "metrics_table",
    "power_table",
    "printout_markdown",
    "render_comparison",
    "render_index",
    "render_run",
    "result_rows",
    "result_tables",
    "run_rows",
    "run_table",
    "seed_table",
]
