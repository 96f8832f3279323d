"""Critical values of the largest t statistic: exact cases, Tukey's and Dunnett's tables, and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.statistics import simultaneous_t
from harness.statistics.simultaneous_t import LargestT


def critical_t(correlation, *, df, confidence):
    return LargestT(correlation, df=df).critical(1 - confidence)


@pytest.mark.parametrize("df", [1, 4, 30, 500])
def test_one_statistic_is_exact(df):
    assert critical_t(np.eye(1), df=df, confidence=0.9) == pytest.approx(stats.t.ppf(0.95, df), rel=1e-12)


@pytest.mark.parametrize("df", [4, 30, 500])
def test_equal_statistics_are_one(df):
    assert critical_t(np.ones((5, 5)), df=df, confidence=0.95) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-5)


@pytest.mark.parametrize(("means", "df"), [*itertools.product([3, 6, 10], [10, 40, 400])])
def test_all_pairs_of_independent_means_are_tukeys(means, df):
    pairs = list(itertools.combinations(range(means), 2))
    contrasts = np.zeros((len(pairs), means))
    for row, (one, other) in enumerate(pairs):
        contrasts[row, one], contrasts[row, other] = 1, -1
    expected = stats.studentized_range.ppf(0.95, means, df) / np.sqrt(2)
    assert critical_t(contrasts @ contrasts.T / 2, df=df, confidence=0.95) == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize(("df", "expected"), [(10, 2.57), (20, 2.38), (60, 2.27)])
def test_two_treatments_and_a_control_are_dunnetts(df, expected):
    """Dunnett (1964), table II, two-sided 5%, two treatments with correlation 1/2."""
    assert critical_t(np.array([[1, 0.5], [0.5, 1]]), df=df, confidence=0.95) == pytest.approx(expected, abs=0.01)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(2, 200), st.integers(0, 2**32 - 1))
def test_between_one_statistic_and_bonferroni(size, df, seed):
    root = np.random.default_rng(seed).normal(size=(size, size + 1))
    covariance = root @ root.T
    scale = np.sqrt(np.diag(covariance))
    found = critical_t(covariance / np.outer(scale, scale), df=df, confidence=0.95)
    assert stats.t.ppf(0.975, df) < found <= stats.t.ppf(1 - 0.025 / size, df) * 1.003


def test_the_largest_of_simulated_statistics():
    rng = np.random.default_rng(1)
    correlation = np.array([[1, 0.8, 0.1], [0.8, 1, -0.2], [0.1, -0.2, 1]])
    normal = rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(correlation).T
    largest = np.abs(normal).max(axis=1) / np.sqrt(rng.chisquare(12, 400_000) / 12)
    found = critical_t(correlation, df=12, confidence=0.95)
    assert (largest > found).mean() == pytest.approx(0.05, abs=0.0015)


@pytest.mark.parametrize("size", [1, 4])
def test_p_value_and_critical_value_agree(size):
    found = LargestT(np.full((size, size), 0.4) + 0.6 * np.eye(size), df=25)
    assert found.p_value(found.critical(0.03)) == pytest.approx(0.03, rel=1e-4)
    assert found.p_value(0.0) == pytest.approx(1.0)


def test_blocks_of_directions_give_the_same(monkeypatch):
    correlation = np.full((6, 6), 0.4) + 0.6 * np.eye(6)
    whole = critical_t(correlation, df=25, confidence=0.95)
    monkeypatch.setattr(simultaneous_t, "_CELLS", 1000)
    assert critical_t(correlation, df=25, confidence=0.95) == pytest.approx(whole, rel=1e-12)
