"""The generative model: what it learns from, that it learns it, and what it attends to."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from histories import history_of

from harness.artifacts import CandidateLists, ListRequest, TrainingData, TrainingOptions, UserBatch, Vocabulary
from harness.models import CodeOptions, Generative, GenerativeRecipe
from harness.models.generative.generative_network import _batches
from harness.models.generative.semantic_ids import PrefixTree

MODEL = Generative(
    codes=CodeOptions(dimension=4, levels=2, size=4, hidden_dim=8, latent_dim=4, steps=60),
    embedding_dim=16,
    num_heads=2,
    attn_dim=32,
    dropout=0.0,
    encoder_layers=1,
    decoder_layers=2,
    max_items=4,
    recipe=GenerativeRecipe(epochs=25, patience=None, batch_size=32, learning_rate=1e-2),
)
N_ITEMS = 12


def fitted(rows, *, model=MODEL, judge=None):
    """Return the model that was trained on histories."""
    ids = {"users": Vocabulary(np.arange(len(rows))), "items": Vocabulary(np.arange(N_ITEMS))}
    training_data = TrainingData(history_of(rows, N_ITEMS), judge, None, **ids)
    return model.recommender(model.train(training_data, TrainingOptions(quiet=True)), device="cpu", **ids)


@pytest.fixture(scope="module")
def cycle():
    """Histories where item i is always followed by i + 1, round and round, and the model of them."""
    rng = np.random.default_rng(0)
    starts, lengths = rng.integers(0, N_ITEMS, 60), rng.integers(3, 8, 60)
    rows = [[(start + n) % N_ITEMS for n in range(length)] for start, length in zip(starts, lengths, strict=True)]
    return rows, fitted(rows)


def test_it_learns_what_follows(cycle):
    rows, model = cycle
    history = history_of(rows, N_ITEMS)
    with torch.inference_mode():
        made = model.recommend(UserBatch(np.arange(len(rows)), history), ListRequest(3))
        unseen = ListRequest(3, CandidateLists(history.indptr, history.items))
        made_unseen = model.recommend(UserBatch(np.arange(len(rows)), history), unseen)
    following = np.array([(row[-1] + 1) % N_ITEMS for row in rows])
    assert (made.items[:, 0] == following).mean() > 0.9
    assert (made_unseen.items[:, 0] == following).mean() > 0.9


def examples_of_an_epoch(rows, *, seed=0, targets_per_user=8):
    """Return the training examples of an epoch: the part of a history that is read, and the next item."""
    options = {"max_items": 3, "targets_per_user": targets_per_user, "size": 2, "device": "cpu"}
    history, found = history_of(rows, N_ITEMS), []
    chosen = np.flatnonzero(history.lengths >= 2)
    for items, real, following in _batches(history, chosen, np.random.default_rng(seed), **options):
        assert len(items) <= 2
        for row, where, target in zip(items, real, following.tolist(), strict=True):
            assert where.tolist() == sorted(where.tolist(), reverse=True)  # the padding is last
            found.append((tuple(row[where].tolist()), target))
    return found


def test_an_epoch_by_hand():
    rows = [[0, 1, 2, 3, 4], [5], [6, 7], []]
    by_hand = {((0,), 1), ((0, 1), 2), ((0, 1, 2), 3), ((1, 2, 3), 4), ((6,), 7)}
    found = examples_of_an_epoch(rows)
    assert len(found) == 5
    assert set(found) == by_hand
    some = [examples_of_an_epoch(rows, seed=seed, targets_per_user=2) for seed in range(20)]
    assert all(len(set(drawn)) == 3 and set(drawn) <= by_hand and ((6,), 7) in drawn for drawn in some)
    assert set().union(*some) == by_hand


def attention_by_hand(network, codes, history, item):
    """Return what the decoder attends to when it writes an item, ``(heads, items)``, number by number."""
    table = torch.from_numpy(codes.astype(np.int64))
    levels, heads = table.shape[1], network.sizes.num_heads
    encoded = network.encode(table[history].unsqueeze(0), torch.ones((1, len(history)), dtype=torch.bool))[0]
    inputs = []
    hooks = [
        layer.cross_attention.register_forward_pre_hook(lambda module, arguments: inputs.append(arguments[0][0]))
        for layer in network.decoder
    ]
    network(table[history].unsqueeze(0), torch.ones((1, len(history)), dtype=torch.bool), table[[item]])
    for hook in hooks:
        hook.remove()
    found = np.zeros((heads, len(history)))
    for layer, queries in zip(network.decoder, inputs, strict=True):
        attention = layer.cross_attention
        q, k = attention.w_q(queries).chunk(heads, dim=1), attention.w_k(encoded).chunk(heads, dim=1)
        for head in range(heads):
            for level in range(levels):
                scores = (k[head] @ q[head][level] / math.sqrt(q[head].shape[1])).tolist()
                total = sum(math.exp(score) for score in scores)
                for token, score in enumerate(scores):
                    found[head, token // levels] += math.exp(score) / total / levels / len(network.decoder)
    return found


def test_attention_is_that_of_each_item_of_the_list(cycle):
    _, model = cycle
    items, history = np.array([5, 2, 9, 0], dtype=np.int32), [7, 8, 9, 10, 11]
    titles = {item: f"title {item}" for item in range(N_ITEMS)}
    with torch.inference_mode():
        found = model.attention(UserBatch(np.arange(1), history_of([history], N_ITEMS)), items, titles)
        assert found.outputs == ("title 5", "title 2", "title 9", "title 0")
        assert (found.outputs_are, found.inputs.tolist()) == ("list", [8, 9, 10, 11])  # four are read
        codes = model._catalogue.codes
        for place, item in enumerate(items):
            expected = attention_by_hand(model._network, codes, found.inputs.astype(np.int64), item)
            np.testing.assert_allclose(found.weights[:, place], expected, atol=1e-5)
        none = model.attention(UserBatch(np.arange(1), history_of([history], N_ITEMS)), items[:0], titles)
    assert none.weights.shape == (2, 0, 4)


def test_the_tree_is_made_once_while_the_model_is_trained(cycle, monkeypatch):
    rows, _ = cycle
    made, judged, of = [], [], PrefixTree.of
    monkeypatch.setattr(PrefixTree, "of", lambda *arguments: made.append(1) or of(*arguments))

    def judge(recommender, device):
        with torch.inference_mode():
            judged.append(
                recommender.recommend(UserBatch(np.arange(len(rows)), history_of(rows, N_ITEMS)), ListRequest(2))
            )
        return 1.0 / len(judged)

    recipe = GenerativeRecipe(epochs=3, patience=3, batch_size=32)
    fitted(rows, model=Generative(codes=MODEL.codes, embedding_dim=16, recipe=recipe), judge=judge)
    assert len(judged) >= 3
    assert len(made) == 1
