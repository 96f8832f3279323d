"""Training: seeded, stopped early, and taken up again to the bit; the models learn what can be learnt."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import harness
from harness.artifacts import History, Lessons, Training, UserBatch, Vocabulary
from harness.errors import CheckpointError, HarnessError
from harness.models import (
    Codes,
    Generative,
    GenerativeRecipe,
    Recipe,
    Sequential,
    SequentialRecipe,
    TwoTower,
    TwoTowerRecipe,
)
from harness.models.sequences import alike, blocks
from harness.models.training import Course, trained

SEQUENTIAL = Sequential(
    embedding_dim=16,
    num_layers=1,
    attn_dim=16,
    dropout=0.1,
    max_length=6,
    recipe=SequentialRecipe(epochs=3, batch_size=8),
)
TWO_TOWER = TwoTower(embedding_dim=8, hidden_dim=8, recipe=TwoTowerRecipe(epochs=3, batch_size=32))
GENERATIVE = Generative(
    codes=Codes(dimension=4, levels=2, size=4, hidden_dim=8, latent_dim=4, steps=60),
    embedding_dim=16,
    num_heads=2,
    attn_dim=16,
    encoder_layers=1,
    decoder_layers=1,
    max_items=4,
    recipe=GenerativeRecipe(epochs=3, batch_size=32),
)
MODELS = [SEQUENTIAL, TWO_TOWER, GENERATIVE]


def history_of(rows, n_items):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return History(indptr, np.array([item for row in rows for item in row], dtype=np.int32), n_items)


def cycle(n_users=48, n_items=12, *, whole=True, validation=True):
    """Return lessons where item i is always followed by i + 1, round and round."""
    rng = np.random.default_rng(0)
    starts, lengths = rng.integers(0, n_items, n_users), rng.integers(3, 8, n_users)
    rows = [[(start + step) % n_items for step in range(length)] for start, length in zip(starts, lengths, strict=True)]
    following = [[(row[-1] + 1) % n_items] for row in rows]
    return Lessons(
        train=history_of(rows, n_items),
        validation=history_of(following, n_items) if validation else None,
        whole=history_of([a + b for a, b in zip(rows, following, strict=True)], n_items) if whole else None,
        users=Vocabulary(np.arange(n_users)),
        items=Vocabulary(np.arange(n_items)),
    )


def alike_to_the_bit(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def train(model, lessons=None, **options):
    return model.train(cycle() if lessons is None else lessons, Training(quiet=True, **options))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_the_seed_decides_all(model):
    before = torch.random.get_rng_state()
    first = train(model)
    assert alike_to_the_bit(train(model), first)
    assert not alike_to_the_bit(train(dataclasses.replace(model, seed=1)), first)
    assert torch.equal(torch.random.get_rng_state(), before)


class StoppedError(Exception):
    """An interruption."""


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("steps", [1, 12, 40])
def test_an_interrupted_training_ends_as_one_that_was_not(model, steps, tmp_path, monkeypatch):
    whole, state = train(model), tmp_path / "state"
    taken, step = [], torch.optim.AdamW.step

    def count(optimizer, *arguments):
        taken.append(1)
        if len(taken) == steps:
            raise StoppedError
        return step(optimizer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", count)
        try:
            train(model, state=state, identity="a")
            done = len(taken)
        except StoppedError:
            done = None
    assert done is None or steps > done  # it was interrupted, or over before
    again = train(model, state=state, identity="a")
    assert alike_to_the_bit(again, whole)


def test_what_was_reached_is_not_trained_again(tmp_path, monkeypatch):
    state, taken, step = tmp_path / "state", [], torch.optim.AdamW.step

    def count(optimizer, *arguments):
        taken.append(1)
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", count)
    first = train(SEQUENTIAL, state=state, identity="a")
    n_steps = len(taken)
    assert alike_to_the_bit(train(SEQUENTIAL, state=state, identity="a"), first)
    assert len(taken) == n_steps  # its last state was whole
    train(SEQUENTIAL, state=state, identity="of another model")
    assert len(taken) == 2 * n_steps
    state.write_bytes(b"cut short")
    assert alike_to_the_bit(train(SEQUENTIAL, state=state, identity="a"), first)
    assert len(taken) == 3 * n_steps


class Counter(nn.Module):
    """A number that each step makes smaller by the learning rate, and how many epochs were looked at."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(0.0))


