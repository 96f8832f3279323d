"""Student's paired t-test: a case worked by hand, an oracle, its level, and the coverage of its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracles.statistics import t_statistic, t_tail
from paired_samples import sample_of

from harness.statistics import PairedT


def test_a_case_worked_by_hand():
    # Differences 1, 0, 0.5: mean 0.5, standard deviation 0.5, t = 0.5 / (0.5 / sqrt 3) = sqrt 3, 2 degrees of freedom.
    # For 2 degrees the tail is exact: p = 1 - t / sqrt(t^2 + 2) = 1 - sqrt(3 / 5).
    result = PairedT().test(sample_of([1.0, 0.5, 1.0], [0.0, 0.5, 0.5]), confidence=0.95)
    assert result.p_value == pytest.approx(1 - math.sqrt(3 / 5), abs=1e-12)
    half = 4.302652729911275 * 0.5 / math.sqrt(3)  # the 97.5% point of t with 2 degrees
    assert (result.ci_low, result.ci_high) == pytest.approx((0.5 - half, 0.5 + half))


def test_p_values_equal_a_numerical_integral_of_the_density():
    rng = np.random.default_rng(0)
    ours, theirs = rng.random(40), rng.random(40)
    result = PairedT().test(sample_of(ours, theirs), confidence=0.95)
    assert result.p_value == pytest.approx(t_tail(t_statistic((ours - theirs).tolist()), 39), abs=1e-9)


def test_p_values_are_uniform_when_there_is_no_difference():
    rng = np.random.default_rng(4)
    p_values = [PairedT().test(sample_of(*rng.random((2, 200))), confidence=0.95).p_value for _ in range(1_000)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.05)


def test_intervals_cover_at_their_level():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1_000):
        result = PairedT().test(sample_of(rng.exponential(1, 100), rng.exponential(1.5, 100)), confidence=0.9)
        covered += result.ci_low <= -0.5 <= result.ci_high
    assert covered / 1_000 == pytest.approx(0.9, abs=0.03)
