"""The external project on small data: its interactions, and runs of its YAML files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

import harness

PROJECT = Path(__file__).parent / "external_project"
N_USERS, N_ITEMS = 120, 40
# A module whose scores are a row of a table, for others to be made of.
PLAIN = """
import sys

import torch
import torch.nn.functional as F
from torch import nn


class Plain(nn.Module):
    def __init__(self, n_items):
        super().__init__()
        self.scores = nn.Embedding(n_items + 1, n_items + 1)

    def forward(self, tokens):
        return self.scores(tokens[:, -1])
"""


def walks(seed=0):
    """Return interactions of users who mostly go from each item to the one that follows it in a hidden order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(N_ITEMS)
    follows = dict(zip(order, np.roll(order, -1), strict=True))
    rows = []
    for user in range(N_USERS):
        item, seen = int(rng.integers(N_ITEMS)), set()
        for time in range(int(rng.integers(6, 13))):
            while item in seen:
                item = int(rng.integers(N_ITEMS))
            seen.add(item)
            rows.append((f"u{user:03d}", f"i{item:02d}", time))
            item = int(follows[item]) if rng.random() < 0.8 else int(rng.integers(N_ITEMS))
    return pd.DataFrame(rows, columns=["user", "item", "timestamp"])


def run(name, *settings, force=False):
    return harness.run(harness.load_experiment(Path(name), list(settings)), quiet=True, force=force)


def values(result):
    return {row["label"]: row["value"] for row in result.results["metrics"]}


def audits(result):
    return {audit["name"]: audit for audit in result.results["audits"]}


def params(**changes):
    return [f"model.params.{key.replace('__', '.')}={json.dumps(value)}" for key, value in changes.items()]