def counted(values, **recipe):
    """Return how many epochs were judged and the steps in the weights that are kept, for a course of judgements."""
    judged = []

    def judge(module):
        judged.append(module.value.item())
        return values[len(judged) - 1]

    course = Course("counter", Counter, lambda rng: iter([None]), 1, lambda module, batch: module.value * 1.0, judge)
    recipe = Recipe(**{"learning_rate": 1.0, "batch_size": 1, **recipe})
    module = trained(course, None, recipe, Training(quiet=True), seed=0)
    return len(judged), round(-module.value.item())


def test_it_stops_early_and_keeps_the_best_epoch():
    assert counted([0.1, 0.3, 0.2, 0.3, 0.1, 0.9], patience=3, epochs=9) == (5, 2)  # equal is no better
    assert counted([0.1, 0.2, 0.3], patience=3, epochs=3) == (3, 3)
    assert counted([0.0, 0.0, 0.0], patience=2, epochs=9) == (3, 1)
    assert counted([], patience=None, epochs=4) == (0, 4)


def test_without_a_validation_part_all_epochs_are_trained(caplog):
    lessons = cycle(validation=False, whole=False)
    found = train(SEQUENTIAL, lessons)
    assert "no validation part" in caplog.text
    fixed = dataclasses.replace(SEQUENTIAL, recipe=dataclasses.replace(SEQUENTIAL.recipe, patience=None))
    assert alike_to_the_bit(found, train(fixed, lessons))


