"""The figure that all drawings of the report are made on."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

from harness.report.figures.svg import drawing

_DPI = 144


class ReportFigure(Figure):
    """A figure in the style of the report, which notebooks show as an image.

    Matplotlib reads some settings when a figure is drawn, not when it is made, so that the style also holds then.
    Notebooks show a plain figure as an image only if ``matplotlib.pyplot`` is imported.
    """

    def savefig(self, *args: Any, **options: Any) -> None:
        """Write the figure to a file, as in Matplotlib."""
        with drawing():
            super().savefig(*args, **options)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=_DPI)
        return buffer.getvalue()
