"""The report of a comparison: which numbers, which words, which marks."""

import dataclasses
import math
import re

import pandas as pd
import pytest
from oracles.markup import Reader, check_self_contained
from run_records import record_of

from harness.artifacts import Comparison, ComparisonProtocol, PairedDifference, PartialRun
from harness.report import render_comparison

MINUS = "\N{MINUS SIGN}"


def pair(metric, candidate, difference, *, verdict, tested=True):
    row = PairedDifference(
        metric=metric,
        candidate=candidate,
        baseline="pop",
        candidate_value=0.2 + difference,
        baseline_value=0.2,
        difference=difference,
        relative=difference / 0.2,
        verdict=verdict,
        statement=f"statement on {candidate}",
    )
    if not tested:
        return row
    return dataclasses.replace(
        row,
        test="permutation",
        ci_low=difference - 0.01,
        ci_high=difference + 0.01,
        ci_simultaneous_low=difference - 0.02,
        ci_simultaneous_high=difference + 0.02,
        p_value=1e-7,
        p_adjusted=0.0213,
        effect_size=0.4,
        wins=30,
        ties=1900,
        losses=10,
        mde=0.005,
        n_users=1940,
        n_nonzero=40,
    )


def comparison(names=("pop", "ease", "random"), margin=None):
    pop, ease, random = names
    differences = [
        pair("ndcg@10", ease, 0.05, verdict="better_by_margin"),
        pair("ndcg@10", random, -0.1, verdict="worse"),
        pair("coverage@10", ease, 0.3, verdict="untested", tested=False),
        pair("coverage@10", random, 0.6, verdict="untested", tested=False),
    ]
    values = [
        {"run": pop, "ndcg@10": 0.2, "coverage@10": 0.2},
        {"run": ease, "ndcg@10": 0.25, "coverage@10": 0.5},
        {"run": random, "ndcg@10": 0.1, "coverage@10": math.nan},
    ]
    return Comparison(
        differences=tuple(dataclasses.replace(row, baseline=pop) for row in differences),
        values=pd.DataFrame(values),
        baseline=pop,
        primary="ndcg@10",
        settings=ComparisonProtocol("baseline", "auto", "holm", "users", 0.95, margin, 0),
        best=(ease,),
        groups={pop: "b", ease: "a", random: "c"},
        notes=("ndcg@10 decides.",),
    )


@pytest.fixture
def runs(record):
    return [dataclasses.replace(record, name=name) for name in ("pop", "ease", "random")]


def test_the_page_says_what_was_compared_and_found(runs):
    report = render_comparison(comparison(), runs)
    read = check_self_contained(report.html)
    for words in (
        "2 runs against pop",
        "3 runs on ml-100k, test part, 6 users, compared with pop user by user.",
        "Test: auto, corrected by Holm's method, 95% intervals.",
        "+0.0500",
        "[0.0300, 0.0700]",
        f"{MINUS}50.0%",
        "< 0.0001",
        "0.0213",
        "30 / 1,900 / 10",
        "ndcg@10 decides.",
        "the runs that no run is shown to beat in ndcg@10",
        "better by margin",
        "ease: statement on ease",
    ):
        assert words in read.text, words
    assert sorted(report.figures) == [
        "curves-ndcg.svg",
        "forest-coverage-10.svg",
        "forest-ndcg-10.svg",
        "trade-off-coverage-10.svg",
        "trade-off-ms-per-user.svg",
    ]


def marked(html):
    return re.findall(r'class="n best"[^>]*>([^<]*)<', html)


def test_the_set_of_the_best_is_marked_in_the_primary_metric(runs):
    assert marked(render_comparison(comparison(), runs).html) == ["0.2500"]
    every = dataclasses.replace(comparison(), best=("pop", "ease", "random"))
    assert marked(render_comparison(every, runs).html) == []


def test_a_metric_where_lower_is_better_says_so(runs):
    turned = tuple(dataclasses.replace(value, higher_is_better=value.label != "ndcg@10") for value in runs[0].metrics)
    html = render_comparison(comparison(), [dataclasses.replace(run, metrics=turned) for run in runs]).html
    assert "lower is better" in html


def test_all_pairs_name_both_runs(runs):
    read = check_self_contained(render_comparison(dataclasses.replace(comparison(), baseline=None), runs).html)
    for words in ("All pairs of 3 runs", "compared with each other user by user", "ease against pop", "ease and pop:"):
        assert words in read.text, words


def test_untested_differences_have_dashes_for_tests(runs):
    read = Reader(render_comparison(comparison(), runs).html)
    assert "untested" in read.text
    assert not {"None", "nan"} & set(read.text.split())


def test_hostile_run_names_change_no_element(runs, hostile):
    plain = Reader(render_comparison(comparison(), runs).html).elements
    for text in (text.replace("\ud800", "") for text in hostile):  # no data frame holds what is no UTF-8
        named = [dataclasses.replace(run, name=f"{place}{text}") for place, run in enumerate(runs)]
        report = render_comparison(comparison(tuple(run.name for run in named)), named)
        assert check_self_contained(report.html).elements == plain
        report.latex.encode("utf-8")


@pytest.mark.parametrize("margin", [0.02, {"ndcg@10": 0.02}])
def test_a_margin_is_drawn_where_it_is_declared(margin, runs):
    without = render_comparison(comparison(), runs).figures
    figures = render_comparison(comparison(margin=margin), runs).figures
    assert figures["forest-ndcg-10.svg"] != without["forest-ndcg-10.svg"]
    # A margin is in the unit of the primary metric.
    assert figures["forest-coverage-10.svg"] == without["forest-coverage-10.svg"]


def test_partial_runs_are_stamped(runs):
    runs[1] = dataclasses.replace(runs[1], partial=PartialRun(5, "Partial: 5 users."))
    page = render_comparison(comparison(), runs).html
    assert page.count('<p class="banner" role="note">Partial: 5 users.</p>') == 1


def test_runs_without_facts():
    bare = dataclasses.replace(comparison(), notes=())
    read = check_self_contained(render_comparison(bare, [record_of({"name": "pop"}), record_of({"name": "ease"})]).html)
    assert "ndcg@10: differences to pop (0.2000)" in read.text
    assert render_comparison(bare, []) == render_comparison(bare, [])
