"""Selection against a plain sort, above all where scores tie."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles.topk import best

from harness.artifacts import pair_keys, stream
from harness.topk import TieOrder, mask_scores, non_finite, select, signed_keys

levels = st.sampled_from([-2.0, -0.0, 0.0, 1.0, 1e-45, -1e-45, 2.0, np.nextafter(np.float32(1), np.float32(2)), 3e38])
blocks = hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=st.one_of(levels))


def tie_order(seed, user_keys, item_keys):
    return TieOrder(seed, signed_keys(user_keys), signed_keys(item_keys))


def expected(scores, k, seed, user_keys, item_keys):
    hashes = pair_keys(stream(seed, "ties"), user_keys[:, None], item_keys)
    rows = [best(scores[row], hashes[row], k) for row in range(len(scores))]
    return [row[0] for row in rows], [row[1] for row in rows]


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_equals_a_plain_sort(data):
    scores = data.draw(blocks)
    mask = data.draw(hnp.arrays(bool, scores.shape))
    n_users, n_items = scores.shape
    # Few distinct keys: some pairs collide, so that the column has to decide.
    user_keys = data.draw(hnp.arrays(np.uint64, n_users, elements=st.integers(0, 2**64 - 1)))
    item_keys = data.draw(hnp.arrays(np.uint64, n_items, elements=st.integers(0, 3) | st.integers(0, 2**64 - 1)))
    k = data.draw(st.integers(1, n_items + 3))
    cells = data.draw(st.sampled_from([1, 7, 64, 1 << 20]))
    seed = data.draw(st.integers(-5, 5))

    masked = mask_scores(torch.from_numpy(scores), torch.from_numpy(mask))
    chosen = select(masked, k, order=tie_order(seed, user_keys, item_keys), cells=cells)

    items, values = expected(masked.numpy(), k, seed, user_keys, item_keys)
    assert chosen.items.tolist() == items
    assert chosen.scores.tolist() == values
    assert chosen.items.dtype == torch.int32
    assert chosen.scores.dtype == torch.float32


def test_by_hand():
    scores = torch.tensor([[1.0, 3.0, 2.0, -1.0]])
    order = TieOrder(0, torch.tensor([7]), torch.tensor([1, 2, 3, 4]))
    chosen = select(scores, 2, order=order)
    assert chosen.items.tolist() == [[1, 2]]
    assert chosen.scores.tolist() == [[3.0, 2.0]]


def test_the_largest_key_is_not_a_sentinel():
    # All pairs tie, and their keys are all the largest there is: columns decide, left to right.
    class Largest(TieOrder):
        def keys(self, rows, columns):
            return torch.full(torch.broadcast_shapes(rows.shape, columns.shape), 2**63 - 1)

    order = Largest(0, torch.tensor([0, 1]), torch.arange(6))
    scores = torch.zeros(2, 6)
    scores[1, 0] = -1.0
    assert select(scores, 3, order=order).items.tolist() == [[0, 1, 2], [1, 2, 3]]


def test_negative_zero_ties_with_zero_and_comes_out_as_zero():
    keys = np.arange(4, dtype=np.uint64)
    scores = np.array([[-0.0, 0.0, -0.0, 0.0]], dtype=np.float32)
    chosen = select(torch.from_numpy(scores), 2, order=tie_order(1, keys[:1], keys))
    assert chosen.items.tolist() == expected(scores, 2, 1, keys[:1], keys)[0]
    assert not torch.signbit(chosen.scores).any()


def test_everything_masked_gives_an_empty_list():
    keys = np.arange(3, dtype=np.uint64)
    chosen = select(torch.full((1, 3), -torch.inf), 5, order=tie_order(0, keys[:1], keys))
    assert chosen.items.tolist() == [[-1] * 5]
    assert torch.isinf(chosen.scores).all()


def test_no_rows():
    order = TieOrder(0, torch.empty(0, dtype=torch.int64), torch.arange(4))
    assert select(torch.empty(0, 4), 2, order=order).items.shape == (0, 2)


def test_a_constant_scorer_recommends_each_item_alike():
    n_users, n_items, k = 3000, 40, 4
    order = tie_order(3, np.arange(n_users, dtype=np.uint64), np.arange(n_items, dtype=np.uint64))
    items = select(torch.zeros(n_users, n_items), k, order=order).items.numpy()
    counts = np.bincount(items.ravel(), minlength=n_items)
    share = k / n_items
    # Six standard deviations of a binomial count.
    assert np.abs(counts - n_users * share).max() < 6 * np.sqrt(n_users * share * (1 - share))


def test_ties_at_the_cut_of_many_items():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 3, size=(4, 20_000)).astype(np.float32)
    user_keys = rng.integers(0, 2**63, 4).astype(np.uint64)
    item_keys = rng.integers(0, 2**63, 20_000).astype(np.uint64)
    chosen = select(torch.from_numpy(scores), 25, order=tie_order(0, user_keys, item_keys), cells=50_000)
    assert chosen.items.tolist() == expected(scores, 25, 0, user_keys, item_keys)[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_scores_are_found(bad):
    scores = torch.zeros(3, 5)
    assert non_finite(scores) is None
    scores[2, 1] = bad
    scores[2, 4] = -bad
    assert non_finite(scores) == (2, 1)


def test_large_finite_scores_are_finite():
    assert non_finite(torch.full((10, 10), 3e38)) is None
    assert non_finite(torch.empty(0, 4)) is None
