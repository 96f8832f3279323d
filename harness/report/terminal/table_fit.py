"""Fit a table into a width: columns are left out in the order of their importance, or the table is split or stacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.terminal.text_table import TableColumn, TextTable

GAP = 2  # characters between two columns
_SHORTEST = 12  # width of a column of text before the rows are stacked


@dataclass(frozen=True)
class TablePart:
    """Some columns of a table side by side.

    Parameters
    ----------
    columns
        Their positions in the table.
    widths
        The width of each in characters.
    """

    columns: tuple[int, ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class TableFit:
    """How a table is printed.

    Parameters
    ----------
    parts
        The parts, one under the other; none if the rows are stacked as lines of a name and a value.
    left_out
        Names of the columns that are left out.
    """

    parts: tuple[TablePart, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Widths:
    """Widths of a column: the least it needs, what it should have, and what it could use."""

    hard: int
    preferred: int
    natural: int


def fit_table(table: TextTable, width: int) -> TableFit:
    """Return the parts of a table that fit into a width.

    Parameters
    ----------
    table
        The table.
    width
        Number of characters of a line.

    Examples
    --------
    >>> from harness.report.terminal.text_table import numbers, table_of
    >>> columns = [TableColumn("run"), *numbers("ndcg@10"), *numbers("users", rank=1)]
    >>> table = table_of("", columns, [["ease", "0.1", "938"]])
    >>> fit_table(table, 80).left_out, fit_table(table, 15).left_out
    ((), ('users',))
    """
    needs = [_widths(column, [row[index].text for row in table.rows]) for index, column in enumerate(table.columns)]
    kept = list(range(len(table.columns)))
    if table.splits and _total([needs[index].preferred for index in kept]) > width:
        return _split(needs, width)
    while _total([needs[index].preferred for index in kept]) > width:
        least = max(kept, key=lambda index: (table.columns[index].rank, index))
        if table.columns[least].rank == 0:
            break
        kept.remove(least)
    left_out = tuple(column.name for index, column in enumerate(table.columns) if index not in kept)
    part = _part(kept, needs, width)
    return TableFit(()) if part is None else TableFit((part,), left_out)


def heading(column: TableColumn, width: int) -> str:
    """Return the heading of a column, broken at its spaces where it is longer than the width."""
    lines = [""]
    for word in column.name.split():
        longer = f"{lines[-1]} {word}".strip()
        lines[-1:] = [longer] if _length(longer) <= width else [line for line in (lines[-1], word) if line]
    return "\n".join(lines)


def _split(needs: Sequence[_Widths], width: int) -> TableFit:
    """Return the table in parts, each of which begins with the first column."""
    parts, columns = [], [0]
    for index in range(1, len(needs)):
        if len(columns) > 1 and _total([needs[one].preferred for one in (*columns, index)]) > width:
            parts.append(columns)
            columns = [0]
        columns.append(index)
    fitted = [_part(one, needs, width) for one in (*parts, columns)]
    whole = tuple(part for part in fitted if part is not None)
    return TableFit(whole if len(whole) == len(fitted) else ())


def _part(columns: Sequence[int], needs: Sequence[_Widths], width: int) -> TablePart | None:
    """Return the widths of columns; None if they do not fit at all."""
    chosen = [needs[index] for index in columns]
    preferred = [one.preferred for one in chosen]
    widths = preferred if _total(preferred) <= width else [one.hard for one in chosen]
    room = width - _total(widths)
    if room < 0:
        return None
    # The columns that lack least come first, so that headings of numbers stay whole.
    for place in sorted(range(len(chosen)), key=lambda place: chosen[place].natural - widths[place]):
        more = min(room, chosen[place].natural - widths[place])
        widths[place] += more
        room -= more
    return TablePart(tuple(columns), tuple(widths))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(column: TableColumn, texts: Sequence[str]) -> _Widths:
    longest = max(map(_length, texts), default=0)
    word = max(map(_length, column.name.split()), default=0)
    natural = max(longest, _length(column.name))
    if column.number:
        least = max(longest, word)
        return _Widths(least, least, natural)
    hard = min(natural, max(_SHORTEST, word))
    return _Widths(hard, min(natural, max(column.least, hard)), natural)


def _length(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
