"""The trial compares models with chance and finds ids that are off by one, by where known items rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from external_runs import N_ITEMS, N_USERS, audits, params, run, values, walks
from safetensors.torch import load_file, save_file

MODULES = '''
import torch
from safetensors.torch import load_file
from torch import nn


class Popular(nn.Module):
    """What is popular, without what the user had in training."""

    def __init__(self, n_users, n_items):
        super().__init__()
        self.register_buffer("counts", torch.zeros(n_items))
        self.register_buffer("seen", torch.zeros(n_users, n_items))

    def forward(self, user):
        return self.counts.expand(len(user), -1).masked_fill(self.seen[user] > 0, -1e9)


class Object:
    """The same without torch's ways."""

    def __init__(self, checkpoint):
        tensors = load_file(checkpoint)
        self.module = Popular(*tensors["seen"].shape)
        self.module.load_state_dict(tensors)

    def score(self, users, items):
        return self.module(torch.tensor(users))[:, items].numpy()

    def recommend(self, users, k):
        scores = self.module(torch.tensor(users))
        return [row.topk(k).indices[row.topk(k).values > -1].tolist() for row in scores]


class Negated(nn.Module):
    """What follows the last item, by a distance."""

    def __init__(self, n_items):
        super().__init__()
        self.scores = nn.Embedding(n_items + 1, n_items + 1)

    def forward(self, tokens):
        return -self.scores(tokens[:, -1])


class Factors(nn.Module):
    def __init__(self, n_users, n_items):
        super().__init__()
        self.users, self.items = nn.Embedding(n_users, n_items), nn.Embedding(n_items, n_items)


class Next:
    """Item i is followed by one of those from i + 7 on."""

    def __init__(self, n):
        self.n = n

    def recommend(self, users, k, history):
        return [[(one[-1] + 7 + step) % self.n for step in range(k)] for one in history]
