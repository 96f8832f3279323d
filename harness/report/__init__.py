"""Reports for people: HTML with figures, LaTeX, and tables for the terminal."""

from harness.report.comparison_report import ComparisonReport, render_comparison
from harness.report.comparison_terminal import comparison_table, seed_table
from harness.report.csv_rows import (
    audit_rows,
    comparison_rows,
    convention_rows,
    difference_rows,
    facts_rows,
    metric_rows,
    run_rows,
)
from harness.report.difference_terminal import difference_text
from harness.report.markdown import printout_markdown
from harness.report.metric_catalogue import conventions_table, metric_page, metrics_table
from harness.report.number_text import clean
from harness.report.printout import Printout
from harness.report.run_report import RunReport, render_run
from harness.report.terminal import (
    audit_table,
    cache_table,
    catalogue_table,
    checkpoint_table,
    facts_table,
    power_table,
    run_table,
)
from harness.report.text_table import Block, StyledText, TextTable

__all__ = [
    "Block",
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
    "facts_rows",
    "facts_table",
    "metric_page",
    "metric_rows",
    "metrics_table",
    "power_table",
    "printout_markdown",
    "render_comparison",
    "render_run",
    "run_rows",
    "run_table",
    "seed_table",
]
