"""Write tables as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import TextTable
from harness.report.texts.comparison_rows import ValueRow
from harness.report.texts.number_text import metric_text

# Characters that Markdown or HTML inside it would obey.
_SPECIAL = re.compile(r"([\\`*_\[\]|<>&~])")


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(escape("a|b <script> *c*"))
    a\|b \<script\> \*c\*
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def printout_markdown(printout: Printout) -> str:
    r"""Return the lines and tables of a command as Markdown, with all columns.

    Examples
    --------
    >>> from harness.report.terminal.text_table import StyledText, TableColumn, numbers, table_of
    >>> table = table_of("", [TableColumn("run"), *numbers("users")], [["a|b", "938"]])
    >>> print(printout_markdown(Printout((StyledText("Two runs."), table))))
    Two runs.
    <BLANKLINE>
    | run | users |
    | --- | ---: |
    | a\|b | 938 |
    """
    parts = (_table(block) if isinstance(block, TextTable) else _lines(block.text) for block in printout.blocks)
    return "\n\n".join(part for part in parts if part)


def _lines(text: str) -> str:
    """Return lines of text, with a hard break after each but the last."""
    return "\\\n".join(escape(line) for line in text.splitlines() if line.strip())


def _table(table: TextTable) -> str:
    lines = [f"**{escape(table.title)}**", ""] if table.title else []
    lines.append(_line([escape(column.name) for column in table.columns]))
    lines.append(_line(["---:" if column.number else "---" for column in table.columns]))
    return "\n".join([*lines, *(_line([escape(cell.text) for cell in row]) for row in table.rows)])


def values_markdown(values: Sequence[ValueRow], *, best: set[tuple[str, str]], sentence: str) -> str:
    """Return a table of values with the set of the best in bold, and the sentence of the comparison below.

    Parameters
    ----------
    values
        One row per run, all with the same labels.
    best
        The pairs (run, label) to set in bold.
    sentence
        The sentence of the comparison.
    """
    labels = list(values[0].values) if values else []
    lines = [_line(["run", *map(escape, labels)]), _line(["---", *["---:"] * len(labels)])]
    for row in values:
        cells = [metric_text(row.values[label]) for label in labels]
        marked = [
            f"**{cell}**" if (row.run, label) in best else cell for label, cell in zip(labels, cells, strict=True)
        ]
        lines.append(_line([escape(row.run), *marked]))
    bold = " Bold: the runs that no run is shown to beat." if best else ""
    return "\n".join([*lines, "", f"{escape(sentence)}{bold}", ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
