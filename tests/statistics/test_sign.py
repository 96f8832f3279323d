"""The sign test: by hand, and that it does not test the mean."""

from __future__ import annotations

import numpy as np
import pytest
from paired_samples import sample_of

from harness.statistics.sign import Sign


def test_a_case_worked_by_hand():
    # 4 gain, 1 loses, 2 tie: p = 2 (C(5, 4) + C(5, 5)) / 2^5 = 12 / 32.
    result = Sign().test(sample_of([1, 1, 1, 0.1, 0, 1, 1], [0, 0, 0, 0, 1, 1, 1]), confidence=0.95)
    assert result.p_value == pytest.approx(12 / 32)


def test_equal_means_may_differ_by_sign():
    # 900 users gain 0.1 and 100 lose 0.9: the mean difference is zero.
    differences = np.concatenate([np.full(900, 0.1), np.full(100, -0.9)])
    assert Sign().test(sample_of(differences, np.zeros(1_000)), confidence=0.95).p_value < 1e-100


def test_no_p_value_is_zero():
    assert Sign().test(sample_of(np.ones(5_000), np.zeros(5_000)), confidence=0.95).p_value > 0
