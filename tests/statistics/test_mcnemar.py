"""McNemar's exact test: by hand, beside statsmodels, and where it is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_samples import sample_of
from scipy import stats
from scipy.optimize import minimize_scalar
from statsmodels.stats.contingency_tables import mcnemar

from harness.errors import HarnessError
from harness.statistics.mcnemar import McNemar, score_interval


def test_a_case_worked_by_hand():
    # Of 10 users, 6 gain and none loses: p = 2 / 2^6. Clopper and Pearson: 0.025^(1/6) of the six at least.
    sample = sample_of([1] * 6 + [0, 0, 1, 1], [0] * 6 + [0, 0, 1, 1])
    result = McNemar().test(sample, confidence=0.95)
    assert result.p_value == pytest.approx(2 / 2**6)
    assert result.ci_low == pytest.approx((2 * 0.025 ** (1 / 6) - 1) * 0.6)
    # The upper end is Tango's, since more than six of ten could differ.
    assert result.ci_high == pytest.approx(score_interval(6, 0, 10, confidence=0.95)[1])
    assert result.ci_high > 0.8


@pytest.mark.parametrize("seed", range(5))
def test_p_values_are_those_of_statsmodels(seed):
    ours, theirs = (np.random.default_rng(seed).random((2, 80)) < [[0.4], [0.3]]).astype(float)
    gains, losses = int((ours > theirs).sum()), int((ours < theirs).sum())
    expected = mcnemar([[0, gains], [losses, 0]], exact=True).pvalue
    assert McNemar().test(sample_of(ours, theirs), confidence=0.95).p_value == pytest.approx(expected, abs=1e-12)


def test_values_between_0_and_1_are_refused():
    with pytest.raises(HarnessError, match="for metrics whose values are 0 or 1"):
        McNemar().test(sample_of([0.5, 1], [0, 1]), confidence=0.95)


def restricted_share(gains, losses, n, difference):
    """The most likely share of users who lose, if the difference were this one; by maximising the likelihood."""

    def unlikely(share):
        both = 1 - 2 * share - difference
        parts = ((gains, share + difference), (losses, share), (n - gains - losses, both))
        return -sum(count * math.log(max(part, 1e-300)) for count, part in parts if count)

    bounds = (max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12)
    return minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(40, 400))
def test_the_ends_solve_the_score_equation(gains, losses, others):
    n = gains + losses + others
    for end, sign in zip(score_interval(gains, losses, n, confidence=0.95), (1, -1), strict=True):
        share = restricted_share(gains, losses, n, end)
        variance = n * (2 * share + end * (1 - end))
        assert (gains - losses - n * end) / math.sqrt(variance) == pytest.approx(sign * stats.norm.ppf(0.975), abs=2e-3)


@pytest.mark.parametrize(("gain", "loss"), [(0.025, 0.007), (0.03, 0.0), (0.1, 0.1)])
def test_coverage_where_the_number_of_differences_is_random(gain, loss):
    """1,000 draws: the binomial error of .95 is .007."""
    rng, n, hits = np.random.default_rng(0), 500, 0
    for _ in range(1_000):
        gains, losses, _ = rng.multinomial(n, [gain, loss, 1 - gain - loss])
        ours = np.concatenate([np.ones(gains), np.zeros(n - gains)])
        theirs = np.concatenate([np.zeros(gains), np.ones(losses), np.zeros(n - gains - losses)])
        result = McNemar().test(sample_of(ours, theirs), confidence=0.95)
        hits += result.ci_low <= gain - loss <= result.ci_high
    assert hits / 1_000 >= 0.93


def test_losses_that_reach_the_margin_do_not_pass():
    """19 of 2,000 users lose and none gains: a loss of .01 is not excluded."""
    ours, theirs = np.concatenate([np.zeros(19), np.ones(1981)]), np.ones(2_000)
    assert McNemar().test(sample_of(ours, theirs), confidence=0.9).ci_low < -0.0137
