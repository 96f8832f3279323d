"""Contributions of items: external ids in the place of indices."""

from __future__ import annotations

import numpy as np

from harness.artifacts import ItemContributions


def test_renamed_items_are_in_the_order_of_their_ids():
    ids = np.array(["d", "c", "b", "a"], dtype=object)
    found = ItemContributions(
        users=np.array([0, 0, 1]),
        items=np.array([0, 1, 1]),
        shares=np.array([0.5, 0.5, 1.0]),
        values={"recall@1": np.array([0.5, 0.5, 1.0])},
        item_ids=np.array([0, 2, 3]),
        item_users=np.array([1, 2, 3]),
        item_shares=np.array([0.5, 1.5, 3.0]),
        item_square_shares=np.array([0.25, 1.25, 3.0]),
    )
    renamed = found.renamed(ids)
    assert renamed.item_ids.tolist() == ["a", "b", "d"]
    assert renamed.item_ids[renamed.items].tolist() == ids[found.item_ids[found.items]].tolist() == ["d", "b", "b"]
    assert renamed.item_users.tolist() == [3, 2, 1]
    assert renamed.item_shares.tolist() == [3.0, 1.5, 0.5]
    assert renamed.item_square_shares.tolist() == [3.0, 1.25, 0.25]
    assert (renamed.n_items, renamed.n_pairs) == (3, 6)
