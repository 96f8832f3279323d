"""Tables for the terminal, as they are printed."""

import dataclasses
import io

import pandas as pd
import pytest
from rich.console import Console
from run_records import record_of

from harness.artifacts import Comparison, ComparisonProtocol, DatasetSummary, PairedDifference, PartialRun
from harness.metrics.metric_facts import all_metric_facts
from harness.report import comparison_table, facts_table, metrics_table, run_table


def printed(renderable, width=140):
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(renderable, crop=False)
    return stream.getvalue()


def test_a_run_by_cutoff(record):
    lines = printed(run_table(record)).splitlines()
    assert lines[0].split() == ["ml-100k/ease,", "ml-100k,", "6", "users"]
    assert ["ndcg", "0.2500", "0.3000"] in [line.split() for line in lines]
    assert ["recall", "0.5000"] in [line.split() for line in lines]
    assert any(line.startswith("ndcg@10 0.3000, 95% interval [") for line in lines)
    assert "warning: 3 of 6 tie." in lines
    assert not any("unseen" in line for line in lines)


def test_a_partial_run_says_so(record):
    partial = PartialRun(5, "Partial: 5 users.")
    assert printed(run_table(dataclasses.replace(record, partial=partial))).splitlines()[-1] == "Partial: 5 users."


def test_next_to_nothing():
    assert "x" in printed(run_table(record_of()))


def test_names_are_text_and_no_markup(record, hostile):
    for text in hostile:
        output = printed(run_table(dataclasses.replace(record, name=text)))
        assert not set("\x00\x1b\u202e") & set(output)
    assert "[red]not red[/red]" in printed(run_table(dataclasses.replace(record, name="[red]not red[/red]")))


def compared(differences=(), runs=("pop", "[b]ease[/b]"), **changes):
    values = pd.DataFrame({"run": list(runs), "ndcg@10": [0.1, None, 0.2][: len(runs)]})
    settings = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)
    return dataclasses.replace(Comparison(tuple(differences), values, "pop", "ndcg@10", settings), **changes)


def test_a_comparison():
    tested = PairedDifference(
        "ndcg@10",
        "[b]ease[/b]",
        "pop",
        0.05,
        0.1,
        -0.05,
        ci_low=-0.06,
        ci_high=-0.04,
        relative=-0.5,
        p_adjusted=0.02,
        wins=1,
        ties=2000,
        losses=3,
        verdict="worse_by_margin",
        statement="worse by more than 0.01",
    )
    untested = PairedDifference("ndcg@10", "new", "pop", 0.2, 0.1, 0.1)
    lines = printed(comparison_table(compared([tested, untested], notes=("A note.",)))).splitlines()
    cells = [line.split() for line in lines]
    minus, dash = "\N{MINUS SIGN}", "\N{EN DASH}"
    assert ["pop", "first", "baseline", "0.1000"] in cells
    assert ["[b]ease[/b]", dash] in cells
    (row,) = [row for row in cells if row[-3:] == ["worse", "by", "margin"]]
    assert row[:2] == ["[b]ease[/b]", f"{minus}0.0500"]
    assert "1/2,000/3" in row
    (row,) = [row for row in cells if row[-1:] == ["untested"]]
    assert row == ["new", "+0.1000", *[dash] * 4, "untested"]
    assert "[b]ease[/b]: worse by more than 0.01" in lines
    assert lines[-1].strip() == "A note."


def test_marks_and_letters_of_three_runs():
    runs = ("pop", "ease", "new")
    groups = {"pop": "b", "ease": "b", "new": "a"}
    cells = [
        line.split()
        for line in printed(comparison_table(compared(runs=runs, best=("new",), groups=groups))).splitlines()
    ]
    assert ["new", "first", "*", "0.2000", "a"] in cells
    assert ["pop", "baseline", "0.1000", "b"] in cells


def test_all_pairs_name_both_runs():
    row = PairedDifference("ndcg@10", "new", "ease", 0.2, 0.1, 0.1, statement="higher")
    output = printed(comparison_table(compared([row], baseline=None)))
    assert "ndcg@10, all pairs" in output
    assert "new and ease: higher" in output


def test_a_comparison_of_partial_runs_says_so(record):
    partial = dataclasses.replace(record, partial=PartialRun(5, "Partial: 5 users."))
    assert printed(comparison_table(compared(), [partial, partial])).count("Partial: 5 users.") == 1
    assert "Partial" not in printed(comparison_table(compared(), [record, record]))


def test_facts(record):
    output = printed(facts_table(DatasetSummary(record.dataset, record.audits)))
    for words in ("raw", "100,000", "leave_last_out", "warning: 3 of 6 tie.", "info: 0 of 6 items."):
        assert words in output


def many_runs(n_runs=20, n_metrics=50):
    """Return a comparison of runs with long names, whose values fall from run to run."""
    labels = ["ndcg@10", *(f"metric[gain=exp{index}]@10" for index in range(1, n_metrics))]
    names = [f"department-of-recommendations/experiment-{index:02d}-with-a-long-name" for index in range(n_runs)]
    values = pd.DataFrame({"run": names} | {label: [0.1 + 0.01 * i for i in range(n_runs)] for label in labels})
    settings = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)
    pairs = [
        PairedDifference(
            *("ndcg@10", name, names[0], 0.1, 0.1, -0.0123 * index),
            *(-0.0567, -0.0345, -0.0678, -0.0234),
            relative=-0.5,
            p_adjusted=0.0211,
            wins=1_234,
            ties=56_789,
            losses=987,
            verdict="differs_within_margin",
        )
        for index, name in enumerate(names[1:], start=1)
    ]
    return Comparison(tuple(pairs), values, names[0], "ndcg@10", settings, best=(names[-1], names[-2]))


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_twenty_runs_of_fifty_metrics_at_any_width(width):
    lines = printed(comparison_table(many_runs()), width).splitlines()
    assert all(len(line) <= width for line in lines)
    text = "\n".join(lines)
    for number in ("0.2900", "0.1000", "\N{MINUS SIGN}0.2337", "\N{MINUS SIGN}0.0123"):
        assert number in text
    assert "left out: " in text
    assert "Sorted by ndcg@10." in text


def test_the_best_run_comes_first_in_both_tables():
    lines = printed(comparison_table(many_runs(3, 1))).splitlines()
    rows = [line for line in lines if line.startswith("department")]
    assert [line.split("experiment-")[1][:2] for line in rows[:5]] == ["02", "01", "00", "02", "01"]
    assert "first *" in rows[0]
    assert "first" not in rows[1]
    assert "baseline" in rows[2]


def test_a_lower_value_can_be_the_best():
    output = printed(comparison_table(compared(higher_is_better=False, primary="ndcg@10", runs=("pop", "ease", "new"))))
    assert "first: the lowest ndcg@10." in output
    assert output.splitlines()[3].split()[:2] == ["pop", "first"]


def test_a_set_of_all_runs_marks_none():
    output = printed(comparison_table(compared(best=("pop", "[b]ease[/b]"))))
    assert "The set of the best holds all runs: none is shown to beat another in ndcg@10." in output
    assert " * " not in output


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_catalogue_of_metrics_at_any_width(width):
    known = all_metric_facts()
    lines = printed(metrics_table(known), width).splitlines()
    assert all(len(line) <= width for line in lines)
    names = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert {metric.name for metric in known} <= names
    assert any("0 to 1  higher" in line for line in lines)
