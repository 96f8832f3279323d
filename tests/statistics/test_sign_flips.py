"""Sign flips: by hand, beside an oracle that enumerates in plain Python, scipy, and properties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.statistics import t_statistic as plain_t
from scipy import stats

from harness.execution import Parallel
from harness.statistics.sign_flips import EXACT_USERS, flip_signs

KEYS = np.arange(100_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def all_patterns(columns):
    """The t statistics of all columns under every pattern of signs, in plain Python."""
    for signs in itertools.product((1, -1), repeat=len(columns[0])):
        yield [plain_t([sign * value for sign, value in zip(signs, column, strict=True)]) for column in columns]


def test_a_case_worked_by_hand():
    # Differences 1, 2, 3 of three users: of 8 patterns, +++ and --- give the largest sum: p = 2/8.
    # 1, 2, -3 sum to 0: every pattern reaches that, p = 1.
    found = flip_signs(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, -3.0]]), KEYS[:3])
    assert found.exact
    assert found.p_values.tolist() == [0.25, 1.0]
    # The sums of (1, 2, 3) are 6, 0, 2, 4, those of (1, 2, -3) 0, 6, 4, 2, over patterns +++, ++-, +-+, +--; squares
    # are equal, so the larger of each pattern is 6, 6, 4, 4: two of four reach 6.
    assert found.max_p_values.tolist() == [0.5, 1.0]
    # r = 6 / sqrt(3 * 14), t = r sqrt(2 / (1 - r^2)) = mean 2 / (1 / sqrt 3).
    assert found.t_statistics[0] == pytest.approx(2 * math.sqrt(3))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_few_users_equal_the_enumeration_of_t_statistics(users, columns, seed):
    values = np.random.default_rng(seed).normal(size=(users, columns))
    found = flip_signs(values, KEYS[:users])
    plain = values.T.tolist()
    observed = [plain_t(column) for column in plain]
    assert found.t_statistics == pytest.approx(observed, rel=1e-9)
    patterns = list(all_patterns(plain))
    for column in range(columns):
        alone = sum(abs(pattern[column]) >= abs(observed[column]) - 1e-7 for pattern in patterns)
        together = sum(max(map(abs, pattern)) >= abs(observed[column]) - 1e-7 for pattern in patterns)
        assert found.p_values[column] == pytest.approx(alone / len(patterns))
        assert found.max_p_values[column] == pytest.approx(together / len(patterns))


def test_exact_p_values_are_those_of_scipy():
    differences = np.random.default_rng(3).normal(0.3, 1, 12)
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert flip_signs(differences[:, None], KEYS[:12]).p_values[0] == pytest.approx(theirs.pvalue, abs=1e-12)


def test_random_signs_agree_with_the_enumeration():
    # 20 users are enumerated; with 8 constant columns of noise beside, 2^23 patterns are not, but p-values must agree.
    rng = np.random.default_rng(5)
    values = rng.normal(0.35, 1, (EXACT_USERS, 1))
    exact = flip_signs(values, KEYS[:EXACT_USERS])
    more = np.concatenate([values, np.full((1, 1), 1e-7)])  # one user more, so that signs are drawn
    drawn = flip_signs(more, KEYS[: EXACT_USERS + 1], flips=200_000)
    assert exact.exact
    assert not drawn.exact
    error = math.sqrt(exact.p_values[0] / 200_000)
    assert drawn.p_values[0] == pytest.approx(exact.p_values[0], abs=5 * error)


def test_repeated_rows_give_the_distribution_of_single_signs():
    # Hits of two runs: rows of 0 and 1. Grouped rows are drawn by binomials, single ones by bits.
    rng = np.random.default_rng(7)
    hits = (rng.random((4_000, 3)) < 0.1) * 1.0 - (rng.random((4_000, 3)) < 0.1) * 1.0
    grouped = flip_signs(hits, KEYS[:4_000], flips=20_000)
    jitter = hits + (hits != 0) * rng.normal(0, 1e-6, hits.shape)  # no two rows are equal
    single = flip_signs(jitter, KEYS[:4_000], flips=20_000)
    for ours, theirs in zip(grouped.flipped.T, single.flipped.T, strict=True):
        assert stats.ks_2samp(ours.round(5), theirs.round(5)).statistic < 0.02
    ours, theirs = (np.corrcoef(found.flipped[:, 0], found.flipped[:, 1])[0, 1] for found in (grouped, single))
    assert ours == pytest.approx(theirs, abs=0.03)


@pytest.mark.parametrize("kind", ["single", "grouped"])
def test_order_of_users_and_threads_change_nothing(kind):
    rng = np.random.default_rng(11)
    values = rng.normal(size=(900, 11)) if kind == "single" else rng.integers(-1, 2, (900, 2)) * 1.0
    order = rng.permutation(900)
    one = flip_signs(values, KEYS[:900], flips=5_000, seed=2, parallel=Parallel(n_jobs=1))
    other = flip_signs(values[order], KEYS[:900][order], flips=5_000, seed=2, parallel=Parallel(n_jobs=4))
    assert one.flipped.tobytes() == other.flipped.tobytes()
    assert one.p_values.tolist() == other.p_values.tolist()
    another = flip_signs(values, KEYS[:900], flips=5_000, seed=3)
    assert one.flipped.tobytes() != another.flipped.tobytes()


def test_more_flips_go_on_with_the_same_signs():
    values = np.random.default_rng(0).normal(size=(50, 2))
    few, many = (flip_signs(values, KEYS[:50], flips=flips) for flips in (100, 5_000))
    assert few.flipped.tolist() == many.flipped[:100].tolist()


def test_contrasts_equal_their_differences():
    rng = np.random.default_rng(13)
    runs = rng.random((300, 4))
    pairs = np.array(list(itertools.combinations(range(4), 2)))
    by_contrast = flip_signs(runs, KEYS[:300], contrasts=pairs, flips=2_000)
    direct = flip_signs(runs[:, pairs[:, 0]] - runs[:, pairs[:, 1]], KEYS[:300], flips=2_000)
    assert by_contrast.observed == pytest.approx(direct.observed, abs=1e-12)
    assert by_contrast.flipped == pytest.approx(direct.flipped, abs=1e-12)


def test_users_without_a_difference_count_in_the_number_only():
    values = np.random.default_rng(17).normal(size=(60, 1))
    padded = np.concatenate([values, np.zeros((40, 1))])
    alone, more = flip_signs(values, KEYS[:60]), flip_signs(padded, KEYS[:100])
    assert more.p_values.tolist() == alone.p_values.tolist()
    assert more.t_statistics[0] == pytest.approx(plain_t(padded[:, 0].tolist()))


def test_no_difference_has_p_one():
    found = flip_signs(np.zeros((5, 2)), KEYS[:5])
    assert found.p_values.tolist() == found.max_p_values.tolist() == [1.0, 1.0]


def test_the_smallest_p_value_is_never_zero():
    found = flip_signs(np.ones((500, 1)) + np.random.default_rng(0).normal(0, 0.01, (500, 1)), KEYS[:500], flips=999)
    assert found.p_values[0] == pytest.approx(1 / 1000)


def test_equal_differences_of_all_users_are_as_rare_as_their_signs():
    found = flip_signs(np.full((10, 1), 0.1), KEYS[:10])
    assert found.p_values[0] == 2 / 2**10
    assert found.t_statistics[0] == math.inf


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 60), st.integers(1, 4), st.sampled_from([0.05, 0.2, 0.5]), st.integers(0, 2**32 - 1))
def test_critical_values_and_p_values_reject_together(users, columns, level, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.choice([0, 0.4]), 1, (users, columns)).round(int(rng.integers(1, 3)))
    found = flip_signs(values, KEYS[:users], flips=199, seed=int(seed))
    beaten = np.abs(found.t_statistics) > found.critical_values(level)
    assert beaten.tolist() == (found.p_values <= level + 1e-12).tolist()
    beaten = np.abs(found.t_statistics) > found.max_critical_value(level)
    assert beaten.tolist() == (found.max_p_values <= level + 1e-12).tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_adjusted_p_values_are_not_below_single_ones(users, columns, seed):
    values = np.random.default_rng(seed).normal(size=(users, columns))
    found = flip_signs(values, KEYS[:users], flips=200)
    assert (found.max_p_values >= found.p_values).all()