def test_a_loss_that_is_not_finite_is_an_error():
    course = Course("counter", Counter, lambda rng: iter([None]), 1, lambda module, batch: module.value * torch.nan)
    with pytest.raises(HarnessError, match=r"counter: the loss is nan in epoch 1\. Lower .*learning_rate"):
        trained(course, None, Recipe(patience=None), Training(quiet=True), seed=0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_nobody_to_learn_from_is_an_error(model):
    lessons = dataclasses.replace(cycle(4, 5, whole=False, validation=False), train=history_of([[1], [], [0], [2]], 5))
    with pytest.raises(HarnessError, match=r"nobody has two items|no user has two interactions"):
        train(model, lessons)


def scorer_of(model, lessons):
    ids = {"users": lessons.users, "items": lessons.items}
    return model.recommender(train(model, lessons), device="cpu", **ids)


def scores(scorer, history, users=None):
    users = np.arange(history.n_users) if users is None else users
    with torch.inference_mode():
        return (scorer.user_vectors(UserBatch(users, history)) @ scorer.item_vectors().T).numpy()


def test_sequential_learns_what_follows():
    lessons = cycle()
    recipe = SequentialRecipe(epochs=60, patience=20, batch_size=8, learning_rate=5e-3)
    scorer = scorer_of(dataclasses.replace(SEQUENTIAL, dropout=0.0, recipe=recipe), lessons)
    best = scores(scorer, lessons.train).argmax(axis=1)
    assert (best == lessons.validation.items).mean() > 0.95


def test_sequential_equals_a_plain_forward_over_each_history():
    lessons = cycle()
    scorer = scorer_of(SEQUENTIAL, lessons)
    rng = np.random.default_rng(1)
    history = history_of([rng.integers(0, 12, rng.integers(0, 20)).tolist() for _ in range(150)], 12)
    found = scores(scorer, history)
    encoder = scorer._encoder
    for user in range(150):
        items = history.items[history.indptr[user] : history.indptr[user + 1]][-6:].astype(np.int64)
        expected = np.zeros(12)
        if len(items):
            with torch.inference_mode():
                last = encoder(torch.from_numpy(items)[None])[0, -1]
            expected = (encoder.embedding.weight @ last / 4).detach().numpy()  # sqrt(16)
        np.testing.assert_allclose(found[user], expected, atol=1e-5)
    for users in (np.array([3]), np.arange(150)[::-1].copy(), rng.permutation(150)[:70]):
        vectors = scorer.user_vectors(UserBatch(users, history))
        assert torch.equal(vectors, scorer.user_vectors(UserBatch(np.arange(150), history))[users])


def test_two_towers_learn_groups_and_do_not_depend_on_the_batch():
    rng = np.random.default_rng(0)
    rows = [(rng.permutation(10)[:6] + 10 * (user % 2)).tolist() for user in range(60)]
    base = cycle(60, 20, whole=False)
    lessons = dataclasses.replace(
        base, train=history_of([row[:5] for row in rows], 20), validation=history_of([row[5:] for row in rows], 20)
    )
    recipe = TwoTowerRecipe(epochs=30, batch_size=64, learning_rate=1e-2)
    scorer = scorer_of(dataclasses.replace(TWO_TOWER, recipe=recipe), lessons)
    found = scores(scorer, lessons.train)
    group = np.arange(60) % 2
    own = np.where(group[:, None] == 0, found[:, :10].min(axis=1)[:, None], found[:, 10:].min(axis=1)[:, None])
    other = np.where(group[:, None] == 0, found[:, 10:].max(axis=1)[:, None], found[:, :10].max(axis=1)[:, None])
    assert (own > other).mean() > 0.95
    vectors = scorer.user_vectors(UserBatch(np.arange(60), lessons.train))
    for users in (np.array([7]), rng.permutation(60)):
        assert torch.equal(scorer.user_vectors(UserBatch(users, lessons.train)), vectors[users])
    empty = history_of([[]], 20)
    assert (scorer.user_vectors(UserBatch(np.array([0]), empty)) == 0).all()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_checkpoint_of_another_architecture_is_refused(model):
    tensors = train(model)
    other = dataclasses.replace(model, embedding_dim=32)
    with pytest.raises(CheckpointError, match=r"\(.*16.*\).*\(.*32.*\) is needed|\(.*8.*\).*\(.*32.*\) is needed"):
        other.recommender(tensors, users=Vocabulary(np.arange(48)), items=Vocabulary(np.arange(12)), device="cpu")
    with pytest.raises(CheckpointError, match=r"\(12, .*13"):
        model.recommender(tensors, users=Vocabulary(np.arange(48)), items=Vocabulary(np.arange(13)), device="cpu")


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


def test_fit_goes_on_after_an_interruption_and_leaves_no_state(small, tmp_path, monkeypatch):
    params = "{embedding_dim: 8, num_layers: 1, attn_dim: 8, recipe: {epochs: 3, batch_size: 16}}"
    change = [f"model={{kind: sequential, checkpoint: {tmp_path}/a.safetensors, params: {params}}}"]
    change[0] = change[0][:-1] + ", fit: {on: train_validation}}"
    experiment = harness.load_experiment(small, change)
    state = tmp_path / "a.safetensors.training"
    step, taken = torch.optim.AdamW.step, []

    def interrupted(optimizer, *arguments):
        taken.append(1)
        if len(taken) == 10:
            raise KeyboardInterrupt
        return step(optimizer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            harness.fit(experiment, quiet=True)
    assert state.exists()
    assert not (tmp_path / "a.safetensors").exists()
    gone_on = harness.fit(experiment, quiet=True)
    assert not state.exists()
    again = harness.fit(experiment, force=True, quiet=True)
    assert gone_on.sha256 == again.sha256
