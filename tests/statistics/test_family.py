"""Families of differences: which numbers come from which test, corrections, and too few differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.statistics import holm
from paired_samples import sample_of
from scipy import stats

from harness.statistics import PairedT, Permutation
from harness.statistics.bootstrap import Bootstrap
from harness.statistics.family import corrected_results
from harness.statistics.sign import Sign


def samples_of(shifts, users=200, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.random(users)
    return [sample_of(base + rng.normal(shift, 0.3, users), base) for shift in shifts]


def results_of(samples, **options):
    return corrected_results(samples, **{"test": None, "correction": "maxt", "confidence": 0.95} | options)


def test_one_difference_needs_no_correction():
    (sample,) = samples_of([0.05])
    for correction in ("maxt", "holm", "bonferroni", "bh", "none"):
        (found,) = results_of([sample], correction=correction)
        assert found.p_adjusted == found.p_value
        assert (found.simultaneous_low, found.simultaneous_high) == pytest.approx((found.ci_low, found.ci_high))


def test_holm_and_bonferroni_are_of_the_single_tests():
    samples = samples_of([0, 0.02, 0.05, 0.08])
    plain = [PairedT().test(sample, confidence=0.95) for sample in samples]
    wide = [PairedT().test(sample, confidence=1 - 0.05 / 4) for sample in samples]
    found = results_of(samples, test=PairedT(), correction="holm")
    assert [result.p_adjusted for result in found] == pytest.approx(holm([result.p_value for result in plain]))
    assert [(result.ci_low, result.ci_high) for result in found] == [(one.ci_low, one.ci_high) for one in plain]
    ends = [(result.simultaneous_low, result.simultaneous_high) for result in found]
    assert ends == [(one.ci_low, one.ci_high) for one in wide]
    assert {result.test for result in found} == {"t"}
    assert found[0].critical == pytest.approx(stats.t.ppf(1 - 0.05 / 8, 199))


def test_max_t_is_shorter_than_bonferroni_for_candidates_that_are_alike():
    rng = np.random.default_rng(3)
    base, common = rng.random(300), rng.normal(0, 0.3, 300)
    samples = [sample_of(base + common + rng.normal(0.03, 0.05, 300), base) for _ in range(10)]
    alike, bonferroni = results_of(samples), results_of(samples, test=PairedT(), correction="bonferroni")
    assert all(
        one.simultaneous_high - one.simultaneous_low < other.simultaneous_high - other.simultaneous_low
        for one, other in zip(alike, bonferroni, strict=True)
    )
    assert alike[0].critical < bonferroni[0].critical


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(7, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.8, 0.95]))
def test_max_t_interval_and_p_value_reject_together(candidates, users, seed, confidence):
    rng = np.random.default_rng(seed)
    samples = samples_of(rng.choice([0, 0.2], candidates), users=users, seed=seed)
    for found in results_of(samples, confidence=confidence, test=Permutation(flips=499)):
        excluded = not found.simultaneous_low <= 0 <= found.simultaneous_high
        assert excluded == (found.p_adjusted <= 1 - confidence + 1e-12)
        assert found.p_adjusted >= found.p_value
        assert found.simultaneous_low <= found.ci_low <= found.ci_high <= found.simultaneous_high


def test_max_t_takes_the_number_of_flips_of_the_test():
    samples = samples_of([1.0, 1.0])
    assert results_of(samples, test=Permutation(flips=999))[0].p_adjusted == pytest.approx(1 / 1_000)
    assert results_of(samples)[0].p_adjusted == pytest.approx(1 / 10_001)


def test_a_test_that_is_not_of_the_mean_leaves_intervals_of_the_mean():
    samples = samples_of([0.02, 0.05])
    means, signs = results_of(samples), results_of(samples, test=Sign())
    assert [result.test for result in signs] == ["sign", "sign"]
    assert [result.p_value for result in signs] == [Sign().test(sample, confidence=0.95).p_value for sample in samples]
    assert [result.p_adjusted for result in signs] == pytest.approx(holm([result.p_value for result in signs]))
    assert [result.simultaneous_low for result in signs] == [result.simultaneous_low for result in means]
    corrected = results_of(samples, test=Sign(), correction="bonferroni")
    assert all(math.isfinite(result.simultaneous_low) for result in corrected)


def test_a_bootstrap_has_bonferroni_intervals_under_max_t():
    samples = samples_of([0.02, 0.05])
    found = results_of(samples, test=Bootstrap(resamples=2_000))
    wide = [Bootstrap(resamples=2_000).test(sample, confidence=0.975) for sample in samples]
    assert [result.simultaneous_low for result in found] == [result.ci_low for result in wide]


@pytest.mark.parametrize("correction", ["maxt", "holm", "none"])
def test_five_users_are_never_a_difference(correction):
    ours = np.zeros(10_000)
    ours[:5] = 1.0
    sample = sample_of(ours, np.zeros(10_000))
    found, other = results_of([sample, sample], correction=correction, spread=1.0)
    # The upper bound of a share of 5 in 10,000 at 2.5% or 5%, times the largest difference, 1.
    level = 0.05 if correction == "none" else 0.025
    bound = stats.beta.ppf(1 - level, 6, 9_995)
    assert (found.simultaneous_low, found.simultaneous_high) == pytest.approx((-bound, bound))
    assert (found.ci_low, found.ci_high) == pytest.approx((-(alone := stats.beta.ppf(0.95, 6, 9_995)), alone))
    assert found == other
    assert found.p_value == pytest.approx(2 / 2**5)
    (unknown,) = results_of([sample], correction=correction)
    assert (unknown.ci_low, unknown.ci_high) == (-math.inf, math.inf)


def test_six_users_can_be_a_difference():
    ours = np.zeros(1_000)
    ours[:6] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    (found,) = results_of([sample_of(ours, np.zeros(1_000))], spread=1.0)
    assert found.p_value == pytest.approx(2 / 2**6)
    assert found.simultaneous_low > 0


def test_no_samples_are_no_results():
    assert results_of([]) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["continuous", "hits"])
def test_family_wise_error_and_coverage_are_at_their_level(kind):
    # 8 candidates that share a baseline and are exchangeable with it.
    rng = np.random.default_rng(8)
    draws, rejected, covered = 600, 0, 0
    for _ in range(draws):
        if kind == "hits":
            base, *others = (rng.random((9, 300)) < 0.15).astype(float)
        else:
            base, *others = rng.random((9, 300)) ** 3
        found = results_of([sample_of(other, base) for other in others], test=Permutation(flips=499))
        rejected += any(result.p_adjusted <= 0.05 for result in found)
        covered += all(result.simultaneous_low <= 0 <= result.simultaneous_high for result in found)
    assert rejected / draws <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)
    assert rejected / draws >= (0.02 if kind == "continuous" else 0.005)
    assert covered == draws - rejected
