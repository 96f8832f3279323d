"""Standardised effect sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.statistics.effect_size import standardised_effect


def test_a_standardised_effect_worked_by_hand():
    assert standardised_effect(np.array([1.0, 3.0])) == pytest.approx(2 / math.sqrt(2))
    assert math.isnan(standardised_effect(np.array([0.5, 0.5])))
