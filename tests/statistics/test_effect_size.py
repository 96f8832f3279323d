"""The minimum detectable effect, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.statistics.effect_size import is_equivalent, minimum_detectable_effect, standardised_effect


def test_a_standardised_effect_worked_by_hand():
    assert standardised_effect(np.array([1.0, 3.0])) == pytest.approx(2 / math.sqrt(2))
    assert math.isnan(standardised_effect(np.array([0.5, 0.5])))


def test_equal_values_are_equivalent_at_any_margin():
    values = np.array([0.1, 0.2])
    assert is_equivalent(values, values, margin=1e-9, confidence=0.95)


def test_the_minimum_detectable_effect_is_found_with_80_percent_power():
    rng = np.random.default_rng(3)
    differences = rng.normal(0, 1, 50)
    effect = minimum_detectable_effect(differences, confidence=0.95)
    draws = rng.normal(effect, differences.std(ddof=1), (4_000, 50))
    t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(50))
    power = (np.abs(t) > 2.0095752371292397).mean()  # the 97.5% point with 49 degrees
    assert power == pytest.approx(0.8, abs=0.03)
