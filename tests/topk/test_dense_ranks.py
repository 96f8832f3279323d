"""Target ranks against counting by hand, and against selection."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles.topk import rank

from harness.topk import TieOrder, mask_scores, select, target_ranks


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_equals_counting(data):
    n_rows, n_items = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 20))
    levels = st.sampled_from([-1.0, -0.0, 0.0, 1e-45, 1.0])
    scores = data.draw(hnp.arrays(np.float32, (n_rows, n_items), elements=levels))
    mask = data.draw(hnp.arrays(bool, (n_rows, n_items)))
    targets = [data.draw(st.lists(st.integers(0, n_items - 1), max_size=5)) for _ in range(n_rows)]
    indptr = torch.tensor(np.concatenate([[0], np.cumsum([len(row) for row in targets])]), dtype=torch.int64)
    items = torch.tensor([item for row in targets for item in row], dtype=torch.int64)
    masked = mask_scores(torch.from_numpy(scores), torch.from_numpy(mask))

    ranks = target_ranks(masked, indptr, items, cells=data.draw(st.sampled_from([1, 30, 1 << 20])))

    expected = [rank(masked[row].tolist(), item) for row in range(n_rows) for item in targets[row]]
    assert list(zip(ranks.above.tolist(), ranks.tied.tolist(), strict=True)) == expected
    assert ranks.above.dtype == ranks.tied.dtype == torch.int32


def test_a_rank_without_ties_is_the_place_in_the_list():
    rng = np.random.default_rng(1)
    scores = torch.from_numpy(rng.permuted(np.tile(np.arange(30, dtype=np.float32), (6, 1)), axis=1))
    chosen = select(scores, 30, order=TieOrder(0, torch.arange(6), torch.arange(30)))
    indptr = torch.arange(7) * 30
    ranks = target_ranks(scores, indptr, chosen.items.flatten().long())
    assert ranks.above.reshape(6, 30).tolist() == [list(range(30))] * 6
    assert (ranks.tied == 0).all()


def test_rows_without_relevant_items():
    ranks = target_ranks(torch.zeros(3, 4), torch.tensor([0, 0, 1, 1]), torch.tensor([2]))
    assert ranks.above.tolist() == [0]
    assert ranks.tied.tolist() == [3]
