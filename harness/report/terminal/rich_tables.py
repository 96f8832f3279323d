"""Draw lines and tables in the terminal. Text from outside is never markup of rich."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.report.terminal.table_fit import GAP, TablePart, fit_table, heading
from harness.report.terminal.text_table import Block, StyledText, TextTable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

COLOURS = {
    **dict.fromkeys(("better_by_margin", "better", "higher"), "green"),
    **dict.fromkeys(("worse_by_margin", "worse", "lower", "error"), "red"),
    **dict.fromkeys(("differs_within_margin", "equivalent", "not_worse", "not_better"), "blue"),
    "warning": "yellow",
}


def rendered(block: Block, width: int) -> Iterator[RenderableType]:
    """Yield a line, or a table that fits into a width: no number is folded or cut.

    Parameters
    ----------
    block
        The line or the table.
    width
        Number of characters of a line.
    """
    if isinstance(block, StyledText):
        from rich.padding import Padding

        yield Padding(_text(block), (0, 0, 0, block.indent), expand=False) if block.indent else _text(block)
        return
    if block.title:  # as the title of rich's table it would be folded to the width of the table
        yield _text(StyledText(block.title, "bold"))
    fit = fit_table(block, width)
    if not fit.parts:
        yield from _stacked(block)
    for part in fit.parts:
        yield _table(block, part)
    if fit.left_out:
        where = f"a wider terminal and {block.elsewhere} show them"
        yield _text(StyledText(f"left out: {', '.join(fit.left_out)}; {where}", "dim"))
    yield ""


def _table(block: TextTable, part: TablePart) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for index, width in zip(part.columns, part.widths, strict=True):
        column = block.columns[index]
        table.add_column(
            _text(StyledText(heading(column, width))),
            width=width,
            no_wrap=column.number,
            overflow="fold",
            justify="right" if column.number else "left",
        )
    for row in block.rows:
        table.add_row(*(_text(row[index]) for index in part.columns))
    return table


def _stacked(block: TextTable) -> Iterator[Text]:
    """Yield each row as lines of a name and a value, below the first cell."""
    longest = max((len(column.name) for column in block.columns[1:]), default=0)
    for row in block.rows:
        yield _text(StyledText(row[0].text, "bold"))
        for column, cell in zip(block.columns[1:], row[1:], strict=True):
            line = _text(StyledText(f"  {column.name:<{longest}}  "))
            line.append(cell.text, cell.style)
            # A terminal that is narrower than a number wraps the line itself.
            line.no_wrap = column.number
            line.overflow = "ignore" if column.number else "fold"
            yield line


def _text(shown: StyledText) -> Text:
    from rich.text import Text

    return Text(shown.text, shown.style)
