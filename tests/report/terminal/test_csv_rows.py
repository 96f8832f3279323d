"""Results as rows of CSV, with unrounded numbers."""

from __future__ import annotations

import pandas as pd

from harness.artifacts import (
    PAIR_COLUMNS,
    Comparison,
    ComparisonProtocol,
    DatasetAudit,
    DataWarning,
    DifferenceStep,
    FactChange,
    Finding,
    PairedDifference,
    RunDifference,
    TieRuleValues,
    TieTrial,
)
from harness.experiment import CONVENTIONS
from harness.metrics.metric_facts import metric_facts
from harness.report import (
    audit_rows,
    comparison_rows,
    convention_rows,
    difference_rows,
    metric_rows,
    run_rows,
)


def test_a_run_has_a_row_per_metric(record):
    rows = run_rows(record)
    assert [row["label"] for row in rows] == [value.label for value in record.metrics]
    assert rows[0]["run"] == "ml-100k/ease"
    assert [row["value"] for row in rows] == [value.value for value in record.metrics]


def test_a_comparison_has_the_columns_of_its_file():
    pair = PairedDifference("ndcg@10", "ease", "pop", 0.1 + 0.2, 0.1, 0.2)
    settings = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)
    values = pd.DataFrame({"run": ["pop", "ease"], "ndcg@10": [0.1, 0.3]})
    (row,) = comparison_rows(Comparison((pair,), values, "pop", "ndcg@10", settings))
    assert tuple(row) == PAIR_COLUMNS
    assert row["candidate_value"] == 0.1 + 0.2
    assert row["p_value"] is None


def test_audits_warnings_and_tie_rules():
    ties = TieTrial("popularity", "ndcg@10", (TieRuleValues("shuffle", 3, {"ndcg@10": 0.5}),), {})
    finding = Finding("duplicates", 1, 4, "1 of 4.", cases=("a", "b"))
    audit = DatasetAudit("x", {}, (DataWarning("odd", 2, "Odd."),), (finding,), ties)
    warning, found, rule = audit_rows(audit)
    assert (warning["audit"], warning["severity"], warning["count"]) == ("odd", "warning", 2)
    assert (found["audit"], found["count"], found["of"]) == ("duplicates", 1, 4)
    assert (rule["audit"], rule["ties"], rule["seed"], rule["ndcg@10"]) == ("tie_rule", "shuffle", 3, 0.5)


def test_steps_of_a_difference_go_from_value_to_value():
    steps = (DifferenceStep("users", "the users", 0.25, 0.05, 10), DifferenceStep("model", "the model", 0.5, 0.25, 10))
    change = FactChange("model", "model.kind", "ease", "random")
    rows = difference_rows(RunDifference("a", "b", "m", "m", 0.2, 0.5, (change,), 10, 0, 0, steps, (), ()))
    assert rows[0] == {"part": "fact", "stage": "model", "key": "model.kind", "a": "ease", "b": "random"}
    assert [(row["a"], row["b"]) for row in rows[1:]] == [(0.2, 0.25), (0.25, 0.5)]
    assert [row["stage"] for row in rows[1:]] == ["users", "model"]


def test_metrics_and_conventions():
    (row,) = metric_rows([metric_facts("ndcg")])
    assert row["options"].startswith("k (10); ideal (min_k | full_k)")
    assert row["upper"] == 1
    assert [row["name"] for row in convention_rows(CONVENTIONS)] == list(CONVENTIONS)
