"""Memory is forecast as it is used, and work that does not fit is refused before it begins."""

import logging
import tracemalloc

import numpy as np
import pytest

from harness.artifacts import History
from harness.errors import HarnessError
from harness.models import EASE, ItemKNN, PureSVD
from harness.models.baselines.ease import memory_of_fit
from harness.models.linear_algebra.cooccurrence_vectors import cooccurrence_vectors
from harness.models.linear_algebra.pair_counts import PairCounts


def history_of_size(n_users, n_items, mean):
    rng = np.random.default_rng(0)
    indptr = np.concatenate([[0], np.cumsum(rng.poisson(mean, n_users))]).astype(np.int64)
    return History(indptr, rng.integers(0, n_items, indptr[-1]).astype(np.int32), n_items)


def peak_of(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused_below(monkeypatch, peak, fit):
    """Check that work which takes ``peak`` bytes is refused with a little less memory, and done with a little more."""
    monkeypatch.setattr("harness.memory.available_memory", lambda: int(peak * 0.9))
    with pytest.raises(HarnessError, match="of memory, and"):
        fit()
    monkeypatch.setattr("harness.memory.available_memory", lambda: int(peak * 1.2))
    fit()


@pytest.mark.parametrize("blocks", [False, True])
def test_ease(blocks, monkeypatch):
    if blocks:
        monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse.AT_ONCE", 100)
    # Copies of some rows are small, as they are where the catalogue is large.
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_CELLS", 1 << 18)
    monkeypatch.setattr("harness.models.linear_algebra.matrix_inverse.BLOCK_CELLS", 1 << 18)
    history = history_of_size(1500, 2200, 20)
    EASE().fit(history_of_size(20, 2200, 2))  # loads what is needed
    peak = peak_of(lambda: EASE().fit(history))
    assert memory_of_fit(history) == pytest.approx(peak, rel=0.05)
    refused_below(monkeypatch, peak, lambda: EASE().fit(history))


@pytest.mark.slow
def test_ease_as_it_comes():
    history = history_of_size(2000, 6000, 20)
    peak = peak_of(lambda: EASE().fit(history))
    assert memory_of_fit(history) == pytest.approx(peak, rel=0.03)


def test_item_knn(monkeypatch):
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_CELLS", 1 << 16)
    history = history_of_size(2000, 4000, 60)
    peak = peak_of(lambda: ItemKNN(neighbours=300).fit(history))
    refused_below(monkeypatch, peak, lambda: ItemKNN(neighbours=300).fit(history))


def test_item_knn_with_more_neighbours_than_there_are(monkeypatch):
    # Few pairs of items have users in common: no more neighbours are kept, whatever is asked for.
    monkeypatch.setattr("harness.memory.available_memory", lambda: 200 << 20)
    ItemKNN(neighbours=10**6).fit(history_of_size(100, 20_000, 5))


@pytest.mark.parametrize("shape", [(40_000, 900), (900, 40_000)])
def test_pure_svd(shape, monkeypatch):
    history = history_of_size(*shape, 20 * 900 // shape[0] + 1)
    peak = peak_of(lambda: PureSVD(factors=40).fit(history))
    refused_below(monkeypatch, peak, lambda: PureSVD(factors=40).fit(history))


def test_vectors_by_cooccurrence(monkeypatch):
    monkeypatch.setattr("harness.memory.available_memory", lambda: 100_000)
    with pytest.raises(HarnessError, match=r"co-occurrence of 2,000 items needs .*model\.params\.codes\.dimension"):
        cooccurrence_vectors(history_of_size(500, 2000, 20), 8, seed=0)


def test_counts_are_those_of_the_whole_product(monkeypatch):
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_TERMS", 300)
    history, done, told = history_of_size(200, 150, 8), [], []
    matrix = history.matrix.toarray()
    counts = PairCounts(history)
    found = np.concatenate([part.toarray() for _, part in counts.blocks(done.append, estimated=told.append)])
    assert np.array_equal(found, matrix.T @ matrix)
    assert np.array_equal(counts.users, matrix.sum(axis=0))
    assert np.array_equal(counts.terms, (matrix.T @ matrix).sum(axis=1))
    assert sum(done) == 150
    assert len(done) > 10
    assert len(told) == 1


@pytest.mark.parametrize(("model", "name"), [(EASE(), "EASE"), (ItemKNN(), "item_knn")])
def test_long_work_says_beforehand_what_it_takes(model, name, monkeypatch, caplog):
    monkeypatch.setattr("harness.memory._LONG", 0.0)
    monkeypatch.setattr("harness.models.linear_algebra.pair_counts._BLOCK_CELLS", 1 << 14)
    with caplog.at_level(logging.INFO, logger="harness"):
        model.fit(history_of_size(100, 300, 10))
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if line.startswith(f"{name} on 300 items takes about 0 s and up to")]) == 1
