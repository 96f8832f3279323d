"""Training: seeded, stopped early, and taken up again to the bit; the models learn what can be learnt."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from histories import history_of
from torch import nn

import harness
from harness.artifacts import RecommendationTask, TrainingData, TrainingOptions, Truth, UserBatch, Vocabulary
from harness.errors import CheckpointError, HarnessError
from harness.models import (
    CodeOptions,
    Generative,
    GenerativeRecipe,
    Recipe,
    Sequential,
    SequentialRecipe,
    TwoTower,
    TwoTowerRecipe,
)
from harness.models.neural.training_loop import TrainingPlan, train_module
from harness.models.run_messages import forget_messages
from harness.pipeline.stages.validation_score import ndcg_on

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
    codes=CodeOptions(dimension=4, levels=2, size=4, hidden_dim=8, latent_dim=4, steps=60),
    embedding_dim=16,
    num_heads=2,
    attn_dim=16,
    encoder_layers=1,
    decoder_layers=1,
    max_items=4,
    recipe=GenerativeRecipe(epochs=3, batch_size=32),
)
MODELS = [SEQUENTIAL, TWO_TOWER, GENERATIVE]


def cycle(n_users=48, n_items=12, *, whole=True, validation=True):
    """Return training data where item i is always followed by i + 1, round and round."""
    rng = np.random.default_rng(0)
    starts, lengths = rng.integers(0, n_items, n_users), rng.integers(3, 8, n_users)
    rows = [[(start + step) % n_items for step in range(length)] for start, length in zip(starts, lengths, strict=True)]
    following = [[(row[-1] + 1) % n_items] for row in rows]
    return training_data_of(rows, following if validation else None, n_items, whole=whole)


def training_data_of(rows, following, n_items, *, whole=True):
    """Return training data of items of each user and what follows them, judged by lists without seen items."""
    users, items = Vocabulary(np.arange(len(rows))), Vocabulary(np.arange(n_items))
    history, judge = history_of(rows, n_items), None
    if following is not None:
        relevant = history_of(following, n_items)
        task = RecommendationTask(
            users=np.arange(len(rows)),
            truth=Truth(relevant.indptr, relevant.items),
            history=history,
            user_ids=users,
            item_ids=items,
            k=10,
            scored=False,
        )
        judge = ndcg_on(task)
    both = [a + b for a, b in zip(rows, following or rows, strict=True)]
    return TrainingData(history, judge, history_of(both, n_items) if whole else None, users, items)


def followers(training_data):
    """Return what follows each history of ``cycle``."""
    ends = training_data.train.items[training_data.train.indptr[1:] - 1]
    return (ends + 1) % training_data.train.n_items


def alike_to_the_bit(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def train(model, training_data=None, **options):
    return model.train(cycle() if training_data is None else training_data, TrainingOptions(quiet=True, **options))


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
@pytest.mark.parametrize("part", [0.01, 0.4, 0.95])
def test_an_interrupted_training_ends_as_one_that_was_not(model, part, tmp_path, monkeypatch):
    taken, step, stop_at, state = [], torch.optim.AdamW.step, math.inf, tmp_path / "state"

    def count(optimizer, *arguments):
        taken.append(optimizer)
        if len(taken) >= stop_at:
            raise StoppedError
        return step(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", count)
    whole = train(model)
    n_steps, last = len(taken), taken.count(taken[-1])
    stop_at = max(1, round(part * n_steps))
    assert stop_at > n_steps - last or part < 0.9  # the latest lies in the training on train and validation
    taken.clear()
    with pytest.raises(StoppedError):
        train(model, state=state, identity="a")
    assert state.exists() or part < 0.1
    stop_at = math.inf
    taken.clear()
    assert alike_to_the_bit(train(model, state=state, identity="a"), whole)
    assert len(taken) < n_steps or part < 0.1


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
    assert alike_to_the_bit(train(SEQUENTIAL, state=state, identity="a"), first)
    whole = state.read_bytes()
    for damaged in (b"cut short", whole[: len(whole) // 2] + bytes(64) + whole[len(whole) // 2 + 64 :]):
        state.write_bytes(damaged)
        assert alike_to_the_bit(train(SEQUENTIAL, state=state, identity="a"), first)
    assert len(taken) == 5 * n_steps


class Counter(nn.Module):
    """A number that each step makes smaller by the learning rate, and how many epochs were looked at."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(0.0))


