"""Parts of tables for the terminal. Text from outside is never markup of rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

COLOURS = {
    **dict.fromkeys(("better_by_margin", "better", "higher"), "green"),
    **dict.fromkeys(("worse_by_margin", "worse", "lower", "error"), "red"),
    **dict.fromkeys(("differs_within_margin", "equivalent", "not_worse", "not_better"), "blue"),
    "warning": "yellow",
}


def table_of(title: str, *left: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table with left- and right-aligned columns."""
    from rich import box
    from rich.table import Table

    table = Table(title=text_of(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(text_of(name), justify="right")
    return table


def group_of(lines: Sequence[Any]) -> Group:
    """Return lines and tables, one under the other."""
    from rich.console import Group

    return Group(*lines)


def add_row(table: Table, cells: Sequence[str]) -> None:
    """Add a row of plain texts."""
    table.add_row(*map(text_of, cells))


def text_of(words: str, style: str = "") -> Text:
    """Return text that is never read as markup."""
    from rich.text import Text

    return Text(words, style)
