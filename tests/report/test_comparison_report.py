"""The report of a comparison: which numbers, which words, which marks."""

import dataclasses
import math

import pandas as pd
import pytest
from oracles.markup import Reader, check_self_contained
from run_records import record_of

from harness.artifacts import PAIR_COLUMNS, Comparison, PartialRun
from harness.report import render_comparison

MINUS = "\N{MINUS SIGN}"


def pair(metric, candidate, difference, *, verdict, tested=True):
    numbers = ("ci_low", "ci_high", "p_value", "p_adjusted", "effect_size", "mde")
    row = dict.fromkeys(PAIR_COLUMNS, None) | {
        "metric": metric,
        "candidate": candidate,
        "baseline": "pop",
        "candidate_value": 0.2 + difference,
        "baseline_value": 0.2,
        "difference": difference,
        "relative": difference / 0.2,
        "verdict": verdict,
        **dict.fromkeys(numbers, math.nan),
    }
    if tested:
        row |= {"test": "paired_t", "ci_low": difference - 0.01, "ci_high": difference + 0.01, "p_value": 1e-7}
        row |= {"p_adjusted": 0.0213, "effect_size": 0.4, "wins": 30, "ties": 1900, "losses": 10, "mde": 0.005}
        row |= {"n_users": 1940}
    return row


def comparison(names=("pop", "ease", "random"), margin=None):
    pop, ease, random = names
    pairs = [
        pair("ndcg@10", ease, 0.05, verdict="better"),
        pair("ndcg@10", random, -0.1, verdict="worse"),
        pair("coverage@10", ease, 0.3, verdict="not tested", tested=False),
        pair("coverage@10", random, 0.6, verdict="not tested", tested=False),
    ]
    values = [
        {"run": pop, "ndcg@10": 0.2, "coverage@10": 0.2},
        {"run": ease, "ndcg@10": 0.25, "coverage@10": 0.5},
        {"run": random, "ndcg@10": 0.1, "coverage@10": math.nan},
    ]
    return Comparison(
        pairs=pd.DataFrame(pairs, columns=list(PAIR_COLUMNS)).assign(baseline=pop),
        values=pd.DataFrame(values),
        baseline=pop,
        primary="ndcg@10",
        settings={"test": "paired_t", "correction": "holm", "confidence": 0.95, "margin": margin, "seed": 0},
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
        "Test: paired t, p-values corrected by Holm's method, 95% intervals.",
        "+0.0500",
        "[0.0400, 0.0600]",
        f"{MINUS}50.0%",
        "< 0.0001",
        "0.0213",
        "30 / 1,900 / 10",
        "ndcg@10 decides.",
        "does not make a difference significant",
    ):
        assert words in read.text, words
    assert sorted(report.figures) == ["forest-coverage-10.svg", "forest-ndcg-10.svg"]


def marked(html):
    return [part.split("<", 1)[0] for part in html.split('best">')[1:]]


def test_the_best_is_marked_by_the_metrics_direction(runs):
    assert marked(render_comparison(comparison(), runs).html) == ["0.2500", "0.5000"]
    turned = tuple(dataclasses.replace(value, higher_is_better=value.label != "ndcg@10") for value in runs[0].metrics)
    html = render_comparison(comparison(), [dataclasses.replace(run, metrics=turned) for run in runs]).html
    assert marked(html) == ["0.5000", "0.1000"]
    assert "lower is better" in html


def test_nothing_is_best_where_the_direction_is_unknown_or_all_are_alike(runs):
    assert marked(render_comparison(comparison(), []).html) == []
    alike = comparison()
    alike.values["ndcg@10"] = 0.2
    alike.values["coverage@10"] = 0.5
    assert marked(render_comparison(alike, runs).html) == []


def test_untested_differences_have_dashes_for_tests(runs):
    read = Reader(render_comparison(comparison(), runs).html)
    assert "not tested" in read.text
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
    assert (figures["forest-coverage-10.svg"] == without["forest-coverage-10.svg"]) == isinstance(margin, dict)


def test_partial_runs_are_stamped(runs):
    runs[1] = dataclasses.replace(runs[1], partial=PartialRun(5, "Partial: 5 users."))
    assert render_comparison(comparison(), runs).html.count("Partial: 5 users.") == 1


def test_runs_without_facts_and_without_a_primary(runs):
    bare = comparison()
    bare = Comparison(bare.pairs, bare.values, bare.baseline, None, {}, ())
    read = check_self_contained(render_comparison(bare, [record_of({"name": "pop"}), record_of({"name": "ease"})]).html)
    assert "ndcg@10: differences to pop (0.2000)" in read.text
    assert render_comparison(bare, []) == render_comparison(bare, [])