@pytest.mark.parametrize(("values", "found"), [([0.1, 0.3, 0.2, 0.2], 2), ([0.4, 0.3, 0.2], 1)])
def test_the_last_training_runs_as_many_epochs_as_were_best(values, found):
    modules, judgements = [], iter(values)

    def made():
        modules.append(Counter())
        return modules[-1]

    steps = {"batches": lambda rng: iter([None]), "steps": 1, "loss": lambda module, batch: module.value * 1.0}
    search = TrainingPlan("counter", made, **steps, judge=lambda module: next(judgements))
    last = train_module(
        search,
        TrainingPlan("counter", made, **steps),
        Recipe(learning_rate=1.0, epochs=9, patience=2),
        TrainingOptions(quiet=True),
        seed=0,
    )
    assert len(modules) == 2
    assert last is modules[1]
    assert round(-last.value.item()) == found


def test_a_judge_that_says_the_same_of_all_epochs_is_reported(caplog):
    counted([0.25, 0.25, 0.25], patience=2, epochs=9)
    assert "ndcg@10 on validation was 0.2500 after each of 3 epochs, so it cannot decide when to stop" in caplog.text
    caplog.clear()
    counted([0.25, 0.2, 0.25], patience=2, epochs=9)
    assert "cannot decide" not in caplog.text


def counted(values, **recipe):
    """Return how many epochs were judged and the steps in the weights that are kept, for a plan of judgements."""
    judged = []

    def judge(module):
        judged.append(module.value.item())
        return values[len(judged) - 1]

    plan = TrainingPlan(
        "counter", Counter, lambda rng: iter([None]), 1, lambda module, batch: module.value * 1.0, judge
    )
    recipe = Recipe(**{"learning_rate": 1.0, "batch_size": 1, **recipe})
    module = train_module(plan, None, recipe, TrainingOptions(quiet=True), seed=0)
    return len(judged), round(-module.value.item())


def test_it_stops_early_and_keeps_the_best_epoch():
    assert counted([0.1, 0.3, 0.2, 0.3, 0.1, 0.9], patience=3, epochs=9) == (5, 2)  # equal is no better
    assert counted([0.1, 0.2, 0.3], patience=3, epochs=3) == (3, 3)
    assert counted([0.0, 0.0, 0.0], patience=2, epochs=9) == (3, 1)
    assert counted([], patience=None, epochs=4) == (0, 4)


def test_without_a_validation_part_all_epochs_are_trained(caplog):
    training_data = cycle(validation=False, whole=False)
    found = train(SEQUENTIAL, training_data)
    assert "no validation part" in caplog.text
    fixed = dataclasses.replace(SEQUENTIAL, recipe=dataclasses.replace(SEQUENTIAL.recipe, patience=None))
    assert alike_to_the_bit(found, train(fixed, training_data))


def test_a_loss_that_is_not_finite_is_an_error():
    plan = TrainingPlan("counter", Counter, lambda rng: iter([None]), 1, lambda module, batch: module.value * torch.nan)
    with pytest.raises(HarnessError, match=r"counter: the loss is nan in epoch 1\. Lower .*learning_rate"):
        train_module(plan, None, Recipe(patience=None), TrainingOptions(quiet=True), seed=0)


