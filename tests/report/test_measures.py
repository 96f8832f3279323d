"""Metrics arranged by name and cutoff."""

from harness.report.comparison_rows import best_runs, headline_labels
from harness.report.metric_matrix import at_cutoff_of, complete, headline, matrix


def row(label, k=None):
    return {"label": label, "k": k}


def test_a_matrix_keeps_the_order_of_names_and_sorts_cutoffs():
    found = matrix([row("ndcg@10", 10), row("auc"), row("ndcg@5", 5), row("ndcg[gain=exp2]@10", 10)])
    assert found.cutoffs == (5, 10, None)
    assert [(name, [cell and cell["label"] for cell in cells]) for name, cells in found.rows] == [
        ("ndcg", ["ndcg@5", "ndcg@10", None]),
        ("auc", [None, None, "auc"]),
        ("ndcg[gain=exp2]", [None, "ndcg[gain=exp2]@10", None]),
    ]
    assert matrix([]).rows == ()


def test_the_primary_leads_or_else_the_first():
    results = {"metrics": [row("a@5", 5), row("b@5", 5)], "experiment": {"evaluation": {"primary": "b@5"}}}
    assert headline(results)["label"] == "b@5"
    results["experiment"] = {}
    assert headline(results)["label"] == "a@5"
    assert headline({}) is None


def test_beside_the_leading_metric_stand_those_of_its_cutoff():
    rows = [row("a@5", 5), row("a@10", 10), row("b@10", 10), row("auc")]
    assert [found["label"] for found in at_cutoff_of(rows[2], rows)] == ["b@10", "a@10", "auc"]


def test_complete_results_have_every_part():
    whole = complete({"metrics": [{"label": "x", "value": 1.0}], "environment": None})
    assert whole["environment"] == {}
    assert whole["metrics"][0]["higher_is_better"] is True
    assert complete({})["metrics"] == []


def test_few_metrics_are_all_shown_and_many_only_at_the_cutoff():
    assert headline_labels(["a@1", "a@5"], "a@5") == ["a@5", "a@1"]
    many = [f"{name}@{k}" for k in (1, 5, 10) for name in "abcd"]
    assert headline_labels(many, "c@5") == ["c@5", "a@5", "b@5", "d@5"]
    assert len(headline_labels(many, None)) == 8


def test_ties_for_the_best_are_all_marked():
    values = [{"run": "a", "m": 1.0}, {"run": "b", "m": 1.0}, {"run": "c", "m": 0.5}, {"run": "d", "m": None}]
    assert best_runs(values, ["m"], {"m": True}) == {("a", "m"), ("b", "m")}
    assert best_runs(values, ["m"], {"m": False}) == {("c", "m")}
    assert best_runs(values, ["m"], {}) == set()
