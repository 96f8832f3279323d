"""Tables of runs and comparisons, and of explained lists."""

from __future__ import annotations

import csv
import io
import json

from harness.artifacts import ExampleItem, ListedComparison, ListedRun, Reason, ResultList
from harness.report import explanation_rows, explanation_table, printout_markdown, result_rows, result_tables

RUN = ListedRun(
    name="a/ease",
    folder="a/ease",
    created="2026-11-23T10:00:00Z",
    dataset="ml",
    split="global_time",
    part="test",
    model="ease",
    metric="ndcg@10",
    value=0.12356,
    ci_low=0.1,
    ci_high=0.2,
    users=1_234,
    warnings=2,
    is_partial=True,
)
COMPARISON = ListedComparison("both", "comparisons/both", None, "ml", "ndcg@10", None, ("a", "b"), ("a",), "a has")


def test_runs_and_comparisons():
    text = printout_markdown(result_tables(ResultList("reports", (RUN,), (COMPARISON,), ("odd",))))
    for words in ("a/ease (partial)", "0.1236", "1,234", "2026-11-23 10:00 UTC", "both", "cannot be read: odd"):
        assert words in text, words


def test_nothing_is_said():
    assert "There is no run in reports yet." in printout_markdown(result_tables(ResultList("reports", (), ())))


def test_rows_hold_unrounded_numbers():
    run, comparison = result_rows(ResultList("reports", (RUN,), (COMPARISON,)))
    assert (run["kind"], run["value"]) == ("run", 0.12356)
    assert (comparison["kind"], comparison["runs"], comparison["best"]) == ("comparison", "a b", "a")


def test_an_explained_list():
    listed = [
        ExampleItem("3", "Alien", relevant=True, reasons=(Reason("4", "Brazil", 0.25), Reason("5", None, 0.125))),
        ExampleItem("9"),
    ]
    text = printout_markdown(explanation_table(listed, [1.5, 0.5]))
    for words in ("Alien", "held out", "Brazil +0.2500; 5 +0.1250", "1.5000"):
        assert words in text, words
    rows = explanation_rows(listed)
    assert [(row["rank"], row["item"], row["reason"], row["weight"]) for row in rows] == [
        (1, "3", "4", 0.25),
        (1, "3", "5", 0.125),
        (2, "9", None, None),
    ]
    assert "adds most" not in printout_markdown(explanation_table([ExampleItem("9")], [0.5]))


def test_the_commands(cli, small):
    assert cli("eval", small, "--quiet")[0] == 0
    reports = small.parent / "reports"
    code, out, _ = cli("list", reports)
    assert code == 0
    assert "small/ease" in out
    assert out.rstrip().endswith(str(reports / "index.html"))
    _, out, _ = cli("list", reports, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["kind"], row["name"]) == ("run", "small/ease")
    _, out, _ = cli("list", reports, "--json")
    assert json.loads(out)["runs"][0]["name"] == "small/ease"
    code, _, err = cli("list", small.parent / "nowhere")
    assert (code, "there is no folder" in err) == (2, True)
    code, out, _ = cli("explain", small, "--user", "u003", "--json", "--quiet")
    assert len(json.loads(out)["listed"]) == 10
