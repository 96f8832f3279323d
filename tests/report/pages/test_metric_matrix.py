"""Metrics arranged by name and cutoff."""

from harness.artifacts import MetricValue
from harness.report.pages.metric_matrix import at_cutoff_of, metric_matrix, stem


def value(label, k=None):
    return MetricValue(label, label, k, {}, "accuracy", higher_is_better=True, value=0.5)


def test_a_matrix_keeps_the_order_of_names_and_sorts_cutoffs():
    found = metric_matrix([value("ndcg@10", 10), value("auc"), value("ndcg@5", 5), value("ndcg[gain=exp2]@10", 10)])
    assert found.cutoffs == (5, 10, None)
    assert [(name, [cell and cell.label for cell in cells]) for name, cells in found.rows] == [
        ("ndcg", ["ndcg@5", "ndcg@10", None]),
        ("auc", [None, None, "auc"]),
        ("ndcg[gain=exp2]", [None, "ndcg[gain=exp2]@10", None]),
    ]
    assert metric_matrix([]).rows == ()


def test_a_stem_is_the_label_without_its_cutoff():
    assert [stem(value("ndcg@10", 10)), stem(value("auc"))] == ["ndcg", "auc"]


def test_beside_the_leading_metric_stand_those_of_its_cutoff():
    values = [value("a@5", 5), value("a@10", 10), value("b@10", 10), value("auc")]
    assert [found.label for found in at_cutoff_of(values[2], values)] == ["b@10", "a@10", "auc"]
