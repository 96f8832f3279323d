"""Equivalence within a margin is claimed at the stated level."""

import math

import numpy as np
import pytest

from harness.artifacts import MetricTable, MetricValue
from harness.statistics import compare
from harness.statistics.equivalence import is_equivalent


def table_of(values):
    value = MetricValue("ndcg@10", "ndcg", 10, {}, "accuracy", True, float(values.mean()), n_users=len(values))
    return MetricTable((value,), {"ndcg@10": values}, np.arange(len(values)), 0.95, {})


@pytest.mark.parametrize(("standard_errors", "verdict"), [(1.71, "equivalent"), (1.69, "inconclusive")])
def test_the_level_is_one_minus_the_confidence(standard_errors, verdict):
    # Differences of mean 0: both one-sided tests reach 5% at 1.699 standard errors, with 29 degrees of freedom.
    base = np.linspace(0.2, 0.8, 30)
    differences = np.tile([0.1, -0.1], 15)
    margin = standard_errors * differences.std(ddof=1) / math.sqrt(30)
    tables = {"base": table_of(base), "new": table_of(base + differences)}
    assert compare(tables, margin=margin).pairs["verdict"].tolist() == [verdict]


def test_equal_values_are_equivalent_at_any_margin():
    values = np.array([0.1, 0.2])
    assert is_equivalent(values, values, margin=1e-9, confidence=0.95)
