"""Render the page of all runs and comparisons in a folder of reports."""

from __future__ import annotations

from urllib.parse import quote

from harness.artifacts import ResultList
from harness.report.pages.page import page
from harness.report.texts.number_text import clean


def render_index(results: ResultList) -> str:
    """Return the page; its links are relative to the folder of reports."""
    # Links are made of the names as they are, not of what is shown of them.
    run_links = [_link(run.folder, "report.html") for run in results.runs]
    comparison_links = [_link(comparison.folder, "comparison.html") for comparison in results.comparisons]
    shown = clean(results)
    return page(
        "index.html",
        title="Runs and comparisons",
        results=shown,
        runs=list(zip(shown.runs, run_links, strict=True)),
        comparisons=list(zip(shown.comparisons, comparison_links, strict=True)),
    )


def _link(folder: str, name: str) -> str:
    # A name that begins like "javascript:" stays a path.
    return f"./{quote(f'{folder}/{name}', errors='replace')}"
