"""The values of a run as attributes and as data frames."""

import numpy as np
import pytest

from harness.artifacts import MetricTable, MetricValue, TieRange


def table():
    mean = MetricValue("ndcg@2", "ndcg", 2, {}, "accuracy", True, 0.5, 0.1, 0.4, 0.6, 2)
    whole = MetricValue("coverage@2", "coverage", 2, {}, "coverage", True, 0.75)
    return MetricTable((mean, whole), {"ndcg@2": np.array([0.25, 0.75])}, np.array(["ann", "bob"]), 0.95, {})


def test_a_value_is_found_by_its_label():
    assert table()["coverage@2"].value == 0.75
    with pytest.raises(KeyError, match=r"no metric 'ndcg'; there are ndcg@2, coverage@2"):
        table()["ndcg"]


def test_the_summary_has_a_row_per_metric():
    summary = table().summary()
    assert summary.columns.tolist() == ["label", "value", "std", "ci_low", "ci_high", "n_users"]
    assert summary["label"].tolist() == ["ndcg@2", "coverage@2"]
    assert summary["n_users"].isna().tolist() == [False, True]
    assert str(summary["n_users"].dtype) == "Int64"


def test_per_user_has_a_column_per_mean():
    assert table().per_user.to_dict("list") == {"user": ["ann", "bob"], "ndcg@2": [0.25, 0.75]}


def test_the_width_of_a_range_of_ties_has_no_direction():
    assert TieRange(0.2, 0.3, 0.5).width == TieRange(0.5, 0.3, 0.2).width == pytest.approx(0.3)
