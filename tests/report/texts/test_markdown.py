"""The Markdown table: the set of the best in bold, and hostile names as plain text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import StyledText, TableColumn, numbers, table_of
from harness.report.texts.comparison_rows import ValueRow
from harness.report.texts.markdown import escape, printout_markdown, values_markdown
from harness.report.texts.number_text import NOTHING

ROWS = [ValueRow("a|b", {"ndcg@10": 0.25, "recall@10": None}), ValueRow("c", {"ndcg@10": 0.125, "recall@10": 0.5})]


def test_a_table():
    text = values_markdown(ROWS, best={("a|b", "ndcg@10")}, sentence="One sentence.")
    assert text.splitlines() == [
        "| run | ndcg@10 | recall@10 |",
        "| --- | ---: | ---: |",
        rf"| a\|b | **0.2500** | {NOTHING} |",
        "| c | 0.1250 | 0.5000 |",
        "",
        "One sentence. Bold: the runs that no run is shown to beat.",
    ]


@given(st.text(max_size=30))
def test_no_name_breaks_a_row_or_starts_markup(name):
    escaped = escape(name)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<*`\[_]", escaped)


def test_lines_and_tables_of_a_command():
    table = table_of("a|b", [TableColumn("run"), *numbers("value", rank=9)], [["*x*\n<b>", "1,000"]])
    text = printout_markdown(Printout((StyledText("one\ntwo_", "bold"), StyledText(""), table)))
    assert text == ("one\\\ntwo\\_\n\n**a\\|b**\n\n| run | value |\n| --- | ---: |\n| \\*x\\* \\<b\\> | 1,000 |")
