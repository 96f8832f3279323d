"""Reports for people: HTML with figures, LaTeX, and tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_exports import LazyExports

if TYPE_CHECKING:
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

# A table of the terminal needs neither pages nor figures.
_exports = LazyExports(
    {
        "Block": "harness.report.terminal.text_table",
        "ComparisonContext": "harness.report.pages.comparison_report",
        "ComparisonReport": "harness.report.pages.comparison_report",
        "PSEUDONYM": "harness.report.pages.example_rows",
        "Printout": "harness.report.terminal.printout",
        "RunReport": "harness.report.pages.run_report",
        "StyledText": "harness.report.terminal.text_table",
        "TextTable": "harness.report.terminal.text_table",
        "audit_rows": "harness.report.terminal.csv_rows",
        "audit_table": "harness.report.terminal.run_terminal",
        "cache_table": "harness.report.terminal.run_terminal",
        "catalogue_table": "harness.report.terminal.run_terminal",
        "checkpoint_table": "harness.report.terminal.run_terminal",
        "clean": "harness.report.texts.number_text",
        "comparison_rows": "harness.report.terminal.csv_rows",
        "comparison_table": "harness.report.terminal.comparison_terminal",
        "convention_rows": "harness.report.terminal.csv_rows",
        "conventions_table": "harness.report.terminal.metric_catalogue",
        "difference_rows": "harness.report.terminal.csv_rows",
        "difference_text": "harness.report.terminal.difference_terminal",
        "explanation_rows": "harness.report.terminal.explanation_table",
        "explanation_table": "harness.report.terminal.explanation_table",
        "facts_rows": "harness.report.terminal.csv_rows",
        "facts_table": "harness.report.terminal.run_terminal",
        "metric_page": "harness.report.terminal.metric_catalogue",
        "metric_rows": "harness.report.terminal.csv_rows",
        "metrics_table": "harness.report.terminal.metric_catalogue",
        "power_table": "harness.report.terminal.run_terminal",
        "printout_markdown": "harness.report.texts.markdown",
        "render_comparison": "harness.report.pages.comparison_report",
        "render_index": "harness.report.pages.index_report",
        "render_run": "harness.report.pages.run_report",
        "result_rows": "harness.report.terminal.result_table",
        "result_tables": "harness.report.terminal.result_table",
        "run_rows": "harness.report.terminal.csv_rows",
        "run_table": "harness.report.terminal.run_terminal",
        "seed_table": "harness.report.terminal.comparison_terminal",
    }
)
__getattr__ = _exports.get
__dir__ = _exports.names

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