'''


@pytest.fixture
def project(inside):
    """Write the modules."""
    (inside / "kiosk/ranking.py").write_text(MODULES)
    return inside


def of_model(folder, name, section, *settings):
    section["params"] |= {"factory": f"kiosk.ranking:{section['params']['factory']}", "python_path": "."}
    experiment = {"extends": "protocol.yaml", "name": f"kiosk/{name}", "model": section}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(experiment))
    return run(f"{name}.yaml", *settings, force=True)


N_CUSTOMERS, N_GOODS = 300, 200


@pytest.fixture
def popular(project):
    """Write a model of popularity whose items are numbered by it, so that what stands beside is as popular."""
    rng = np.random.default_rng(0)
    chances = 1 / np.arange(1, N_GOODS + 1) ** 0.8
    rows = [
        (user, item, time)
        for user in range(N_CUSTOMERS)
        for time, item in enumerate(rng.choice(N_GOODS, 12, replace=False, p=chances / chances.sum()))
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    table.to_csv(project / "goods.csv", index=False)
    ids = sorted(table["item"].unique())
    train = table[table["timestamp"] < 11]
    seen = torch.zeros(N_CUSTOMERS, len(ids))
    seen[torch.tensor(train["user"].to_numpy()), torch.tensor([ids.index(item) for item in train["item"]])] = 1
    save_file({"seen": seen, "counts": seen.sum(dim=0)}, project / "popular.safetensors")
    module = {"init": {"n_users": N_CUSTOMERS, "n_items": len(ids)}, "output": {"first": 0}}
    module |= {"factory": "Popular", "call": {"history": False, "user": "user"}}
    indices = {"factory": "Object", "user": "index", "item": "index"}
    return {
        "torch": {"kind": "torch", "params": module},
        "score": {"kind": "python", "params": {**indices, "method": "score"}},
        "lists": {"kind": "python", "params": indices},
    }


@pytest.mark.parametrize("how", ["torch", "score", "lists"])
def test_a_model_that_leaves_out_what_it_was_trained_on(how, popular, project):
    section = popular[how] | {"checkpoint": "popular.safetensors"}
    result = of_model(project, how, section, "dataset.path=goods.csv")
    assert values(result)["recall@10"] > 0.25
    found = audits(result)
    assert "items_off_by_one" not in found
    assert found["no_better_than_chance"]["severity"] == "info"
    assert "The model leaves out what it was trained on;" in found["no_better_than_chance"]["sentence"]


def test_scores_of_the_wrong_sign(project):
    base = {"factory": "kiosk.ranking:Negated", "init": {"n_items": N_ITEMS}, "call": {"length": 8}, "output": {}}
    result = run("logits.yaml", "name=kiosk/negated", "model.checkpoint=follows.safetensors", *params(**base))
    found = audits(result)
    assert "items_off_by_one" not in found
    told = found["worse_than_chance"]
    assert (told["severity"], told["count"], told["of"]) == ("warning", N_USERS, N_USERS)
    assert "ranks at 0.9" in told["sentence"]
    assert "If lower is better, as with distances or losses, negate the scores." in told["sentence"]


def factors(project, name, users, **changes):
    """Return the run of vectors of users, the items' being axes."""
    save_file({"users.weight": users, "items.weight": torch.eye(N_ITEMS)}, project / f"{name}.safetensors")
    output = {"kind": "vectors", "items": "items.weight", "users": "users.weight", "first": 0}
    given = {"factory": "Factors", "init": {"n_users": N_USERS, "n_items": N_ITEMS}, "output": output, **changes}
    return of_model(project, name, {"kind": "torch", "checkpoint": f"{name}.safetensors", "params": given})


def histories():
    rows = walks().sort_values(["user", "timestamp"])
    return rows.groupby("user")["item"].agg(lambda items: [int(item[1:]) for item in items][:-1])


def test_users_who_were_learnt_what_comes_next(project):
    """The last item, which came before, need not stand high."""
    logs = load_file(project / "follows.safetensors")["scores.weight"][1:, 1:]
    users = torch.stack([logs[history[-1]] for history in histories()])
    result = factors(project, "next", users + torch.randn(users.shape, generator=torch.Generator().manual_seed(0)))
    assert values(result)["recall@10"] > 0.9
    assert audits(result)["no_better_than_chance"]["severity"] == "info"


def test_users_whose_items_are_mixed_up(project):
    users = torch.zeros(N_USERS, N_ITEMS)
    for row, history in enumerate(histories()):
        users[row, history] = 1.0
        users[row, [(item + 1) % N_ITEMS for item in history]] += 0.5
    users += 0.1 * torch.randn(users.shape, generator=torch.Generator().manual_seed(0))
    order = np.random.default_rng(0).permutation(N_ITEMS)
    (project / "mixed.txt").write_text("\n".join(f"i{item:02d}" for item in order))
    found = audits(factors(project, "mixed", users, items={"ids": "mixed.txt"}))["no_better_than_chance"]
    assert (found["severity"], found["count"]) == ("warning", N_USERS)


@pytest.mark.parametrize("n", [60, 150])
def test_lists_of_a_small_catalogue(n, project):
    """Most items are in a list of 100; it is the place in it that tells."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(100):
        item = int(rng.integers(n))
        for time in range(8):
            rows.append((user, item, time))
            item = (item + 7 + int(rng.integers(5))) % n
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"]).drop_duplicates(["user", "item"])
    table.to_csv(project / "small.csv", index=False)
    section = {"kind": "python", "params": {"factory": "Next", "init": {"n": n}, "history": "ids"}}
    result = of_model(project, f"small{n}", section, "dataset.path=small.csv")
    assert values(result)["recall@10"] > 0.9
    assert audits(result)["no_better_than_chance"]["severity"] == "info"
    shuffled = {"kind": "python", "params": {"factory": "Next", "init": {"n": n}, "history": "ids"}}
    table["item"] = np.random.default_rng(1).permutation(n)[table["item"]]
    table.to_csv(project / "small.csv", index=False)
    found = audits(of_model(project, f"shuffled{n}", shuffled, "dataset.path=small.csv"))["no_better_than_chance"]
    assert (found["severity"], found["count"]) == ("warning", 100)
