"""Write CSV files in which spreadsheets find no formulas."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.storage.atomic_writes import write_text

if TYPE_CHECKING:
    import pandas as pd

# Beginnings of formulas in spreadsheets; the last four are the full-width forms of the first four.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula; return other values unchanged.

    Examples
    --------
    >>> plain_cell("=1+1"), plain_cell("ease"), plain_cell(-0.5)
    ("'=1+1", 'ease', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, atomically; text that begins like a formula gets a leading apostrophe.

    Every CSV file of the project is written here. Numbers are written unchanged.

    Parameters
    ----------
    path
        The file.
    frame
        The table, which is written without its index.
    """
    safe = frame.rename(columns=plain_cell)
    text = safe.select_dtypes(exclude="number").columns
    safe[text] = safe[text].map(plain_cell)
    # All text is quoted, because a bare carriage return in a cell would begin a new row.
    write_text(path, safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC))