def test_weights_that_are_not_finite_are_an_error():
    plan = TrainingPlan("counter", Counter, lambda rng: iter([None]), 1, lambda module, batch: module.value * 1e-30)
    recipe = Recipe(patience=None, learning_rate=1e308)
    with pytest.raises(HarnessError, match=r"counter: weights are NaN or infinite after epoch 1\. Lower"):
        train_module(plan, None, recipe, TrainingOptions(quiet=True), seed=0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_nobody_to_learn_from_is_an_error(model):
    training_data = dataclasses.replace(
        cycle(4, 5, whole=False, validation=False), train=history_of([[1], [], [0], [2]], 5)
    )
    with pytest.raises(HarnessError, match=r"no user has two items|no user has two interactions"):
        train(model, training_data)


def scorer_of(model, training_data):
    ids = {"users": training_data.users, "items": training_data.items}
    return model.recommender(train(model, training_data), device="cpu", **ids)


def scores(scorer, history, users=None):
    users = np.arange(history.n_users) if users is None else users
    with torch.inference_mode():
        return (scorer.user_vectors(UserBatch(users, history)) @ scorer.item_vectors().T).numpy()


def test_sequential_learns_what_follows():
    training_data = cycle()
    recipe = SequentialRecipe(epochs=60, patience=20, batch_size=8, learning_rate=5e-3)
    scorer = scorer_of(dataclasses.replace(SEQUENTIAL, dropout=0.0, recipe=recipe), training_data)
    best = scores(scorer, training_data.train).argmax(axis=1)
    assert (best == followers(training_data)).mean() > 0.95


def test_sequential_equals_a_plain_forward_over_each_history():
    training_data = cycle()
    scorer = scorer_of(SEQUENTIAL, training_data)
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
    training_data = training_data_of([row[:5] for row in rows], [row[5:] for row in rows], 20, whole=False)
    recipe = TwoTowerRecipe(epochs=30, batch_size=64, learning_rate=1e-2)
    scorer = scorer_of(dataclasses.replace(TWO_TOWER, recipe=recipe), training_data)
    found = scores(scorer, training_data.train)
    group = np.arange(60) % 2
    own = np.where(group[:, None] == 0, found[:, :10].min(axis=1)[:, None], found[:, 10:].min(axis=1)[:, None])
    other = np.where(group[:, None] == 0, found[:, 10:].max(axis=1)[:, None], found[:, :10].max(axis=1)[:, None])
    assert (own > other).mean() > 0.95
    vectors = scorer.user_vectors(UserBatch(np.arange(60), training_data.train))
    for users in (np.array([7]), rng.permutation(60)):
        assert torch.equal(scorer.user_vectors(UserBatch(users, training_data.train)), vectors[users])
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


# --- what each training is made of ----------------------------------------------------------------

MARKER = 11  # an item of the validation part alone


@pytest.fixture
def courses(monkeypatch):
    """Return what gives the courses of a model: on train, and on train and validation."""

    def of(model, training_data):
        def stop(on_train, on_whole, recipe, training, *, seed):
            raise StoppedError(on_train, on_whole)

        for network in ("neural.sequential", "neural.two_tower", "generative.generative"):
            monkeypatch.setattr(f"harness.models.{network}_network.train_module", stop)
        with pytest.raises(StoppedError) as stopped:
            train(model, training_data)
        return stopped.value.args

    return of


def marked(n_users=24):
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, MARKER, 6).tolist() for _ in range(n_users)]
    return training_data_of(rows, [[MARKER]] * n_users, MARKER + 1)


def learnt_from(model, plan, epochs=20):
    """Return the items of a plan's batches that something is learnt from."""
    found = set()
    for epoch in range(epochs):
        for batch in plan.batches(np.random.default_rng(epoch)):
            if isinstance(model, Sequential):
                items, following, real = batch
                found |= {*items[real].tolist(), *following[real].tolist()}
            elif isinstance(model, TwoTower):
                found |= {*batch[0].tolist(), *batch[2].tolist()}
            else:
                items, real, following = batch
                found |= {*items[real].tolist(), *following.tolist()}
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_validation_is_learnt_from_in_the_last_training_alone(model, courses):
    if isinstance(model, TwoTower):
        model = dataclasses.replace(model, uniform_negatives=0)
    on_train, on_whole = courses(model, marked())
    assert learnt_from(model, on_train) == set(range(MARKER))
    assert learnt_from(model, on_whole) == set(range(MARKER + 1))


def test_codes_of_the_search_are_of_train_alone(courses):
    rows = np.random.default_rng(0).integers(0, 12, (24, 9)).tolist()
    training_data = training_data_of([row[:5] for row in rows], [row[5:] for row in rows], 12)
    on_train, on_whole = courses(GENERATIVE, training_data)
    (alone, nothing) = courses(GENERATIVE, dataclasses.replace(training_data, whole=None))
    (both, _) = courses(GENERATIVE, dataclasses.replace(training_data, train=training_data.whole))
    assert nothing is None
    assert on_train.basis == alone.basis != on_whole.basis
    assert on_whole.basis == both.basis


