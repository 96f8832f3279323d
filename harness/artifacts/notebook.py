"""Show values in notebooks, by the folder ``report``.

Values are in the lowest layer, and the code that shows them is in a higher one. This module is the only one that names
that code. It names it as text, which is imported when a value is first shown. A value can thus be made, stored and
computed with where the report and Matplotlib are never imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TABLES = "harness.report.notebooks.notebook_html"
_FIGURES = "harness.report.notebooks.notebook_figures"


class NotebookValue:
    """A value that notebooks show as a table.

    The classes that inherit it are listed in ``harness.report.notebooks.notebook_html``.
    """

    def _repr_html_(self) -> str:
        return html_of(self)


def html_of(value: NotebookValue) -> str:
    """Return the table that a notebook shows for a value, as an HTML fragment."""
    html: str = _shown_by(_TABLES).html_of(value)
    return html


def table_figure(table: NotebookValue, kind: str, metric: str | None) -> Figure:
    """Return a figure of a ``MetricTable``."""
    figure: Figure = _shown_by(_FIGURES).table_figure(table, kind, metric)
    return figure


def comparison_figure(comparison: NotebookValue, kind: str, metric: str | None, against: str | None) -> Figure:
    """Return a figure of a ``Comparison``."""
    figure: Figure = _shown_by(_FIGURES).comparison_figure(comparison, kind, metric, against)
    return figure


def _shown_by(module: str) -> Any:
    return importlib.import_module(module)
