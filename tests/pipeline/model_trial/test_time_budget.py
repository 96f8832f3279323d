"""A trial makes no longer lists than the run, each once, and takes no more time than it has."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import ExternalRecommender, History, ModelConfig, RecommendationTask, Truth, Vocabulary
from harness.errors import HarnessError
from harness.experiment import TrialSettings
from harness.models.external.list_cleaning import cleaned
from harness.pipeline.model_trial import try_model
from harness.runner import Options

N_ITEMS = 1000


@dataclass
class Clock:
    """Time that only the model spends."""

    now: float = 0.0

    def __call__(self):
        return self.now


@dataclass(frozen=True, eq=False)
class Beams(ExternalRecommender):
    """A model of what follows the last item, by a beam search on a clock.

    A call takes ``per_call`` seconds, and ``per_user`` more for each user, in proportion to the length of the lists,
    which is the width of the beam.
    """

    clock: Clock
    per_call: float
    per_user: float = 0.0
    users_at_once: int = 32
    shift: int = 0
    length_of_run: int = 20
    log: list = field(default_factory=list)  # users, length of the lists, seconds, whether asked as in the run
    interrupted_at: int | None = None

    item_positions = np.arange(N_ITEMS)
    pads_to_longest = True
    padding = "left"

    def recommend(self, batch, asked):
        if len(self.log) == self.interrupted_at:
            self.log.append(None)
            raise KeyboardInterrupt
        seconds = (self.per_call + self.per_user * len(batch.users)) * asked.k / self.length_of_run
        self.clock.now += seconds
        self.log.append((len(batch.users), asked.k, seconds, asked.seen is not None))
        indptr, items = batch.rows()
        best = (following(items[indptr[1:] - 1])[:, None] + self.shift + 301 * np.arange(asked.k)) % N_ITEMS
        return cleaned(best, None, asked, N_ITEMS)

    def with_shift(self, target, by):
        return replace(self, shift=self.shift + by) if target in ("items", "output items") else None

    def with_padding(self, side):
        return self

    def with_length(self, length):
        return self

    def with_seed(self, seed):
        return self


def following(items):
    """Return what follows each item: of no use to a model whose items are off by one."""
    return (457 * items.astype(np.int64) + 13) % N_ITEMS


def task_of(n_users, *, k=20, length=6):
    """Return the task of users who go from item to item; what is relevant is the next one."""
    walks = np.empty((n_users, length + 1), dtype=np.int64)
    walks[:, 0] = np.random.default_rng(0).integers(N_ITEMS, size=n_users)
    for place in range(length):
        walks[:, place + 1] = following(walks[:, place])
    history = History(np.arange(n_users + 1) * length, walks[:, :length].ravel().astype(np.int32), N_ITEMS)
    return RecommendationTask(
        users=np.arange(n_users),
        truth=Truth.from_lists(walks[:, length:].tolist()),
        history=history,
        user_ids=Vocabulary(np.arange(n_users)),
        item_ids=Vocabulary(np.arange(N_ITEMS)),
        k=k,
        scored=False,
    )


class Params(ModelConfig):
    reads_history = True


def trial_of(model, n_users, *, k=20, quiet=True, **options):
    settings = TrialSettings(**options)
    found = try_model(
        model, task_of(n_users, k=k), Options(), settings, params=Params(), clock=model.clock, quiet=quiet
    )
    return found, {finding.name: finding for finding in found.findings}


def test_a_beam_search_is_asked_for_no_more_than_the_run_asks_for():
    """A run of 2.5 s: 584 users by 32 at a beam of 20. At a beam of 200 and 242 calls the trial took 331 s."""
    model = Beams(Clock(), per_call=2.5 / 19)
    found, findings = trial_of(model, 584)
    assert "trial_skipped" not in findings
    assert {length for _, length, _, _ in model.log} == {20}
    # In calls of 32: one user; 32 users, again, with two histories, and padded; each of them alone; the last items of
    # 256 users as they are, moved in four ways and padded otherwise; the relevant items of 256 without 31 of those 32
    # (one user, of the longest history, is not one of the 256).
    assert len(model.log) == 1 + 5 + 32 + 6 * 8 + 8
    assert found.seconds == pytest.approx((len(model.log) - 1) * 2.5 / 19)
    assert found.seconds < 15


def test_lists_of_the_run_are_made_once():
    model = Beams(Clock(), per_call=0.01)
    trial_of(model, 584)
    as_in_the_run = sum(users for users, _, _, in_run in model.log if in_run)
    # One user to begin with, 32 of them, the same again, padded, and alone; then 256 users whose relevant items are
    # looked for, of whom 31 are among those 32.
    assert as_in_the_run == 1 + 4 * 32 + 256 - 31


@pytest.mark.parametrize(("depth", "k", "asked"), [(None, 20, 20), (None, 7, 7), (3, 20, 3), (20, 20, 20)])
def test_the_length_of_lists(depth, k, asked):
    model = Beams(Clock(), per_call=0.01)
    trial_of(model, 100, k=k, depth=depth)
    assert {length for _, length, _, _ in model.log} == {asked}


def test_what_there_is_no_time_for_is_skipped_and_named(caplog):
    """2 s a call: the run takes 38 s, so that the trial has 30 s."""
    model = Beams(Clock(), per_call=2.0)
    found, findings = trial_of(model, 584)
    assert found.seconds <= 30.0
    assert found.seconds == sum(seconds for _, _, seconds, _ in model.log[1:])
    # 32 users, again, with two histories: 8 s. For as many last items, relevant ones, four moves, the other side: 14 s.
    # Padded: 2 s. 6 s are left for three users alone.
    assert findings["items_off_by_one"].of == findings["padding_side"].of == 32
    skipped = findings["trial_skipped"]
    assert (skipped.severity, skipped.count, skipped.of) == ("warning", 1, 7)
    what = "1 of 7 checks of the trial were skipped for lack of time: depends_on_padding for 29 of 32 users."
    assert f"{what} The trial may take 30 s; the run takes about 36 s." in skipped.sentence
    assert "Set model.trial.seconds higher for all checks" in skipped.sentence
    assert skipped.sentence in caplog.text
    assert all(finding.trial for finding in found.findings)
    assert skipped.as_dict()["trial"] is True


def test_a_tenth_of_a_long_run():
    """1 s a user: 10,000 users take 10,000 s, so that the trial may take 1,000 s, and skips nothing within them."""
    model = Beams(Clock(), per_call=0.0, per_user=1.0)
    found, findings = trial_of(model, 10_000)
    assert "trial_skipped" not in findings
    assert 30 < found.seconds <= 1000
    assert findings["items_off_by_one"].of < 256  # as many as there is time for


def test_a_stated_time():
    model = Beams(Clock(), per_call=1.0)
    assert trial_of(model, 584, seconds=500.0)[1].keys() >= {"items_off_by_one", "padding_side"}
    model = Beams(Clock(), per_call=1.0)
    findings = trial_of(model, 584, seconds=0.5)[1]
    assert len(model.log) == 1 + 1  # one to begin with, one that is measured
    assert findings["trial_skipped"].count == 5


@given(
    st.floats(0, 5), st.floats(0, 5), st.integers(1, 400), st.integers(1, 40), st.sampled_from(["auto", 1.0, 60.0, 1e6])
)
@settings(max_examples=60, deadline=None)
def test_no_trial_takes_longer_than_it_has(per_call, per_user, n_users, at_once, seconds):
    model = Beams(Clock(), per_call, per_user, users_at_once=at_once)
    found, _ = trial_of(model, n_users, seconds=seconds)
    counted = model.log[1:]
    assert found.seconds == pytest.approx(sum(each[2] for each in counted))
    assert max(length for _, length, _, _ in model.log) <= 20
    # The first call that is counted is always made; the run is estimated by it, and cheaper ones make it less.
    users = max(1, n_users // 10 - 1) if seconds == "auto" else 1
    batch = min(users, at_once, 32)
    batches = min(users, 32) // batch
    cost = batches * (per_call + per_user * batch)
    limit = max(30.0, n_users * cost / (batches * batch) / 10) if seconds == "auto" else seconds
    assert found.seconds <= max(limit, cost) * (1 + 1e-9)


def test_few_users():
    model = Beams(Clock(), per_call=0.01)
    _, findings = trial_of(model, 584, users=4)
    assert findings["differs_when_asked_again"].of == 4
    assert findings["items_off_by_one"].of == 32


def test_items_that_are_off_by_one_show_in_short_lists():
    model = Beams(Clock(), per_call=0.01, shift=-1)
    with pytest.raises(HarnessError, match=r"when all items are moved by \+1, .* off by one.* set model.trial: warn"):
        trial_of(model, 584)
    found = trial_of(model, 584, on_failure="warn")[1]["items_off_by_one"]
    assert (found.severity, found.count, found.of) == ("warning", 256, 256)


def test_lists_that_are_too_short_to_tell():
    model = Beams(Clock(), per_call=0.01, shift=400)
    _, findings = trial_of(model, 584)
    sentence = findings["items_off_by_one"].sentence
    assert (
        "Lists of 20 items, which are no longer than runner.k, hold it for at most 0 users: too few to tell."
        in sentence
    )
    told = trial_of(Beams(Clock(), per_call=0.01), 584)[1]
    assert "too few to tell" not in told["items_off_by_one"].sentence
    assert "does not distinguish" not in told["no_better_than_chance"].sentence


@pytest.mark.parametrize("call", [0, 1, 4, 40, 60])
def test_an_interrupt_ends_it_at_once(call):
    model = Beams(Clock(), per_call=0.01, interrupted_at=call)
    with pytest.raises(KeyboardInterrupt):
        trial_of(model, 584, on_failure="warn")
    assert len(model.log) == call + 1


def test_a_long_trial_says_what_it_costs_and_shows_progress(caplog):
    caplog.set_level(logging.INFO, logger="harness")
    trial_of(Beams(Clock(), per_call=0.001), 584, quiet=False)
    assert caplog.text == ""
    trial_of(Beams(Clock(), per_call=1.0), 584, quiet=True)
    assert "trying the model" not in caplog.text
    trial_of(Beams(Clock(), per_call=1.0), 584, quiet=False)
    assert "trying the model on a few users takes up to 30 s, and the run about 18 s (model.trial)" in caplog.text
    assert "trying the model: 6 checks in" in caplog.text