def test_a_state_of_other_codes_is_not_taken_up(tmp_path, caplog):
    training_data, state = cycle(), tmp_path / "state"
    vectors = np.random.default_rng(0).normal(size=(2, 12, 4)).astype(np.float32)
    model = dataclasses.replace(GENERATIVE, codes=dataclasses.replace(GENERATIVE.codes, vectors="dataset"))
    one, two = (dataclasses.replace(training_data, item_vectors=some) for some in vectors)
    train(model, one, state=state, identity="a")
    with caplog.at_level("INFO", logger="harness"):
        forget_messages()
        found = train(model, two, state=state, identity="a")
    assert "belongs to other data, parameters or codes; the training starts from the beginning" in " ".join(
        caplog.text.split()
    )
    assert alike_to_the_bit(found, train(model, two))


def test_sequential_learns_from_all_parts_of_a_long_history(courses):
    training_data = training_data_of([list(range(12)) * 3], None, 12, whole=False)
    on_train, _ = courses(dataclasses.replace(SEQUENTIAL, max_length=4), training_data)
    starts = set()
    for epoch in range(200):
        for items, following, _ in on_train.batches(np.random.default_rng(epoch)):
            assert items.shape == following.shape == (1, 4)
            assert torch.equal(following, (items + 1) % 12)
            starts.add(int(items[0, 0]))
    assert starts == set(range(12))


def test_negatives_of_two_tower_by_hand(courses):
    # Item 0 is drawn in 3 of 6 pairs, 1 in 2, 2 in 1; item 3 never. The batch holds all pairs, and 6 items beside.
    training_data = training_data_of([[0, 1], [0, 1], [0, 2]], None, 4, whole=False)
    on_train, _ = courses(dataclasses.replace(TWO_TOWER, uniform_negatives=6), training_data)
    (batch,) = on_train.batches(np.random.default_rng(0))
    bags, indptr, items, added = (part.numpy() for part in batch)
    assert indptr.tolist() == list(range(7))
    assert sorted(zip(bags.tolist(), items[:6].tolist(), strict=True)) == [
        (0, 1), (0, 1), (0, 2), (1, 0), (1, 0), (2, 0)
    ]  # fmt: skip
    drawn = (6 * np.array([3, 2, 1, 0]) / 6 + 6 / 4) / 12  # (0.375, 0.292, 0.208, 0.125)
    for row in range(6):
        own = {0, 1} if 1 in (bags[row], items[row]) else {0, 2}
        for column, item in enumerate(items):
            expected = -np.inf if int(item) in own else np.log(drawn[items[row]] / drawn[item])
            assert added[row, column] == pytest.approx(expected, abs=1e-6)


def test_two_tower_puts_items_that_nobody_chose_behind():
    rng = np.random.default_rng(0)
    popularity = 1 / np.arange(1, 61)
    rows = [rng.choice(60, 8, replace=False, p=popularity / popularity.sum()).tolist() for _ in range(150)]
    training_data = training_data_of([row[:-1] for row in rows], [row[-1:] for row in rows], 80, whole=False)
    found = {}
    for uniform in (0, 32):
        recipe = TwoTowerRecipe(epochs=20, patience=None, batch_size=64, learning_rate=1e-2)
        scorer = scorer_of(dataclasses.replace(TWO_TOWER, recipe=recipe, uniform_negatives=uniform), training_data)
        best = np.argsort(-scores(scorer, training_data.train), axis=1)[:, :17]  # of which 7 were seen
        found[uniform] = (best >= 60).any(axis=1).mean()
    assert found[0] > 0.5
    assert found[32] < 0.05


def test_nobody_is_asked_for():
    history = history_of([[0, 1], [2]], 12)
    for model in (SEQUENTIAL, TWO_TOWER):
        vectors = scorer_of(model, cycle()).user_vectors(UserBatch(np.arange(0), history))
        assert vectors.shape == (0, model.embedding_dim)
