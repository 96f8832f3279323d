"""The inverse in blocks: by hand, against numpy, and in EASE against the plain formula."""

import numpy as np
import pytest
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.models import EASE
from harness.models.linear_algebra.matrix_inverse import AT_ONCE, block_for, invert, steps_of


def positive_definite(size, seed):
    rows = np.random.default_rng(seed).normal(size=(size, size))
    return rows @ rows.T + size * np.eye(size)


def test_by_hand():
    # 5 · 2 - 3 · 3 = 1, so that the inverse swaps the diagonal and turns the signs beside it.
    for block in (1, 2):
        matrix = np.array([[5.0, 3.0], [3.0, 2.0]])
        assert invert(matrix, lambda step: None, block=block)
        np.testing.assert_allclose(matrix, [[2, -3], [-3, 5]], rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 1000))
def test_equals_numpy_for_any_block(size, block, seed):
    matrix, steps = positive_definite(size, seed), []
    expected = np.linalg.inv(matrix)
    assert invert(matrix, steps.append, block=block)
    np.testing.assert_allclose(matrix, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    assert np.array_equal(matrix, matrix.T)
    assert sum(steps) == steps_of(size, block)


@pytest.mark.parametrize("block", [1, 3, 50])
def test_a_matrix_that_is_not_positive_definite(block):
    for place in (0, 5, 19):
        matrix = positive_definite(20, place)
        matrix[place, place] = -1.0
        assert not invert(matrix, lambda step: None, block=block)


def test_blocks_begin_where_one_call_takes_too_long():
    assert block_for(AT_ONCE) == AT_ONCE
    assert block_for(AT_ONCE + 1) < 1000


@pytest.fixture
def in_blocks(monkeypatch):
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse.AT_ONCE", 10)
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse._BLOCK", 16)


def any_history(n_users, n_items):
    rng = np.random.default_rng(0)
    return history_of([rng.integers(0, n_items, rng.integers(1, 30)).tolist() for _ in range(n_users)], n_items)


def test_ease_in_blocks_equals_the_formula(in_blocks):
    history = any_history(200, 130)
    binary = history.matrix.toarray().astype(np.float64)
    inverse = np.linalg.inv(binary.T @ binary + 3.0 * np.eye(130))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    np.testing.assert_allclose(EASE(l2=3.0).fit(history)["weights"], weights, rtol=2e-7, atol=1e-9)


def test_ease_in_blocks_says_that_l2_is_too_small(in_blocks):
    with pytest.raises(HarnessError, match=r"larger model\.params\.l2"):
        EASE(l2=1e-300).fit(history_of([list(range(60))] * 3, 60))
