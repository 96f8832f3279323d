"""The permutation test: by hand, beside scipy and its level on nulls."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of
from pydantic import ValidationError
from scipy import stats

from harness.statistics import Permutation


def test_a_case_worked_by_hand():
    # Differences 1, 0, 0.5: the patterns of the two that count are ++, +-, -+, --, with sums 1.5, 0.5, -0.5, -1.5.
    result = Permutation().test(sample_of([1, 0.5, 1], [0, 0.5, 0.5]), confidence=0.95)
    assert result.p_value == 0.5
    assert (result.ci_low, result.ci_high) == (-math.inf, math.inf)  # no pattern is as rare as 5%
    # At 40%, the critical value is the t of the sum 1.5 itself: no sum is larger, so that the interval touches zero.
    half = Permutation().test(sample_of([1, 0.5, 1], [0, 0.5, 0.5]), confidence=0.5)
    assert half.ci_low > 0


def test_agrees_with_scipy_within_the_error_of_both():
    rng = np.random.default_rng(1)
    ours, theirs = rng.random(60), rng.random(60) - 0.08
    found = Permutation(flips=50_000).test(sample_of(ours, theirs), confidence=0.95)
    other = stats.permutation_test(
        (ours - theirs,),
        lambda values, axis: np.abs(values.mean(axis=axis)),
        permutation_type="samples",
        n_resamples=50_000,
        vectorized=True,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    assert found.p_value == pytest.approx(other.pvalue, abs=4 * math.sqrt(0.5 * found.p_value / 50_000) + 1e-4)


def test_the_level_is_kept_on_a_sparse_skewed_null():
    # Nine of ten users do not differ; the others gain little or lose much with a mean of zero under exchange.
    rng = np.random.default_rng(2)
    rejected = 0
    for _ in range(400):
        one, other = ((rng.random(150) < 0.1) * rng.exponential(1, 150) for _ in range(2))
        rejected += Permutation(flips=999).test(sample_of(one, other), confidence=0.95).p_value <= 0.05
    assert rejected / 400 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert rejected / 400 > 0.02


def test_few_flips_are_refused():
    with pytest.raises(ValidationError, match="99"):
        Permutation(flips=10)


def test_the_smallest_p_value_is_one_of_all_patterns():
    sample = sample_of(np.random.default_rng(0).normal(5, 1, 300), np.zeros(300))
    assert Permutation(flips=4_999).test(sample, confidence=0.95).p_value == pytest.approx(1 / 5_000)


def test_one_user_is_no_evidence():
    result = Permutation().test(sample_of([1.0], [0.0]), confidence=0.95)
    assert result.p_value == 1.0
