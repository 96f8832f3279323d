from __future__ import annotations

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from harness.errors import HarnessError
from harness.intervals import Moments, mean_interval, proportion_interval


def test_mean_by_hand():
    # Mean 2, variance 1, three values: t at 97.5% with 2 degrees of freedom is 4.30265.
    found = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (found.mean, found.std, found.n) == (2.0, 1.0, 3)
    assert found.high - 2.0 == pytest.approx(4.30265 / math.sqrt(3), abs=1e-5)
    assert 2.0 - found.low == pytest.approx(found.high - 2.0)


def test_proportion_by_hand():
    # 1 of 2 at z = 1.96: centre 1/2, half (z / (1 + z²/2)) sqrt(1/8 + z²/16).
    z = 1.959964
    found = proportion_interval(1, 2)
    assert found.mean == 0.5
    assert found.std == pytest.approx(math.sqrt(0.5))
    assert found.high - 0.5 == pytest.approx(z / (1 + z * z / 2) * math.sqrt(1 / 8 + z * z / 16), abs=1e-6)


values = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=50)
levels = st.sampled_from([0.5, 0.9, 0.95, 0.999])


@settings(max_examples=50, deadline=None)
@given(values, levels)
def test_mean_equals_scipy(numbers, confidence):
    found = mean_interval(np.array(numbers), confidence=confidence)
    assert found.mean == pytest.approx(statistics.fmean(numbers), abs=1e-9)
    assert found.std == pytest.approx(statistics.stdev(numbers), abs=1e-9)
    if found.std > 1e-6:
        low, high = stats.t.interval(confidence, len(numbers) - 1, found.mean, found.std / math.sqrt(len(numbers)))
        assert (found.low, found.high) == pytest.approx((low, high))
    assert found.low <= found.mean <= found.high


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5000), st.floats(0, 1), levels)
def test_proportion_equals_statsmodels(n, share, confidence):
    successes = round(share * n)
    found = proportion_interval(successes, n, confidence=confidence)
    expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0
    flags = np.repeat([0.0, 1.0], [n - successes, successes])
    assert found.std == pytest.approx(float(np.std(flags, ddof=1)))


def test_more_than_a_block():
    numbers = np.random.default_rng(0).random(50_001)
    found = mean_interval(numbers)
    assert found.mean == pytest.approx(math.fsum(numbers) / len(numbers), rel=1e-15)
    assert found.std == pytest.approx(float(np.std(numbers, ddof=1)), rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e3, 1e3), max_size=6), min_size=1, max_size=8).filter(any),
    st.sets(st.integers(1, 7)),
    levels,
)
def test_blocks_joined_in_any_grouping(blocks, cuts, confidence):
    def moments(some):
        bounds = np.concatenate([[0], np.cumsum([len(block) for block in some])]).astype(np.int64)
        return Moments.of(np.array([value for block in some for value in block], dtype=np.float64), bounds)

    together = moments(blocks).interval(confidence=confidence)
    edges = [0, *sorted(cut for cut in cuts if cut < len(blocks)), len(blocks)]
    parts = [moments(blocks[start:stop]) for start, stop in itertools.pairwise(edges)]
    assert Moments.joined(parts).interval(confidence=confidence) == together
    exact = [Fraction(value) for block in blocks for value in block]
    mean = sum(exact) / len(exact)
    assert together.n == len(exact)
    assert together.mean == pytest.approx(float(mean), abs=1e-12)
    if len(exact) > 1:
        variance = sum((value - mean) ** 2 for value in exact) / (len(exact) - 1)
        assert together.std == pytest.approx(math.sqrt(variance), rel=1e-12, abs=1e-12)


def test_moments_by_hand():
    moments = Moments.of(np.array([1.0, 3.0, 5.0]), np.array([0, 2, 2, 3]))
    assert moments.counts.tolist() == [2, 0, 1]
    assert moments.sums.tolist() == [4.0, 0.0, 5.0]
    assert moments.squares.tolist() == [2.0, 0.0, 0.0]
    # 2 + 2 (2 - 3)² + 1 (5 - 3)² = 8 over 2.
    assert (moments.n, moments.total, moments.interval().std) == (3, 9.0, 2.0)


def test_one_value_has_no_interval():
    for found in (mean_interval(np.array([0.4])), proportion_interval(1, 1)):
        assert (found.std, found.low, found.high, found.n) == (None, None, None, 1)


def test_equal_values_and_extreme_shares():
    found = mean_interval(np.full(9, 0.1))
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)
    assert proportion_interval(0, 9).low == 0.0
    assert proportion_interval(9, 9).high == 1.0
    assert proportion_interval(9, 9).low < 1.0


def test_intervals_cover_at_their_level():
    rng = np.random.default_rng(7)
    covered = [0, 0]
    for _ in range(2000):
        mean = mean_interval(rng.normal(3.0, 2.0, size=6), confidence=0.9)
        share = proportion_interval(int(rng.binomial(40, 0.3)), 40, confidence=0.9)
        covered[0] += mean.low <= 3.0 <= mean.high
        covered[1] += share.low <= 0.3 <= share.high
    # Four standard errors around 90%; Wilson's own coverage at n = 40 is within two points.
    assert 1746 <= covered[0] <= 1854
    assert 1720 <= covered[1] <= 1880


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval(np.empty(0)), "no value"),
        (lambda: proportion_interval(0, 0), "no value"),
        (lambda: proportion_interval(3, 2), "3 successes of 2"),
        (lambda: mean_interval(np.ones(2), confidence=1.0), "confidence is 1.0"),
        (lambda: mean_interval(np.ones(2), confidence=95), "confidence is 95"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(HarnessError, match=message):
        call()
