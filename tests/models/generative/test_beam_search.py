"""Constrained beam search: against scoring every item, and never an item that may not be there."""

import gc
import weakref

import numpy as np
import pytest
import torch
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from harness.artifacts import CandidateLists, ListRequest, UserBatch, Vocabulary, pair_keys, stream
from harness.errors import HarnessError
from harness.models.generative.decoder import NetworkSizes
from harness.models.generative.generative_lists import GenerativeLists
from harness.models.generative.search_tree import SemanticCatalogue
from harness.models.generative.semantic_ids import with_extra_code
from harness.models.generative.seq2seq import SemanticTransformer


def lists_of(rows):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return CandidateLists(indptr, np.array([item for row in rows for item in row], dtype=np.int32))


def network_of(codes, *, seed=0, max_items=4, dtype=torch.float64, width=12):
    """Return a network with weights large enough to have opinions."""
    torch.manual_seed(seed)
    sizes = NetworkSizes(
        codes=tuple(int(code) + 1 for code in codes.max(axis=0)),
        embedding_dim=width,
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


def lists_by(network, codes, n_users, *, beam, **options):
    """Return what makes lists, of users and items whose own ids are numbers."""
    users, items = Vocabulary(np.arange(n_users)), Vocabulary(np.arange(len(codes)))
    catalogue = SemanticCatalogue(codes, users=users, items=items, device="cpu")
    return GenerativeLists(network, catalogue, beam=beam, **options)


def search(network, codes, history, k, *, beam, users=None, memory=1 << 30, **asked):
    users = np.arange(history.n_users) if users is None else users
    lists = lists_by(network, codes, history.n_users, beam=beam, memory=memory)
    with torch.inference_mode():
        return lists.recommend(UserBatch(users, history), ListRequest(k, **asked))


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


@pytest.mark.parametrize("memory", [1 << 30, 400_000, 1])
def test_in_single_precision_too_for_any_memory(memory):
    rng = np.random.default_rng(4)
    codes = random_codes(rng, 60, (3, 4))
    history = history_of([rng.integers(0, 60, length).tolist() for length in (0, 1, 3, 4, 9, 2)], 60)
    found = search(network_of(codes, dtype=torch.float32), codes, history, 60, beam=60, memory=memory)
    with torch.inference_mode():
        scores = all_scores(network_of(codes), codes, history)
    assert (np.sort(found.items, axis=1) == np.arange(60)).all()
    np.testing.assert_allclose(found.scores, np.take_along_axis(scores, found.items, axis=1), rtol=1e-4)
    np.testing.assert_allclose(found.scores, -np.sort(-scores, axis=1), rtol=1e-4)


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


@pytest.mark.parametrize("memory", [1 << 30, 8 << 20, 1])
def test_neither_the_batch_nor_the_order_of_users_changes_a_bit(memory):
    rng = np.random.default_rng(2)
    # Of the users some meet the large group of items that share their first two codes, and some do not.
    codes = with_extra_code(np.concatenate([rng.integers(0, 4, (60, 2)), np.tile([[1, 2]], (40, 1))]).astype(np.int32))
    history = history_of([rng.integers(0, 100, rng.integers(0, 30)).tolist() for _ in range(90)], 100)
    network = network_of(codes, max_items=20, dtype=torch.float32, width=384)
    seen = lists_of([history.items[a:b].tolist() for a, b in zip(history.indptr, history.indptr[1:], strict=False)])
    # And of some all beams but one end early, so that little is left to search for.
    lists = [[user] if user % 3 == 0 else list(range(100)) for user in range(90)]
    whole = search(network, codes, history, 5, beam=10, seen=seen, lists=lists_of(lists), memory=memory)
    for users in (np.arange(90)[::-1].copy(), np.arange(0, 90, 3), np.array([7]), rng.permutation(90)[:40]):
        rows = [history.items[history.indptr[user] : history.indptr[user + 1]].tolist() for user in users]
        own = {"seen": lists_of(rows), "lists": lists_of([lists[user] for user in users])}
        part = search(network, codes, history, 5, beam=10, users=users, memory=memory, **own)
        assert np.array_equal(part.items, whole.items[users])
        assert np.array_equal(part.scores, whole.scores[users])


class Largest(TorchDispatchMode):
    """The bytes of the largest tensor that is made, and how many users the largest batch of beams has."""

    def __init__(self):
        super().__init__()
        self.size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        for part in found if isinstance(found, (tuple, list)) else [found]:
            if isinstance(part, torch.Tensor) and part._base is None:
                self.size = max(self.size, part.nbytes)
        return found


def test_memory_is_bounded_however_many_items_share_their_codes():
    """As do all items that nobody has done: one pair of codes has them all."""
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.integers(0, 8, (500, 2)), np.tile([[3, 3]], (20_000, 1))]).astype(np.int32)
    codes = with_extra_code(codes)
    network = network_of(codes, dtype=torch.float32)
    history = history_of([rng.integers(0, 500, 4).tolist() for _ in range(32)], len(codes))
    with Largest() as largest:
        found = search(network, codes, history, 20, beam=40, memory=32 << 20)
    assert (found.items >= 0).all()
    assert largest.size < 32 << 20  # all children of all beams of 32 users would be 200 MB of numbers
    with Largest() as largest:
        few = search(network, codes, history, 20, beam=40, memory=4 << 20)
    assert largest.size < 4 << 20
    np.testing.assert_allclose(few.scores, found.scores, rtol=1e-5)


