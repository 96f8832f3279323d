"""Intervals for other items: their critical values, the interval over users inside, and what is not known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of
from scipy import stats

from harness.statistics.family import CorrectedResult
from harness.statistics.item_clusters import ClusteredErrors
from harness.statistics.item_intervals import item_intervals

SAMPLE = sample_of(np.linspace(0.2, 0.4, 100), np.full(100, 0.2))  # mean difference 0.1


def errors(n_items=60, errors=(0.02,)):
    size = len(errors)
    return ClusteredErrors(np.array(errors), np.eye(size), np.zeros(size), n_users=100, n_items=n_items)


def result(low, high):
    return CorrectedResult("t", 0.01, 0.01, low, high, low, high, 2.0)


NARROW = result(0.09, 0.11)


def intervals(found, samples=(SAMPLE,), results=(NARROW,), correction="maxt"):
    return item_intervals(found, 60, samples, results, correction, 0.95)


def test_the_critical_value_is_of_the_smaller_number_of_clusters():
    (found,) = intervals(errors())
    half = stats.t.ppf(0.975, 59) * 0.02
    assert (found.low, found.high) == pytest.approx((0.1 - half, 0.1 + half))
    assert found.detectable == pytest.approx((stats.t.ppf(0.975, 59) + stats.t.ppf(0.8, 59)) * 0.02)
    assert (found.n_items, found.standard_error) == (60, 0.02)


def test_the_interval_over_users_lies_inside():
    (found,) = intervals(errors(errors=(0.001,)), results=(result(-0.3, 0.5),))
    assert (found.low, found.high) == (-0.3, 0.5)
    (half,) = intervals(errors(errors=(0.02,)), results=(result(-0.3, 0.11),))
    assert half.low == -0.3
    assert half.high == pytest.approx(0.1 + stats.t.ppf(0.975, 59) * 0.02)


@pytest.mark.parametrize(
    ("correction", "level"), [("none", 0.05), ("holm", 0.025), ("bonferroni", 0.025), ("bh", 0.025)]
)
def test_corrections_without_correlation_share_the_level(correction, level):
    pair = (SAMPLE, SAMPLE)
    found = intervals(errors(errors=(0.02, 0.02)), pair, (NARROW,) * 2, correction)
    assert found[0].high == pytest.approx(0.1 + stats.t.ppf(1 - level / 2, 59) * 0.02)


def test_what_is_not_known():
    for unknown in (None, errors(n_items=29)):
        (found,) = intervals(unknown)
        assert not found.is_known
        assert math.isnan(found.standard_error)
        assert found.n_items == 60
