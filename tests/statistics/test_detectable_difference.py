"""The minimum detectable effect, by simulation, and the users that an effect needs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of
from scipy import stats

from harness.statistics.detectable_difference import minimum_detectable_effect, users_to_detect


@pytest.mark.parametrize("level", [0.05, 0.0025])
def test_the_minimum_detectable_effect_is_found_with_80_percent_power(level):
    rng = np.random.default_rng(3)
    differences = rng.normal(0, 1, 50)
    critical = stats.t.ppf(1 - level / 2, 49)
    effect = minimum_detectable_effect(sample_of(differences, np.zeros(50)), critical=critical)
    draws = rng.normal(effect, differences.std(ddof=1), (4_000, 50))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(50))
    assert (np.abs(t) > critical).mean() == pytest.approx(0.8, abs=0.03)


def test_differences_without_spread_or_a_critical_value_have_no_detectable_effect():
    assert math.isnan(minimum_detectable_effect(sample_of([0.5, 0.5], [0, 0]), critical=2.0))
    assert math.isnan(minimum_detectable_effect(sample_of([0.5, 0.1], [0, 0]), critical=math.inf))


def test_half_the_effect_needs_four_times_the_users():
    assert users_to_detect(0.01, 0.02, 1_000) == 4_000
    assert users_to_detect(0.02, 0.02, 1_000) == 1_000
