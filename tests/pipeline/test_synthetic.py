"""The whole way against a number that is known in closed form: the best possible hit rate on generated data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import harness
from harness.data import Synthetic
from harness.pipeline import write_split

K = 10
EXPERIMENT = """
name: made/oracle
dataset:
  catalog: {{kind: synthetic, users: 1500, items: 400, interactions: 45000, clusters: 20, seed: {seed}}}
  split: {{kind: leave_last_out, seed: {seed}}}
model: {{kind: predictions, checkpoint: {folder}/oracle.parquet}}
runner: {{k: 10}}
evaluation: {{metrics: [hit_rate], cutoffs: [10]}}
tracking: {{enabled: false}}
report: {{directory: {folder}}}
"""


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_best_lists_hit_as_often_as_they_should(seed, tmp_path):
    path = tmp_path / "oracle.yaml"
    path.write_text(EXPERIMENT.format(seed=seed, folder=tmp_path))
    experiment = harness.load_experiment(path)
    write_split(experiment, tmp_path / "parts")
    parts = {name: pd.read_parquet(tmp_path / f"parts/{name}.parquet") for name in ("train", "validation", "test")}
    history = pd.concat([parts["train"], parts["validation"]]).groupby("user")["item"].agg(list)
    occurring = np.unique(np.concatenate([part["item"] for part in parts.values()]))
    data = Synthetic(users=1500, items=400, interactions=45_000, clusters=20, seed=seed)
    rows, chances = [], []
    for user in parts["test"]["user"]:
        # The last interaction is a draw like any other: given the history its chances are known.
        chance = np.zeros(400)
        chance[occurring] = data.probabilities(user)[occurring]
        chance[history.get(user, [])] = 0.0
        best = np.argsort(-chance, kind="stable")[:K]
        chances.append(chance[best].sum())
        rows += [(user, item, chance[item]) for item in best]
    pd.DataFrame(rows, columns=["user", "item", "score"]).to_parquet(tmp_path / "oracle.parquet")
    measured = harness.run(experiment, quiet=True).table["hit_rate@10"]
    expected = np.mean(chances)
    error = np.sqrt(np.sum(np.array(chances) * (1 - np.array(chances)))) / len(chances)
    assert measured.n_users == len(chances) > 1_400
    assert abs(measured.value - expected) < 3 * error
    assert 0.1 < expected < 0.6
