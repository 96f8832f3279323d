"""Constrained beam search: against scoring every item, and never an item that may not be there."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import CandidateLists, History, ListsAsked, UserBatch
from harness.errors import HarnessError
from harness.models.generative_network import GenerativeLists
from harness.models.semantic_ids import PrefixTree, n_colliding, with_extra_code
from harness.models.seq2seq import NetworkSizes, SemanticTransformer


def lists_of(rows):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return CandidateLists(indptr, np.array([item for row in rows for item in row], dtype=np.int32))


def history_of(rows, n_items):
    lists = lists_of(rows)
    return History(lists.indptr, lists.items, n_items)


def network_of(codes, *, seed=0, max_items=4, dtype=torch.float64):
    """Return a network with weights large enough to have opinions."""
    torch.manual_seed(seed)
    sizes = NetworkSizes(
        codes=tuple(int(code) + 1 for code in codes.max(axis=0)),
        embedding_dim=12,
        num_heads=2,
        attn_dim=16,
        encoder_layers=1,
        decoder_layers=2,
        dropout=0.1,
        max_items=max_items,
    )
    network = SemanticTransformer(sizes).to(dtype).eval()
    with torch.no_grad():
        network.output *= 3
    return network


def all_scores(network, codes, history):
    """Return the log probability of each item's codes for each user: each item scored as in training, by itself."""
    table = torch.from_numpy(codes.astype(np.int64))
    rows = []
    for user in range(history.n_users):
        items = history.items[history.indptr[user] : history.indptr[user + 1]][-network.sizes.max_items :]
        own = table[torch.from_numpy(items.astype(np.int64))].unsqueeze(0)  # (1, items, levels)
        real = torch.ones((1, len(items)), dtype=torch.bool)
        if len(items) == 0:  # a sequence needs a position: one of padding
            own, real = table[:1].unsqueeze(0), torch.zeros((1, 1), dtype=torch.bool)
        n_items = len(table)
        logits = network(own.expand(n_items, -1, -1), real.expand(n_items, -1), table)
        log_shares = logits.log_softmax(-1)  # (items, levels, widest)
        scores = log_shares.gather(2, table.unsqueeze(2)).sum(dim=(1, 2)).tolist()
        rows.append(scores)
    return np.array(rows)


def search(network, codes, history, k, *, beam, users=None, **asked):
    users = np.arange(history.n_users) if users is None else users
    with torch.inference_mode():
        return GenerativeLists(network, codes, beam=beam).recommend(UserBatch(users, history), ListsAsked(k, **asked))


def random_codes(rng, n_items, sizes):
    return with_extra_code(np.column_stack([rng.integers(0, size, n_items) for size in sizes]).astype(np.int32))


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_the_catalogue_equals_scoring_every_item(seed):
    rng = np.random.default_rng(seed)
    codes = random_codes(rng, 40, (3, 4, 2))
    history = history_of([rng.integers(0, 40, length).tolist() for length in (0, 1, 3, 4, 9, 2)], 40)
    network = network_of(codes, seed=seed)
    found = search(network, codes, history, 40, beam=40)
    with torch.inference_mode():
        scores = all_scores(network, codes, history)
    assert np.array_equal(found.items, np.argsort(-scores, axis=1))
    np.testing.assert_allclose(found.scores, -np.sort(-scores, axis=1), rtol=1e-5)
    assert (found.given == 40).all()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_may_not_be_recommended_never_is_and_all_else_stays_in_order(data):
    n_items = data.draw(st.integers(1, 14))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 5)))
    codes = random_codes(rng, n_items, sizes)
    item = st.integers(0, n_items - 1)
    rows = data.draw(st.lists(st.lists(item, max_size=6), min_size=1, max_size=3))
    history = history_of(rows, n_items)
    network, k = network_of(codes), data.draw(st.integers(1, 16))
    seen = data.draw(st.booleans())
    lists = data.draw(st.none() | st.lists(st.lists(item, unique=True), min_size=len(rows), max_size=len(rows)))
    allowed = data.draw(st.none() | st.lists(st.booleans(), min_size=n_items, max_size=n_items).filter(any))
    found = search(
        network,
        codes,
        history,
        k,
        beam=max(k, n_items),
        seen=lists_of(rows) if seen else None,
        lists=None if lists is None else lists_of(lists),
        allowed=None if allowed is None else np.array(allowed),
    )
    with torch.inference_mode():
        scores = all_scores(network, codes, history)
    for user, row in enumerate(rows):
        left = [one for one in np.argsort(-scores[user]) if not (seen and one in row)]
        left = [one for one in left if (lists is None or one in lists[user]) and (allowed is None or allowed[one])]
        expected = (left[:k] + [-1] * k)[:k]
        assert found.items[user].tolist() == expected
        np.testing.assert_allclose(found.scores[user][: len(left)], scores[user][left[:k]], rtol=1e-5)
        assert (found.scores[user][len(left) :] == -np.inf).all()


def test_a_narrow_beam_scores_what_it_finds_like_a_wide_one():
    rng = np.random.default_rng(1)
    codes = random_codes(rng, 200, (8, 8, 8))
    history = history_of([rng.integers(0, 200, 5).tolist() for _ in range(20)], 200)
    network = network_of(codes)
    narrow, wide = (search(network, codes, history, 10, beam=beam) for beam in (10, 200))
    with torch.inference_mode():
        scores = all_scores(network, codes, history)
    np.testing.assert_allclose(narrow.scores, np.take_along_axis(scores, narrow.items, axis=1), rtol=1e-5)
    assert (narrow.scores <= wide.scores + 1e-5).all()
    assert (np.diff(narrow.scores) <= 0).all()
    assert all(len(set(row)) == 10 for row in narrow.items.tolist())


def test_neither_the_batch_nor_the_order_of_users_changes_a_bit():
    rng = np.random.default_rng(2)
    codes = random_codes(rng, 60, (4, 4))
    history = history_of([rng.integers(0, 60, rng.integers(0, 30)).tolist() for _ in range(90)], 60)
    network = network_of(codes, max_items=20, dtype=torch.float32)
    seen = lists_of([history.items[a:b].tolist() for a, b in zip(history.indptr, history.indptr[1:], strict=False)])
    whole = search(network, codes, history, 5, beam=10, seen=seen)
    for users in (np.arange(90)[::-1].copy(), np.array([7]), rng.permutation(90)[:40]):
        rows = [history.items[history.indptr[user] : history.indptr[user + 1]].tolist() for user in users]
        part = search(network, codes, history, 5, beam=10, users=users, seen=lists_of(rows))
        assert np.array_equal(part.items, whole.items[users])
        assert np.array_equal(part.scores, whole.scores[users])


def test_a_beam_narrower_than_the_lists_is_refused():
    codes = random_codes(np.random.default_rng(0), 9, (3, 3))
    with pytest.raises(HarnessError, match=r"beam is 3, and lists of 5 items .*runner\.k"):
        search(network_of(codes), codes, history_of([[1]], 9), 5, beam=3)


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
    assert (first.widest, second.widest) == (2, 2)


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
    assert math.prod(level.codes.size > 0 for level in tree.levels) == 1
