"""Tables for papers, from names that may hold anything."""

import dataclasses
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import latex as oracle

from harness.artifacts import PairedDifference
from harness.report.texts.comparison_rows import ValueRow
from harness.report.texts.latex import comparison_latex, escape
from harness.report.texts.number_text import clean

NAMES = st.text(st.sampled_from("ab \\{}$&#%_^~<>|[]*-'`\",?!中\n\N{MINUS SIGN}\N{EN DASH}"), max_size=30)
PAIR = PairedDifference(
    metric="ndcg@10",
    candidate="a",
    baseline="b",
    candidate_value=0.12,
    baseline_value=0.1,
    difference=0.02,
    verdict="not_worse",
    ci_low=0.01,
    ci_high=0.03,
    ci_simultaneous_low=-0.01,
    ci_simultaneous_high=0.05,
    p_adjusted=1e-9,
    effect_size=0.1,
)


def test_worked_by_hand():
    assert escape(r"50%_a & {b}\n $x$") == r"50\%\_a \& \{b\}\textbackslash{}n \$x\$"
    assert escape("--- ''") == "-{}-{}- '{}'"
    assert escape("ml-100k/item_knn") == r"ml-100k/item\_knn"


@given(NAMES)
@settings(max_examples=60, deadline=None)
def test_what_is_escaped_reads_back(name):
    assert oracle.read(escape(name)) == " ".join(name.split())


@given(NAMES)
@settings(max_examples=60, deadline=None)
def test_no_two_signs_join_into_another_one(name):
    assert not re.search("--|''|,,|[?!]`", escape(name).replace("$-$", " "))


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), NAMES)
@settings(max_examples=40, deadline=None)
def test_each_row_has_as_many_cells_as_the_header(names, label):
    tables = comparison_latex(
        values=[ValueRow(name, {f"m {label}": 0.1, "coverage@10": None}) for name in names],
        pairs=[dataclasses.replace(PAIR, candidate=name) for name in names],
        best={(names[0], "coverage@10"), (names[0], f"m {label}")},
        caption=f"{label} at 95%.",
    )
    values, pairs = (oracle.rows(table) for table in tables.split(r"\begin{table}")[1:])
    assert [len(row) for row in values] == [3] * (len(names) + 1)
    assert [len(row) for row in pairs] == [6] * (len(names) + 1)
    assert [oracle.read(row[0]) for row in values[1:]] == [" ".join(name.split()) for name in names]
    assert values[1][1] == r"\textbf{0.1000}"
    assert pairs[1][2] == r"{[}$-$0.0100, 0.0500{]}"
    assert pairs[1][5] == "not worse"
    for command in ("table", "tabular"):
        assert tables.count(rf"\begin{{{command}}}") == tables.count(rf"\end{{{command}}}") == 2


def test_hostile_names_stay_on_their_line(hostile):
    for name in map(clean, hostile):
        assert "\n" not in escape(name)
        oracle.read(escape(name))


def test_no_pairs_and_no_values():
    assert comparison_latex(values=[], pairs=[], best=set(), caption="").startswith("% Needs")
