"""The minimum detectable effect, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.statistics.detectable_difference import minimum_detectable_effect


def test_the_minimum_detectable_effect_is_found_with_80_percent_power():
    rng = np.random.default_rng(3)
    differences = rng.normal(0, 1, 50)
    effect = minimum_detectable_effect(differences, confidence=0.95)
    draws = rng.normal(effect, differences.std(ddof=1), (4_000, 50))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(50))
    power = (np.abs(t) > 2.0095752371292397).mean()  # the 97.5% point with 49 degrees
    assert power == pytest.approx(0.8, abs=0.03)


def test_differences_without_spread_have_no_detectable_effect():
    assert math.isnan(minimum_detectable_effect(np.array([0.5, 0.5]), confidence=0.95))
