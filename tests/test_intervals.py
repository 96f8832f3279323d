from __future__ import annotations

import itertools
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from harness.errors import HarnessError
from harness.intervals import Moments, mean_interval


def test_mean_by_hand():
    # Mean 2, variance 1, three values: t at 97.5% with 2 degrees of freedom is 4.30265.
    found = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert (found.mean, found.std, found.n) == (2.0, 1.0, 3)
    assert found.high - 2.0 == pytest.approx(4.30265 / math.sqrt(3), abs=1e-5)
    assert 2.0 - found.low == pytest.approx(found.high - 2.0)


def share_interval(successes, n, **options):
    """The interval of so many ones among n values."""
    return mean_interval(np.repeat([1.0, 0.0], [successes, n - successes]), in_unit_interval=True, **options)


def test_proportion_by_hand():
    # 1 of 2 at z = 1.96: centre 1/2, half (z / (1 + z²/2)) sqrt(1/8 + z²/16).
    z = 1.959964
    found = share_interval(1, 2)
    assert found.mean == 0.5
    assert found.std == pytest.approx(math.sqrt(0.5))
    assert found.high - 0.5 == pytest.approx(z / (1 + z * z / 2) * math.sqrt(1 / 8 + z * z / 16), abs=1e-6)


def test_an_effective_number_by_hand():
    # 0, 0.5, 0.5, 1: mean 1/2, variance 1/8, half of that of 0 and 1: as informative as 8 values of 0 and 1.
    found = mean_interval(np.array([0.0, 0.5, 0.5, 1.0]), in_unit_interval=True)
    eight = share_interval(4, 8)
    assert (found.low, found.high) == pytest.approx((eight.low, eight.high), abs=1e-15)
    assert (found.mean, found.n) == (0.5, 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@example([0.0, 2.6785786761646974e-284], 0.9)  # the formula rounds to a little below 0
def test_intervals_of_values_in_0_and_1_stay_there_and_hold_the_mean(numbers, confidence):
    found = mean_interval(np.array(numbers), confidence=confidence, in_unit_interval=True)
    assert 0.0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1.0
    mirrored = mean_interval(1.0 - np.array(numbers), confidence=confidence, in_unit_interval=True)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high), abs=1e-9)


def test_many_values_have_nearly_the_t_interval():
    numbers = np.random.default_rng(2).beta(2, 3, 5_000)
    ours, plain = mean_interval(numbers, in_unit_interval=True), mean_interval(numbers)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=0.02 * (plain.high - plain.low))


@pytest.mark.parametrize(("share", "users"), [(0.02, 50), (0.02, 200), (0.3, 50)])
def test_sparse_values_are_covered_where_t_fails(share, users):
    # Reciprocal ranks of a hit with a chance of 2%: the t interval of 50 users covers in about 63%.
    rng = np.random.default_rng(5)
    mean = share * np.mean([1.0, 0.5, 0.25])
    ours = plain = 0
    for _ in range(1_500):
        numbers = (rng.random(users) < share) * rng.choice([1.0, 0.5, 0.25], users)
        found, t = mean_interval(numbers, in_unit_interval=True), mean_interval(numbers)
        ours += found.low <= mean <= found.high
        plain += t.low <= mean <= t.high
    assert ours / 1_500 >= 0.90
    if users * share <= 1:
        assert plain / 1_500 < 0.8


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
    found = share_interval(successes, n, confidence=confidence)
    expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-10)
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
    for found in (mean_interval(np.array([0.4])), share_interval(1, 1)):
        assert (found.std, found.low, found.high, found.n) == (None, None, None, 1)


def test_equal_values_and_extreme_shares():
    found = mean_interval(np.full(9, 0.1))
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)
    assert share_interval(0, 9).low == 0.0
    assert share_interval(9, 9).high == 1.0
    assert share_interval(9, 9).low < 1.0


def test_intervals_cover_at_their_level():
    rng = np.random.default_rng(7)
    covered = [0, 0]
    for _ in range(2000):
        mean = mean_interval(rng.normal(3.0, 2.0, size=6), confidence=0.9)
        share = share_interval(int(rng.binomial(40, 0.3)), 40, confidence=0.9)
        covered[0] += mean.low <= 3.0 <= mean.high
        covered[1] += share.low <= 0.3 <= share.high
    # Four standard errors around 90%; Wilson's own coverage at n = 40 is within two points.
    assert 1746 <= covered[0] <= 1854
    assert 1720 <= covered[1] <= 1880


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_interval(np.empty(0)), "no value"),
        (lambda: share_interval(0, 0), "no value"),
        (lambda: mean_interval(np.ones(2), confidence=1.0), "confidence is 1.0"),
        (lambda: mean_interval(np.ones(2), confidence=95), "confidence is 95"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(HarnessError, match=message):
        call()
