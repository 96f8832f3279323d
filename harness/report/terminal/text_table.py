"""Lines and tables that a command prints, before a format and a width are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class StyledText:
    """A line, or a cell of a table. Its text is never markup.

    Parameters
    ----------
    text
        Plain text.
    style
        A style of rich, such as ``bold``; formats other than the terminal ignore it.
    indent
        Number of spaces before each line of the text in the terminal.
    """

    text: str
    style: str = ""
    indent: int = 0


@dataclass(frozen=True)
class TableColumn:
    """A column of a table, and what happens to it where the table is too wide.

    Parameters
    ----------
    name
        The heading.
    number
        Whether the column holds numbers: they are aligned right, and never folded or cut.
    rank
        Importance: the columns of the highest rank are left out first. A column of rank 0 is never left out.
    least
        Width in characters that a column of text keeps while others can be left out.
    """

    name: str
    number: bool = False
    rank: int = 0
    least: int = 24


@dataclass(frozen=True)
class TextTable:
    """A table of texts.

    Parameters
    ----------
    title
        The title; empty for none.
    columns
        The columns. The first one names the rows.
    rows
        One cell per column.
    splits
        Whether a table that is too wide is split into several tables, rather than columns left out.
    elsewhere
        Where columns that were left out can be read, besides a wider terminal.
    """

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[StyledText, ...], ...]
    splits: bool = False
    elsewhere: str = "--format markdown"


Block: TypeAlias = StyledText | TextTable


def table_of(
    title: str,
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str | StyledText]],
    *,
    splits: bool = False,
    elsewhere: str = "--format markdown",
) -> TextTable:
    """Return a table; cells may be plain texts, whose line breaks become spaces."""
    cells = tuple(tuple(_cell(one) for one in row) for row in rows)
    return TextTable(title, tuple(columns), cells, splits, elsewhere)


def numbers(*names: str, rank: int = 0) -> list[TableColumn]:
    """Return columns of numbers.

    Examples
    --------
    >>> [column.name for column in numbers("users", "items")]
    ['users', 'items']
    """
    return [TableColumn(name, number=True, rank=rank) for name in names]


def _cell(cell: str | StyledText) -> StyledText:
    whole = cell if isinstance(cell, StyledText) else StyledText(cell)
    return StyledText(" ".join(whole.text.split()), whole.style)
