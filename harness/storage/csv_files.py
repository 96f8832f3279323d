"""Write CSV files in which spreadsheets find no formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import Facts
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

    Every CSV file of results is written here. Numbers are written unchanged.

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


def csv_text(rows: Sequence[Facts]) -> str:
    r"""Return rows as CSV; text that begins like a formula gets a leading apostrophe.

    Parameters
    ----------
    rows
        Values of JSON by column. The columns are those of all rows; a value that a row lacks is empty. Lists of scalars
        are joined by semicolons, other nested values are written as JSON.

    Examples
    --------
    >>> print(csv_text([{"run": "=1+1", "users": 938}, {"run": "ease", "users": -1, "needs": ["a", "b"]}]), end="")
    "run","users","needs"
    "'=1+1",938,""
    "ease",-1,"a; b"
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    stream = io.StringIO()
    # All text is quoted, as in files.
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(plain_cell, columns))
    writer.writerows([plain_cell(_scalar(row.get(column))) for column in columns] for row in rows)
    return stream.getvalue()


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)) and not any(isinstance(child, (list, tuple, Mapping)) for child in value):
        return "; ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, tuple, Mapping)) else value
