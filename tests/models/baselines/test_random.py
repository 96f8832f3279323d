"""Random scores: uniform, and a hash of the external ids."""

import math

import numpy as np
from baseline_scores import scores_of
from histories import history_of

from harness.artifacts import Vocabulary, pair_keys, stream
from harness.models import Random


def test_random_scores_are_the_top_bits_of_the_hash():
    users, items = Vocabulary.of(["ann", "bob"]), Vocabulary.of([10, 20, -30])
    scores = scores_of(Random(seed=-4), history_of([[], []], 3), user_ids=users, item_ids=items)
    hashes = pair_keys(stream(-4, "random scores"), users.keys[:, None], items.keys)
    assert np.array_equal(scores, (hashes >> np.uint64(40)).astype(np.float64) / 2**24)


def test_random_scores_are_uniform():
    scores = scores_of(Random(), history_of([[]] * 300, 400)).astype(np.float64)
    assert scores.min() >= 0
    assert scores.max() < 1
    # Six standard errors of a mean and of a share of 120,000 uniform numbers.
    assert abs(scores.mean() - 0.5) < 6 * math.sqrt(1 / 12 / scores.size)
    assert abs((scores < 0.1).mean() - 0.1) < 6 * math.sqrt(0.09 / scores.size)
    assert abs(np.corrcoef(scores[:-1].ravel(), scores[1:].ravel())[0, 1]) < 6 / math.sqrt(scores.size)


def test_random_scores_are_independent_of_other_orders_of_the_same_seed():
    ids = Vocabulary(np.arange(300))
    scores = scores_of(Random(seed=0), history_of([[]] * 300, 300), user_ids=ids, item_ids=ids).astype(np.float64)
    for seed in (0, stream(0, "ties")):
        other = pair_keys(seed, ids.keys[:, None], ids.keys).astype(np.float64)
        assert abs(np.corrcoef(scores.ravel(), other.ravel())[0, 1]) < 6 / math.sqrt(scores.size)


def test_random_scores_follow_external_ids_not_positions():
    few, many = Vocabulary(np.array([5, 9])), Vocabulary(np.array([1, 5, 7, 9]))
    small = scores_of(Random(), history_of([[], []], 2), user_ids=few, item_ids=few)
    large = scores_of(Random(), history_of([[]] * 4, 4), user_ids=many, item_ids=many)
    assert np.array_equal(large[np.ix_([1, 3], [1, 3])], small)
