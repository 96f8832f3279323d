"""Semantic ids are distinct, and their tree is the one by hand."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.models.generative.semantic_ids import PrefixTree, n_colliding, with_extra_code


def test_the_tree_by_hand():
    # Ids 0-0, 0-2, 1-0: the root has two children, the first of them two.
    tree = PrefixTree.of(np.array([[1, 0], [0, 2], [0, 0]], dtype=np.int32))
    first, second = tree.levels
    assert tree.items.tolist() == [2, 1, 0]
    assert (first.children.tolist(), first.codes.tolist(), first.starts.tolist()) == ([0, 2], [0, 1], [0, 2, 3])
    assert (second.children.tolist(), second.codes.tolist(), second.starts.tolist()) == (
        [0, 2, 3],
        [0, 2, 0],
        [0, 1, 2, 3],
    )
    assert (first.node_of.tolist(), second.node_of.tolist()) == ([0, 0, 1], [0, 1, 2])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_an_extra_code_tells_all_items_apart(rows):
    codes = np.array(rows, dtype=np.int32)
    apart = with_extra_code(codes)
    counts = [rows.count(row) for row in rows]
    assert n_colliding(codes) == sum(count > 1 for count in counts)
    assert len(np.unique(apart, axis=0)) == len(rows)
    assert np.array_equal(apart[:, :2], codes)
    assert apart.shape[1] == (3 if max(counts) > 1 else 2)
    tree = PrefixTree.of(apart)
    assert sorted(tree.items.tolist()) == list(range(len(rows)))
    beginnings = [len({tuple(row[: n + 1]) for row in apart.tolist()}) for n in range(apart.shape[1])]
    assert [len(level.codes) for level in tree.levels] == beginnings
