"""Tables in a width: which columns stay, and that no number is cut."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from harness.report.terminal.printout import Printout
from harness.report.terminal.table_fit import fit_table, heading
from harness.report.terminal.text_table import StyledText, TableColumn, numbers, table_of

COLUMNS = [
    TableColumn("run"),
    *numbers("ndcg@10"),
    *numbers("p adjusted", rank=2),
    *numbers("users", rank=1),
    TableColumn("verdict"),
]
ROWS = [["ml-100k/ease", "0.0891", "< 0.0001", "1,234", "higher"], ["a b", "-0.5", "0.5", "7", "undecided"]]


def printed(table, width):
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(Printout((table,)), crop=False)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(80, ()), (53, ()), (46, ("p adjusted",)), (35, ("p adjusted", "users"))],
)
def test_columns_are_left_out_by_importance(width, left_out):
    table = table_of("", COLUMNS, ROWS)
    fit = fit_table(table, width)
    assert fit.left_out == left_out
    (part,) = fit.parts
    assert sum(part.widths) + 2 * (len(part.widths) - 1) <= width
    text = printed(table, width)
    assert ("left out" in text) == bool(left_out)
    for name in left_out:
        assert name in text.replace("\n", " ")


def test_headings_break_at_spaces_before_columns_are_left_out():
    text = printed(table_of("", COLUMNS, ROWS), 50).splitlines()
    assert text[0].split() == ["p"]
    assert text[1].split() == ["run", "ndcg@10", "adjusted", "users", "verdict"]
    assert heading(TableColumn("wins and ties"), 8) == "wins and\nties"
    assert heading(TableColumn("x"), 1) == "x"


def test_rows_are_stacked_where_nothing_else_fits():
    lines = printed(table_of("", COLUMNS, ROWS), 20).splitlines()
    assert lines[:5] == [
        "ml-100k/ease",
        "  ndcg@10     0.0891",
        "  p adjusted  < 0.0001",
        "  users       1,234",
        "  verdict     higher",
    ]


def test_a_table_is_split_rather_than_cut():
    labels = [f"@{k}" for k in range(1, 30)]
    values = [f"0.{k:04d}" for k in range(1, 30)]
    table = table_of("", [TableColumn("metric"), *numbers(*labels)], [["ndcg", *values]], splits=True)
    fit = fit_table(table, 80)
    assert len(fit.parts) == 4
    assert all(part.columns[0] == 0 for part in fit.parts)
    assert sorted(index for part in fit.parts for index in part.columns[1:]) == list(range(1, 30))
    text = printed(table, 80)
    assert all(value in text for value in values)
    assert "left out" not in text


def test_long_names_fold_and_wide_characters_count_twice():
    name = "\u6f22" * 30
    lines = printed(table_of("", [TableColumn("run"), *numbers("value")], [[name, "1.0000"]]), 40).splitlines()
    assert lines[2].endswith("1.0000")
    assert sum(line.count("\u6f22") for line in lines) == 30


def test_text_is_never_markup():
    text = printed(table_of("[red]t[/red]", [TableColumn("[b]run[/b]")], [["[u]x[/u]\nnext"]]), 80)
    assert "[red]t[/red]" in text
    assert "[b]run[/b]" in text
    assert "[u]x[/u] next" in text


def test_a_table_without_rows():
    assert printed(table_of("none", COLUMNS, []), 80).splitlines()[0] == "none"


number = st.from_regex(r"-?[0-9]{1,3}(,[0-9]{3}){0,3}(\.[0-9]{1,6})?", fullmatch=True)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.text("abc /-_\u6f22", max_size=60), number, number, number), min_size=1, max_size=4),
    ranks=st.tuples(*[st.integers(0, 3)] * 3),
    splits=st.booleans(),
    width=st.integers(20, 150),
)
def test_no_number_is_folded_or_cut(rows, ranks, splits, width):
    columns = [TableColumn("run"), *(TableColumn(f"n{i}", number=True, rank=rank) for i, rank in enumerate(ranks))]
    table = table_of("", columns, rows, splits=splits)
    shown, left_out = printed(table, width), fit_table(table, width).left_out
    words = shown.split()
    for row in rows:
        for column, cell in zip(columns[1:], row[1:], strict=True):
            assert column.name in left_out or cell in words


def test_styles_of_cells():
    table = table_of("", [TableColumn("run")], [[StyledText("x", "red")]])
    stream = io.StringIO()
    Console(file=stream, width=80, force_terminal=True, color_system="standard").print(Printout((table,)))
    assert "\x1b[31mx" in stream.getvalue()
