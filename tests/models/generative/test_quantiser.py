"""The codes that a quantiser learns from item vectors."""

import numpy as np
import pytest

from harness.models.generative.generative_options import CodeOptions
from harness.models.generative.quantiser import learnt_codes

SIZES = CodeOptions(hidden_dim=16, latent_dim=8, levels=2, size=4, steps=300)


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
def test_that_all_vectors_are_alike_is_reported(value, caplog):
    with caplog.at_level("INFO", logger="harness"):
        codes_of(np.full((20, 3), value))
    assert "the vectors of all items are equal" in caplog.text
    assert "variance" not in caplog.text
