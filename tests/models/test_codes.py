"""Vectors of items by co-occurrence, and the codes that a quantiser makes of vectors."""

import numpy as np
import pytest
from histories import history_of

from harness.models.generative.generative_options import CodeOptions
from harness.models.generative.quantiser import learnt_codes
from harness.models.linear_algebra.cooccurrence_vectors import cooccurrence_vectors

SIZES = CodeOptions(hidden_dim=16, latent_dim=8, levels=2, size=4, steps=300)


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


def codes_of(vectors, sizes=SIZES, seed=0):
    return learnt_codes(vectors.astype(np.float32), sizes, seed=seed, device="cpu", quiet=True)


def test_clusters_that_lie_apart_have_codes_of_their_own():
    rng = np.random.default_rng(0)
    centres = 20 * np.eye(4, 6)
    cluster = np.repeat(np.arange(4), 25)
    codes = codes_of(centres[cluster] + rng.normal(size=(100, 6)))
    assert codes.shape == (100, 2)
    assert codes.dtype == np.int32
    first = [set(codes[cluster == one, 0].tolist()) for one in range(4)]
    assert all(len(own) == 1 for own in first)
    assert len(set.union(*first)) == 4
    assert np.array_equal(codes, codes_of(centres[cluster] + np.random.default_rng(0).normal(size=(100, 6))))


def test_items_without_a_vector_count_as_the_mean():
    rng = np.random.default_rng(1)
    vectors = 5 + rng.normal(size=(30, 5))
    vectors[[3, 7, 11]] = np.nan
    vectors[11] = np.nanmean(vectors, axis=0)  # the mean of the others, which stays the mean with it
    codes = codes_of(vectors)
    assert codes[3].tolist() == codes[7].tolist() == codes[11].tolist()
    assert (codes == codes[11]).all(axis=1).sum() < 10
    assert codes.min() >= 0
    assert codes.max() < 4


@pytest.mark.parametrize("n_items", [1, 3])
def test_fewer_items_than_codes(n_items):
    codes = codes_of(np.random.default_rng(2).normal(size=(n_items, 5)))
    assert len(np.unique(codes, axis=0)) == n_items


def test_vectors_that_are_all_alike_collide():
    assert len(np.unique(codes_of(np.ones((20, 3))), axis=0)) == 1


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_that_all_vectors_are_alike_is_said(value, caplog):
    with caplog.at_level("INFO", logger="harness"):
        codes_of(np.full((20, 3), value))
    assert "the vectors of all items are alike" in caplog.text
    assert "variance" not in caplog.text
