"""The bootstrap: beside scipy's BCa interval, its coverage, and where it is refused."""

from __future__ import annotations

import numpy as np
import pytest
from paired_samples import sample_of
from scipy import stats

from harness.errors import HarnessError
from harness.statistics.bootstrap import FEWEST_DIFFERENCES, Bootstrap


def test_intervals_agree_with_scipy():
    differences = np.random.default_rng(1).exponential(1, 250) - 0.9
    found = Bootstrap(resamples=50_000).test(sample_of(differences, np.zeros(250)), confidence=0.9)
    other = stats.bootstrap(
        (differences,),
        np.mean,
        n_resamples=50_000,
        confidence_level=0.9,
        method="BCa",
        batch=1_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    width = other.high - other.low
    assert (found.ci_low, found.ci_high) == pytest.approx((other.low, other.high), abs=0.02 * width)


def test_users_without_a_difference_are_drawn_as_often_as_they_are():
    differences = np.concatenate([np.random.default_rng(2).normal(0.3, 1, 150), np.zeros(450)])
    found = Bootstrap(resamples=20_000).test(sample_of(differences, np.zeros(600)), confidence=0.95)
    other = stats.bootstrap((differences,), np.mean, n_resamples=20_000, batch=500, rng=np.random.default_rng(0))
    interval = other.confidence_interval
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(interval), abs=0.03 * (interval.high - interval.low))


def test_too_few_differences_are_refused():
    few = np.ones(FEWEST_DIFFERENCES + 50)
    few[FEWEST_DIFFERENCES - 1 :] = 0
    with pytest.raises(HarnessError, match=f"needs {FEWEST_DIFFERENCES} users with a difference or more; there are 99"):
        Bootstrap().test(sample_of(few, np.zeros(len(few))), confidence=0.95)


def test_intervals_cover_a_skewed_mean():
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(400):
        sample = sample_of(rng.exponential(1, 200), np.zeros(200))
        result = Bootstrap(resamples=999, seed=seed).test(sample, confidence=0.9)
        covered += result.ci_low <= 1 <= result.ci_high
    assert covered / 400 == pytest.approx(0.9, abs=0.045)


def test_no_p_value_is_zero():
    sample = sample_of(np.random.default_rng(0).normal(9, 1, 200), np.zeros(200))
    assert Bootstrap(resamples=999).test(sample, confidence=0.95).p_value >= 1 / 1_000
