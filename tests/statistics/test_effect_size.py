"""Effect sizes: standardised, and relative to the baseline."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of

from harness.statistics.effect_size import relative_interval, standardised_effect


def test_a_standardised_effect_worked_by_hand():
    assert standardised_effect(np.array([1.0, 3.0])) == pytest.approx(2 / math.sqrt(2))
    assert math.isnan(standardised_effect(np.array([0.5, 0.5])))


def test_a_relative_interval_worked_by_hand():
    # d = 0, 1, 0, 1; b = 1, 2, 2, 3; R = 0.5 / 2 = 0.25; (d - R b) / 2 = -0.125, 0.25, -0.25, 0.125, whose squares sum
    # to 0.15625: standard error sqrt(0.15625 / 3 / 4), times 3.182446305284263, the 97.5% point with 3 degrees.
    half = 3.182446305284263 * math.sqrt(0.15625 / 12)
    found = relative_interval(sample_of([1, 3, 2, 4], [1, 2, 2, 3]), confidence=0.95)
    assert found == pytest.approx((0.25 - half, 0.25 + half))


def test_a_baseline_of_zero_and_a_single_user_have_no_relative_interval():
    assert all(map(math.isnan, relative_interval(sample_of([1, 2], [0, 0]), confidence=0.95)))
    assert all(map(math.isnan, relative_interval(sample_of([1], [2]), confidence=0.95)))


def test_relative_intervals_cover_at_their_level():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(1_000):
        base = rng.exponential(1, 300)
        low, high = relative_interval(sample_of(base + rng.normal(0.1, 0.5, 300), base), confidence=0.9)
        covered += low <= 0.1 <= high
    assert covered / 1_000 == pytest.approx(0.9, abs=0.03)
