"""The parts of a comparison page: leaderboard, matrix of verdicts, slices by run, gains, short names, trust."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles.markup import Reader, check_self_contained
from run_records import record_of

from harness.artifacts import (
    Comparison,
    ComparisonProtocol,
    ExampleItem,
    Finding,
    MetricValue,
    PairedDifference,
    RobustClaim,
    Robustness,
    SharedUser,
    SharedUsers,
    ShownList,
    SliceGroup,
    SliceTable,
    SliceValue,
)
from harness.report import ComparisonContext, render_comparison
from harness.report.pages.comparison_trust import comparison_trust
from harness.report.pages.interval_bars import interval_bar
from harness.report.pages.leaderboard import leaderboard
from harness.report.pages.short_names import common_beginning, short_comparison
from harness.report.pages.slices_by_run import slices_by_run
from harness.report.pages.user_gains import user_gains
from harness.report.pages.verdict_matrix import MOST_RUNS, verdict_matrix
from harness.report.texts.comparison_rows import value_rows

SETTINGS = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)


def compared(values, groups, *, higher=True, baseline=None, best=(), differences=(), **more):
    frame = pd.DataFrame({"run": list(values), "ndcg@10": list(values.values())})
    return Comparison(differences, frame, baseline, "ndcg@10", SETTINGS, best, groups, higher_is_better=higher, **more)


def run_of(name, value=0.1, **changes):
    metric = MetricValue(
        "ndcg@10", "ndcg", 10, {}, "accuracy", higher_is_better=True, value=value, ci_low=value / 2, ci_high=2 * value
    )
    return dataclasses.replace(record_of({"name": name}), metrics=(metric,), **changes)


def test_the_leaderboard_by_hand():
    difference = PairedDifference("ndcg@10", "ease", "pop", 0.2, 0.1, 0.1, verdict="higher")
    found = compared(
        {"pop": 0.1, "ease": 0.2, "knn": 0.1, "odd": math.nan},
        {"pop": "b", "ease": "a", "knn": "b", "odd": ""},
        baseline="pop",
        best=("ease",),
        differences=(difference,),
    )
    records = [run_of("pop"), run_of("ease", 0.2), run_of("knn", 0.15)]
    rows = leaderboard(found, value_rows(found), records, {"ease": "../ease/report.html"})
    assert [(row.rank, row.run) for row in rows] == [(1, "ease"), (2, "pop"), (2, "knn"), (4, "odd")]
    best, baseline, knn, odd = rows
    assert (best.is_best, best.letters, best.link, best.pair) == (True, "a", "../ease/report.html", difference)
    assert (best.ci_low, best.ci_high) == (0.1, 0.4)
    assert best.bar == interval_bar(0.2, 0.1, 0.4, bottom=0.0, top=0.4)
    assert baseline.is_baseline
    assert baseline.pair is None
    assert knn.bar is None  # the value of the comparison is not that of the record, as with seeds
    assert (odd.value, odd.ci_low) == (None, None)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 2))
def test_bars_stay_inside_their_cells(value, low, high, top):
    bar = interval_bar(value, min(low, high), max(low, high), bottom=0.0, top=top)
    assert 0 <= bar.start <= bar.start + bar.width <= 100 + 1e-9
    assert 0 <= bar.at <= 100


def test_the_matrix_shows_who_differs_from_whom():
    found = compared({"a": 0.3, "b": 0.2, "c": 0.1}, {"a": "x", "b": "xy", "c": "y"})
    matrix = verdict_matrix(found, value_rows(found))
    assert matrix.runs == ("a", "b", "c")
    verdicts = [[None if cell is None else cell.verdict for cell in row] for row in matrix.rows]
    assert verdicts == [[None, "undecided", "better"], ["undecided", None, "undecided"], ["worse", "undecided", None]]
    assert matrix.rows[0][2].difference == pytest.approx(0.2)
    turned = compared({"a": 0.3, "b": 0.2, "c": 0.1}, {"a": "x", "b": "xy", "c": "y"}, higher=False)
    assert verdict_matrix(turned, value_rows(turned)).rows[0][2].verdict == "better"  # c comes first there
    assert verdict_matrix(turned, value_rows(turned)).runs == ("c", "b", "a")


def test_a_matrix_of_many_runs_says_what_is_left_out():
    names = [f"run{place:03d}" for place in range(MOST_RUNS + 5)]
    found = compared({name: place / 100 for place, name in enumerate(names)}, dict.fromkeys(names, "a"))
    assert verdict_matrix(found, value_rows(found)).more == 5
    two = compared({"a": 1.0, "b": 0.0}, {"a": "a", "b": "b"})
    assert verdict_matrix(two, value_rows(two)) is None


def sliced(name, *values):
    groups = tuple(
        SliceGroup(group, {"ndcg@10": SliceValue(value, None, None, 5)})
        for group, value in zip(("few", "many"), values, strict=False)
    )
    return run_of(name, slices=(SliceTable("activity", "users", groups, {}),))


def test_slices_by_run():
    (found,) = slices_by_run([sliced("a", 0.1, 0.4), sliced("b", 0.2, 0.3)], "ndcg@10")
    assert (found.title, found.runs) == ("Users by activity", ("a", "b"))
    assert [(row.group, row.best) for row in found.rows] == [("few", 0.2), ("many", 0.4)]
    (lower,) = slices_by_run([sliced("a", 0.1, 0.4), sliced("b", 0.2, 0.3)], "ndcg@10", higher_is_better=False)
    assert [row.best for row in lower.rows] == [0.1, 0.3]
    assert slices_by_run([sliced("a", 0.1), run_of("b")], "ndcg@10") == []
    (some,) = slices_by_run([sliced("a", 0.1, 0.4), sliced("b", 0.2)], "ndcg@10")
    assert [row.group for row in some.rows] == ["few"]


def test_gains_are_counts_and_shares():
    pair = PairedDifference("ndcg@10", "a", "b", 0, 0, 0, wins=1, ties=2, losses=5)
    (row,) = user_gains([pair, dataclasses.replace(pair, wins=None)])
    assert (row.better, row.equal, row.worse, row.better_share, row.worse_share) == (1, 2, 5, 12.5, 62.5)


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("/".join), min_size=1, max_size=5))
def test_short_names_are_distinct_and_complete(names):
    beginning = common_beginning(names)
    short = [name.removeprefix(beginning) for name in names]
    assert all(short)
    assert [beginning + name for name in short] == names
    assert len(set(short)) == len(set(names))


def test_a_comparison_with_short_names():
    pair = PairedDifference("ndcg@10", "d/a", "d/b", 0.2, 0.1, 0.1)
    found = compared(
        {"d/a": 0.2, "d/b": 0.1}, {"d/a": "a", "d/b": "b"}, baseline="d/b", best=("d/a",), differences=(pair,)
    )
    short = short_comparison(found, "d/")
    assert (short.baseline, short.best, short.groups) == ("b", ("a",), {"a": "a", "b": "b"})
    assert list(short.values["run"]) == ["a", "b"]
    page = Reader(render_comparison(found, [run_of("d/a", 0.2), run_of("d/b")]).html).text
    assert "without their common beginning “d/”" in page
    assert "d/a" not in page


def marks(found, records=(), robustness=None):
    return {mark.name: mark for mark in comparison_trust(found, records, robustness)}


def test_verdicts_that_do_not_hold_for_other_items_are_named():
    holds = PairedDifference("ndcg@10", "a", "b", 0, 0, 0, verdict="higher", verdict_users_items="higher")
    lost = dataclasses.replace(holds, candidate="c", verdict_users_items="undecided")
    assert marks(compared({"a": 1.0}, None, differences=(holds,)))["Other items"].level == "good"
    both = marks(compared({"a": 1.0}, None, differences=(holds, lost)))["Other items"]
    assert (both.level, both.text) == ("warning", "1 of 2 verdicts are not shown for other items: c.")


@pytest.mark.parametrize(("n_holds", "opposite", "level"), [(9, 0, "good"), (8, 0, "warning"), (8, 1, "error")])
def test_robustness_is_the_worst_claim(n_holds, opposite, level):
    claims = (RobustClaim("a", "b", "higher", 9, 9, 0), RobustClaim("c", "b", "lower", n_holds, 9, opposite))
    found = marks(compared({"a": 1.0}, None), robustness=Robustness(claims, ()))
    assert found["Other choices"].level == level


def test_warnings_of_runs_are_shown_once():
    audits = (Finding("later_history", 1, 2, "1 of 2."),)
    records = [run_of("a", audits=audits), run_of("b", audits=audits)]
    same = marks(compared({"a": 1.0, "b": 0.5}, None), records)["Leakage in time"]
    assert same.text == "50.0% of the history is later than the earliest test interaction."
    one = marks(compared({"a": 1.0, "b": 0.5}, None), [records[0], run_of("b")])["Leakage in time"]
    assert one.text.endswith("(a)")


def shared(user, title="Alien"):
    lists = {
        "a": ShownList((ExampleItem("3", title, relevant=True),), 1, 1.0, (1,)),
        "b": ShownList((), 0, 0.0, (None,)),
    }
    lists = dict(reversed(lists.items()))  # the page shows the best run first
    return SharedUser(user, 1.0, (ExampleItem("3", title),), 1, lists, (ExampleItem("4"),), 60)


def page_of(*users, **context):
    found = compared({"a": 0.2, "b": 0.1}, {"a": "a", "b": "b"}, baseline="b")
    beside = ComparisonContext(users=SharedUsers("ndcg@10", 938, 1, users), **context)
    return render_comparison(found, [run_of("a", 0.2), run_of("b")], beside).html


def test_users_are_shown_side_by_side():
    text = check_self_contained(page_of(shared("user-seven"))).text
    assert text.index("a 1.0000, rank 1") < text.index("b 0.0000")
    for words in ("This page holds 1 of 938 users.", "user user-seven", "✓ Alien", "rank 1", "and 59 more", "nothing"):
        assert words in text, words


def test_pseudonyms_hide_the_ids_of_users():
    page = page_of(shared("secret-id"), hides_ids=True)
    assert "secret-id" not in page
    assert "Their ids are hidden" in page


def test_hostile_titles_and_ids_change_no_element(hostile):
    plain = Reader(page_of(shared("a"))).elements
    for text in hostile[:-1]:  # the last one is so long that it is folded
        assert check_self_contained(page_of(shared(text, text))).elements == plain


def test_runs_link_to_their_reports():
    address = "../../a%20b/report.html"
    page = page_of(shared("u"), links={"a": address})
    check_self_contained(page, links=(address,))
    assert page.count(f'href="{address}"') == 2


def test_two_hundred_runs_of_fifty_metrics_make_a_page():
    names = [f"run{place:03d}" for place in range(200)]
    labels = [f"ndcg@{k}" for k in range(1, 51)]
    values = pd.DataFrame({"run": names, **{label: [place / 200 for place in range(200)] for label in labels}})
    differences = tuple(
        PairedDifference(label, name, names[0], 0.1, 0.1, 0.1) for label in labels for name in names[1:]
    )
    found = Comparison(differences, values, names[0], "ndcg@10", SETTINGS, (names[-1],), dict.fromkeys(names, "a"))
    page = render_comparison(found, [run_of(name) for name in names]).html
    assert len(page) < 3_000_000
    text = Reader(page).text
    assert "8,751 more are in comparison.csv" in text  # 199 x 49 rows of other metrics, of which 1,000 are shown
    assert "170 more are in the leaderboard" in text
