"""Reports for people: HTML with figures, LaTeX, and tables for the terminal."""

from harness.report.comparison_report import ComparisonContext, ComparisonReport, render_comparison
from harness.report.comparison_terminal import comparison_table, robustness_lines, seed_table
from harness.report.difference_terminal import difference_text
from harness.report.example_rows import PSEUDONYM
from harness.report.index_report import render_index
from harness.report.metric_catalogue import conventions_table, metric_page, metrics_table
from harness.report.run_report import RunReport, render_run
from harness.report.terminal import (
    audit_table,
    cache_table,
    checkpoint_table,
    facts_table,
    power_table,
    run_table,
)

__all__ = [
    "PSEUDONYM",
    "ComparisonContext",
    "ComparisonReport",
    "RunReport",
    "audit_table",
    "cache_table",
    "checkpoint_table",
    "comparison_table",
    "conventions_table",
    "difference_text",
    "facts_table",
    "metric_page",
    "metrics_table",
    "power_table",
    "render_comparison",
    "render_index",
    "render_run",
    "robustness_lines",
    "run_table",
    "seed_table",
]
