"""Item vectors from co-occurrence equal a plain computation."""

import numpy as np
import pytest
from histories import history_of

from harness.models.linear_algebra.cooccurrence_vectors import cooccurrence_vectors


def test_cooccurrence_vectors_restore_what_a_plain_computation_gives():
    rng = np.random.default_rng(0)
    rows = [rng.choice(9, rng.integers(1, 6), replace=False).tolist() for _ in range(40)]
    expected = np.zeros((9, 9))
    for one in range(9):
        for other in range(9):
            both = sum(one in row and other in row for row in rows)
            if one != other and both:
                alone = [sum(item in row for row in rows) for item in (one, other)]
                expected[one, other] = max(0.0, np.log(both * len(rows) / (alone[0] * alone[1])))
    # Users without history are no users.
    vectors = cooccurrence_vectors(history_of([*rows, [], [], []], 9), 8, seed=0)
    # Eight of nine singular values: the left singular vectors times the roots of the values, up to their signs.
    left, values, _ = np.linalg.svd(expected)
    plain = left[:, :8] * np.sqrt(values[:8])
    np.testing.assert_allclose(np.abs(vectors), np.abs(plain), atol=1e-4)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize(("rows", "n_items"), [([[0]], 1), ([[0], [1]], 2), ([[0, 1]], 2), ([[]], 3)])
def test_too_little_for_vectors_gives_finite_ones(rows, n_items):
    vectors = cooccurrence_vectors(history_of(rows, n_items), 4, seed=0)
    assert vectors.shape == (n_items, 4)
    assert np.isfinite(vectors).all()
