"""The trial finds modules that run and are not what they seem."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from external_runs import N_ITEMS, N_USERS, PLAIN, audits, params, run, values, walks
from safetensors.torch import load_file, save_file

from harness.errors import HarnessError

ODD = (
    PLAIN
    + '''

class Dropped(Plain):
    def forward(self, tokens):
        return F.dropout(super().forward(tokens), 0.5)


class Remembers(Plain):
    calls = 0

    def forward(self, tokens):
        self.calls += 1
        return super().forward(tokens).roll(self.calls, dims=1)


class Unsqueezed(Plain):
    def forward(self, tokens):
        return super().forward(tokens)[:, :, None]


class Listed(Plain):
    def forward(self, tokens):
        return super().forward(tokens).tolist()


class Padded(Plain):
    def forward(self, tokens):
        padded = (tokens == 0).any(dim=1, keepdim=True)
        return super().forward(tokens).masked_fill(padded, torch.nan)


class Packed(Plain):
    def forward(self, tokens):
        lengths = (tokens > 0).sum(dim=1)
        if (lengths == 0).any():
            raise RuntimeError("Length of all samples has to be greater than 0")
        return super().forward(tokens)


class Exits(Plain):
    def forward(self, tokens):
        sys.exit(0)


class ExitsAtOnce(Plain):
    def __init__(self, n_items):
        sys.exit(3)


class Copies(Plain):
    """Scores the history above all else, as an autoencoder does."""

    def forward(self, tokens):
        shape = (len(tokens), self.scores.num_embeddings)
        return torch.zeros(shape).scatter(1, tokens, 1.0)


class Users(Plain):
    def __init__(self, n_items):
        super().__init__(n_items)
        self.users = nn.Embedding(130, n_items + 1)

    def forward(self, user):
        return self.users(user)
'''
)


@pytest.fixture
def odd(inside):
    """Write the modules, and return what runs one of them on the checkpoint of what follows what."""
    (inside / "kiosk/odd.py").write_text(ODD)

    def run_of(name, *settings, **changes):
        base = {"factory": f"kiosk.odd:{name}", "init": {"n_items": N_ITEMS}, "call": {"length": 8}, "output": {}}
        model = ["model.checkpoint=follows.safetensors", *params(**base), *params(**changes)]
        return run("logits.yaml", f"name=kiosk/{name.lower()}", *model, *settings, force=True)

    return run_of


def test_nothing_is_odd_in_a_plain_one(odd):
    severities = {name: audit["severity"] for name, audit in audits(odd("Plain")).items() if name in NAMES}
    assert severities == dict.fromkeys(NAMES - {"users_off_by_one", "missing_tensors"}, "info")


NAMES = {
    "differs_when_asked_again",
    "ignores_history",
    "items_off_by_one",
    "users_off_by_one",
    "padding_side",
    "no_better_than_chance",
    "missing_tensors",
}


@pytest.mark.parametrize("name", ["Dropped", "Remembers"])
def test_what_gives_something_else_when_it_is_asked_again(name, odd):
    first = odd(name)
    found = audits(first)["differs_when_asked_again"]
    assert found["severity"] == "warning"
    assert found["count"] > 20
    if name == "Dropped":  # from a seed, so that a run can at least be repeated
        assert values(odd(name)) == values(first)


def test_a_score_an_item_on_an_axis_of_its_own(odd):
    assert values(odd("Unsqueezed")) == values(odd("Plain"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Listed", r"the module gives no tensor, but list of 0: list; .*…; return a torch.Tensor"),
        (
            "Padded",
            r"such as nan. They are those of \d+ of \d+ users, all of whom have histories that are padded. .*fastpath",
        ),
        ("Exits", r"kiosk.odd:Exits.forward failed with SystemExit: 0 \(odd.py, line \d+\)"),
        ("ExitsAtOnce", r"'kiosk.odd:ExitsAtOnce' failed with model.params.init \(n_items\): SystemExit: 3 \(odd.py, "),
    ],
)
def test_what_cannot_be_scored(name, message, odd):
    with pytest.raises(HarnessError, match=message):
        odd(name)


def test_empty_histories_are_not_given_to_a_module_that_cannot_take_them(odd, inside):
    rows = walks()
    rows["timestamp"] += 100 * (rows["user"].str[1:].astype(int) % 4)
    rows.to_csv(inside / "late.csv", index=False)
    late = ["dataset.split={kind: global_time, test: 0.3}", "dataset.path=late.csv"]
    with pytest.raises(HarnessError, match=r"histories were empty .*: set model.params.call.empty: zero"):
        odd("Packed", *late)
    zero = {"call": {"length": 8, "empty": "zero"}}
    packed, plain = odd("Packed", *late, **zero), odd("Plain", *late, **zero)
    assert values(packed) == values(plain)
    lists = pd.read_parquet(packed.folder / "predictions.parquet")
    assert (lists.loc[lists["user"] == "u003", "score"] == 0).all()


def test_a_model_of_the_history_itself_is_not_off_by_one(odd, inside):
    """Where users go from each item to the one beside it, the last item is beside the history."""
    rng = np.random.default_rng(0)
    rows = [
        (f"u{user:03d}", f"i{start + step:02d}", step)
        for user, start in enumerate(rng.integers(0, N_ITEMS - 8, N_USERS))
        for step in range(9)
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    table.to_csv(inside / "episodes.csv", index=False)
    assert table["item"].nunique() == N_ITEMS
    found = audits(odd("Copies", "dataset.path=episodes.csv"))["items_off_by_one"]
    assert (found["severity"], found["count"]) == ("info", 0)


def test_ids_that_are_mixed_up(odd, inside):
    items = [f"i{item:02d}" for item in np.random.default_rng(0).permutation(N_ITEMS)]
    (inside / "mixed.txt").write_text("\n".join(items))
    found = audits(odd("Plain", items={"ids": "mixed.txt"}))["no_better_than_chance"]
    assert (found["severity"], found["count"]) == ("warning", found["of"])
    assert (
        "no better than chance. Check that the ids of its items and users are those of the data set"
        in found["sentence"]
    )


@pytest.mark.parametrize("by", [1, -1])
def test_users_off_by_one(by, odd, inside):
    history = walks().sort_values(["user", "timestamp"]).groupby("user")["item"].agg(lambda items: items[:-1].tolist())
    table = torch.zeros(130, N_ITEMS + 1)
    for row, items in enumerate(history):
        table[row + 3, [1 + int(item[1:]) for item in items]] = torch.linspace(1, 2, len(items))
    state = load_file(inside / "follows.safetensors") | {"users.weight": table}
    save_file(state, inside / "users.safetensors")
    call = {"history": False, "user": "user", "user_offset": 3}
    of = {"output": {"first": 1}, "call": call}
    checkpoint = "model.checkpoint=users.safetensors"
    assert audits(odd("Users", checkpoint, **of))["users_off_by_one"]["count"] == 0
    moved = of | {"call": call | {"user_offset": 3 + by}}
    with pytest.raises(HarnessError, match=r"when the users are moved by [+-]1, .* the users are off by one"):
        odd("Users", checkpoint, **moved)
    told = audits(odd("Users", checkpoint, "model.trial=warn", **moved))["users_off_by_one"]
    assert (told["severity"], told["of"]) == ("warning", N_USERS)


def test_tensors_that_the_checkpoint_lacks(odd, inside):
    lenient = {"state": {"strict": False}}
    call = {"output": {"first": 1}, "call": {"length": 8}}
    with pytest.raises(HarnessError, match=r"1 missing in the file \(users.weight\).*their random initial values"):
        odd("Users", **call)
    user = {"output": {"first": 1}, "call": {"history": False, "user": "user"}}
    first = odd("Users", **lenient, **user)
    found = audits(first)["missing_tensors"]
    assert (found["severity"], found["count"], found["of"]) == ("warning", 1, 2)
    assert "keep the random values" in found["sentence"]
    assert values(odd("Users", **lenient, **user)) == values(first)  # random, but the same
    other = "model.checkpoint=next_item.pt"  # nothing of it fits
    with pytest.raises(HarnessError, match=r"1 missing in the file .* Is it the checkpoint of this factory"):
        odd("Plain", other, **lenient)
    state = load_file(inside / "follows.safetensors")
    save_file({f"net.{name}": one for name, one in state.items()}, inside / "prefixed.safetensors")
    with pytest.raises(HarnessError, match=r"Set model.params.state.prefix: net\.$"):
        odd("Plain", "model.checkpoint=prefixed.safetensors")
    prefixed = odd("Plain", "model.checkpoint=prefixed.safetensors", state={"prefix": "net."})
    assert values(prefixed) == values(odd("Plain"))
    save_file({name: one.to(torch.int64) for name, one in state.items()}, inside / "whole.safetensors")
    with pytest.raises(HarnessError, match=r"1 of another kind of number \(scores.weight: int64 in the file, float32"):
        odd("Plain", "model.checkpoint=whole.safetensors")


def test_a_state_dict_that_lies_deep(odd, inside):
    state = load_file(inside / "follows.safetensors")
    torch.save({"epoch": 3, "model": {"lr": 0.1, "net": state}, "best": json.dumps({})}, inside / "deep.pt")
    assert values(odd("Plain", "model.checkpoint=deep.pt")) == values(odd("Plain"))