def test_what_does_not_fit_into_memory_says_what_helps(monkeypatch):
    codes = random_codes(np.random.default_rng(0), 9, (3, 3))
    network = network_of(codes)
    monkeypatch.setattr(SemanticTransformer, "step", lambda *arguments: torch.empty(1 << 50))
    with pytest.raises(HarnessError, match=r"for 32 users at once, with a beam of 5 .* narrower model\.params\.beam"):
        search(network, codes, history_of([[1]], 9), 5, beam=5)


def in_tie_order(history, n_items, seed):
    """Return the items of each user in the order of the hash alone."""
    users, items = Vocabulary(np.arange(history.n_users)), Vocabulary(np.arange(n_items))
    return np.argsort(pair_keys(stream(seed, "ties"), users.keys[:, None], items.keys), axis=1)


def test_equal_scores_are_in_the_order_of_the_hash():
    rng = np.random.default_rng(3)
    codes = random_codes(rng, 80, (3, 3))
    history = history_of([rng.integers(0, 80, 3).tolist() for _ in range(40)], 80)
    network = network_of(codes)
    # Items that share their first codes have one score each: the last code is anyone's guess.
    with torch.no_grad():
        network.output[2] = 0
        scores = all_scores(network, codes, history).round(9)
    for seed in (0, 1):
        places = np.argsort(in_tie_order(history, 80, seed), axis=1)
        expected = np.array([np.lexsort((place, -own)) for place, own in zip(places, scores, strict=True)])
        for k in (80, 5, 11):  # 5 and 11 cut through such groups
            assert np.array_equal(search(network, codes, history, k, beam=80, seed=seed).items, expected[:, :k])
        # The beam holds five beginnings, and then all that is below them is compared.
        narrow = search(network, codes, history, 5, beam=5, seed=seed)
        assert np.array_equal(narrow.items, expected[:, :5])
    # Where all is equal so are the beginnings, each of which goes by its first item: all users get lists of their own.
    with torch.no_grad():
        network.output[:] = 0
    assert np.array_equal(search(network, codes, history, 80, beam=80).items, in_tie_order(history, 80, 0))
    assert len(np.unique(search(network, codes, history, 5, beam=5).items)) > 40


def test_trees_are_made_once_and_networks_are_not_kept():
    rng = np.random.default_rng(5)
    codes = random_codes(rng, 30, (3, 3))
    history = history_of([[1, 2]], 30)
    lists = lists_by(network_of(codes), codes, 1, beam=5)
    network = weakref.ref(lists._network)
    catalogue, allowed = lists._catalogue, rng.random(30) < 0.5
    with torch.inference_mode():
        lists.recommend(UserBatch(np.arange(1), history), ListRequest(3))
    assert catalogue.tree(None) is catalogue.tree(None)
    assert catalogue.tree(allowed) is catalogue.tree(allowed.copy())
    assert sorted(catalogue.tree(allowed).tree.items.tolist()) == np.flatnonzero(allowed).tolist()
    del lists
    gc.collect()
    assert network() is None


def test_a_beam_narrower_than_the_lists_is_refused():
    codes = random_codes(np.random.default_rng(0), 9, (3, 3))
    with pytest.raises(HarnessError, match=r"beam is 3, and lists of 5 items .*runner\.k"):
        search(network_of(codes), codes, history_of([[1]], 9), 5, beam=3)
