"""Wilcoxon's test: beside scipy, by hand, and that it does not test the mean."""

from __future__ import annotations

import numpy as np
import pytest
from paired_samples import sample_of
from scipy import stats

from harness.statistics.wilcoxon import Wilcoxon


def test_a_case_worked_by_hand():
    # Ranks 1, 2, 3, 4, only rank 1 is a loss: W = 1; of 16 patterns, 2 have W <= 1: p = 2 * 2 / 16.
    result = Wilcoxon().test(sample_of([0, 2, 3, 4], [1, 0, 0, 0]), confidence=0.95)
    assert result.p_value == pytest.approx(4 / 16)


def test_p_values_are_those_of_scipy():
    ours, theirs = np.random.default_rng(0).random((2, 70))
    found = Wilcoxon().test(sample_of(ours, theirs), confidence=0.95)
    assert found.p_value == pytest.approx(stats.wilcoxon(ours, theirs).pvalue, abs=1e-12)


def test_rounding_errors_make_no_ranks():
    # 0.3 - 0.2 and 0.2 - 0.1 differ in the last bit, and so do their ranks if they are not rounded.
    ours, theirs = np.tile([0.3, 0.2], 30), np.tile([0.2, 0.1], 30)
    exact = Wilcoxon().test(sample_of(np.full(60, 0.125), np.zeros(60)), confidence=0.95)
    assert Wilcoxon().test(sample_of(ours, theirs), confidence=0.95).p_value == exact.p_value


def test_equal_means_may_differ_by_rank():
    differences = np.concatenate([np.full(900, 0.1), np.full(100, -0.9)])
    assert Wilcoxon().test(sample_of(differences, np.zeros(1_000)), confidence=0.95).p_value < 1e-20
