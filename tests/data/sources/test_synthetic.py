"""Generated interactions: drawn from the probabilities that they claim, the same under one seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.data import LeaveLastOut, Synthetic

SMALL = Synthetic(users=300, items=200, interactions=9_000, clusters=12, seed=3)


def test_probabilities_by_hand():
    # One cluster: all draws follow the weights (rank + 50) ** -0.9, whatever the user's shares.
    data = Synthetic(users=2, items=3, interactions=10, clusters=1)
    weights = np.array([50.0, 51.0, 52.0]) ** -0.9
    for user in range(2):
        np.testing.assert_allclose(np.sort(data.probabilities(user))[::-1], weights / weights.sum(), rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(users=st.integers(1, 8), items=st.integers(1, 30), clusters=st.integers(1, 30), seed=st.integers(0, 9))
def test_probabilities_are_some(users, items, clusters, seed):
    data = Synthetic(users=users, items=items, interactions=40, clusters=min(clusters, items), seed=seed)
    rows = data.read().interactions
    for user in range(users):
        chances = data.probabilities(user)
        assert chances.shape == (items,)
        assert chances.sum() == pytest.approx(1.0, abs=1e-12)
        assert (chances > 0).all()
    assert len(rows.user_ids) == users
    assert sorted(set(rows.items.tolist())) == list(range(len(rows.item_ids)))


def test_draws_follow_the_probabilities():
    # Pearson's statistic over the items, whose mean is its degrees of freedom; five standard deviations.
    data = Synthetic(users=4, items=60, interactions=200_000, clusters=6, seed=1)
    rows = data.read().interactions
    for user in range(4):
        counts = np.bincount(rows.item_ids.ids[rows.items[rows.users == user]], minlength=60)
        expected = counts.sum() * data.probabilities(user)
        statistic = ((counts - expected) ** 2 / expected).sum()
        assert abs(statistic - 59) < 5 * np.sqrt(2 * 59)


def test_the_same_under_one_seed_alone():
    first, again = SMALL.read(), SMALL.read()
    other = Synthetic(users=300, items=200, interactions=9_000, clusters=12, seed=4).read()
    for name in ("users", "items", "timestamps"):
        assert np.array_equal(getattr(first.interactions, name), getattr(again.interactions, name))
    assert first.sha256 == again.sha256 != other.sha256
    assert not np.array_equal(first.interactions.timestamps[:50], other.interactions.timestamps[:50])


def test_sizes_activity_and_facts():
    data = Synthetic(users=2_000, items=500, interactions=60_000, clusters=20).read()
    assert len(data.interactions) == pytest.approx(60_000, rel=0.01)
    activity = np.bincount(data.interactions.users)
    assert np.log(activity).std() == pytest.approx(1.1, abs=0.1)
    assert data.facts["origin"] == "generated"
    assert data.facts["options"]["clusters"] == 20
    assert data.facts["duplicates"] > 0
    assert Synthetic().fetch() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": 0}, "users is 0"),
        ({"clusters": 9_999}, "clusters is 9999 for 5000 items"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Synthetic(**options)


def test_the_best_list_hits_as_often_as_it_should():
    # The last interaction is a draw like any other. Given what a user had before, the list of the k
    # likeliest others hits with the sum of their probabilities.
    split = LeaveLastOut(validation=False).split(SMALL.read().interactions)
    rows, k = split.interactions, 10
    hits, chances = [], []
    for user in range(300):
        own = rows.users == user
        target = rows.item_ids.ids[rows.items[own & (split.labels == 2)]]
        if len(target):
            chance = SMALL.probabilities(user)
            chance[rows.item_ids.ids[rows.items[own & (split.labels == 0)]]] = 0  # seen: no candidates
            best = np.argsort(-chance)[:k]
            hits.append(target[0] in best)
            chances.append(chance[best].sum())
    chances = np.array(chances)
    assert abs(sum(hits) - chances.sum()) < 3 * np.sqrt((chances * (1 - chances)).sum())


def test_in_an_experiment(tmp_path):
    text = """
name: made/popularity
dataset:
  catalog: {{kind: synthetic, users: 200, items: 80, interactions: 4000, clusters: 8}}
  split: {{kind: leave_last_out}}
model: {{kind: popularity, checkpoint: {folder}/popularity.safetensors, fit: {{on: train_validation}}}}
runner: {{k: 20}}
tracking: {{enabled: false}}
report: {{directory: {folder}}}
"""
    path = tmp_path / "made.yaml"
    path.write_text(text.format(folder=tmp_path))
    experiment = harness.load_experiment(path)
    assert experiment.to_dict()["dataset"]["catalog"]["clusters"] == 8
    result = harness.run(experiment, quiet=True)
    assert result.results["dataset"]["raw"]["users"] == 200
    again = harness.load_experiment(tmp_path / "made/popularity/experiment.yaml")
    assert again == experiment
    path.write_text(text.format(folder=tmp_path).replace("clusters: 8", "cluster: 8"))
    with pytest.raises(harness.HarnessError, match=r"made.yaml:4: unknown option 'cluster' .*Did you mean 'clusters'"):
        harness.load_experiment(path)
