"""Blocks and batches of padded sequences hold each row once."""

import numpy as np
from histories import history_of

from harness.models.neural.padded_sequences import alike, blocks


def test_blocks_hold_each_row_once_and_batches_too():
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 50, rng.integers(0, 40)).tolist() for _ in range(200)]
    history = history_of(rows, 50)
    seen = []
    for block in blocks(history.indptr, history.items, 25, n_rows=16):
        assert block.items.shape == block.real.shape == (16, block.items.shape[1])
        for place, row in enumerate(block.rows):
            assert block.items[place][block.real[place]].tolist() == rows[row][-25:]
            assert block.items[place][~block.real[place]].tolist() == [0] * int((~block.real[place]).sum())
        assert not block.real[len(block.rows) :].any()
        seen += block.rows.tolist()
    assert sorted(seen) == list(range(200))
    batches = list(alike(rng.permutation(200), history.lengths, 8, rng))
    assert sorted(np.concatenate(batches).tolist()) == list(range(200))
    assert max(map(len, batches)) == 8
