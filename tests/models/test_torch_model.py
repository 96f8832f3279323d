"""Modules of strangers: what they are given for a history, by hand, and what is made of their answers."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from harness.artifacts import History, ListsAsked, UserBatch, Vocabulary
from harness.errors import CheckpointError, ExperimentError, HarnessError
from harness.experiment.components import component_of, options_of
from harness.models.torch_lists import CodeTable, read_codes

CODE = """
from collections import namedtuple
import torch
from torch import nn

Pair = namedtuple("Pair", "logits hidden")


class Echo(nn.Module):
    def __init__(self, columns=6, users=4):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("narrow", torch.ones(columns, 1), persistent=False)
        self.register_buffer("items", torch.arange(2.0 * columns).reshape(columns, 2), persistent=False)
        self.users = nn.Embedding.from_pretrained(torch.arange(2.0 * users).reshape(users, 2))
        self.columns, self.given = columns, []

    def forward(self, *places, **named):
        self.given.append((places, named))
        first = next(one for one in (*places, *named.values()) if torch.is_tensor(one))
        return torch.arange(self.columns, dtype=torch.float32) + first.reshape(len(first), -1)[:, -1:].float()

    def pair(self, ids):
        logits = self.forward(ids)
        return Pair(logits, logits[:, :1])

    def two(self, ids):
        return self.forward(ids)[:, :2]

    def whole(self, ids):
        return ids

    def listed(self, ids, n=2):
        return ids[:, -n:]
"""
# Of users 0 to 3; items 1, 3, 5 of five; a long one, an empty one.
HISTORY = History(np.array([0, 2, 7, 7, 8]), np.array([3, 1, 0, 1, 2, 3, 4, 2], dtype=np.int32), 5)
USERS, ITEMS = Vocabulary(np.arange(10, 14)), Vocabulary.of(["a", "b", "c", "d", "e"])
BATCH = UserBatch(np.arange(4), HISTORY)


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """Return a function that loads the module with some options."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "echo_of_arguments.py").write_text(CODE)
    torch.save({"weight": torch.zeros(1), "users.weight": torch.arange(8.0).reshape(4, 2)}, folder / "echo.pt")

    def load(**options):
        plain = {"factory": "echo_of_arguments:Echo", "python_path": str(folder), **options}
        model = component_of("models", "torch", plain)
        assert component_of("models", "torch", options_of(model)) == model
        assert folder / "echo.pt" in model.files(str(folder / "echo.pt"))
        return model.load(str(folder / "echo.pt"), users=USERS, items=ITEMS, device="cpu")

    yield load
    del sys.modules["echo_of_arguments"]


def given(scorer):
    scorer.score(BATCH)
    ((places, named),) = scorer.caller.module.given
    return [one.tolist() for one in places], {
        name: getattr(one, "tolist", lambda one=one: one)() for name, one in named.items()
    }


def test_padded_on_the_left(echo):
    places, named = given(echo(call={"length": 3}))
    assert places == [[[0, 4, 2], [3, 4, 5], [0, 0, 0], [0, 0, 3]]]
    assert named == {}


def test_padded_on_the_right_with_all_that_can_be_said(echo):
    call = {
        "history": "ids", "padding": "right", "pad_id": 9, "offset": 0, "mask": "mask", "lengths": "counts",
        "user": "who", "user_offset": 5, "arguments": {"beams": 4},
    }  # fmt: skip
    places, named = given(echo(call=call, output={"first": 1}))
    assert places == []
    assert named == {
        "ids": [[3, 1, 9, 9, 9], [0, 1, 2, 3, 4], [9] * 5, [2, 9, 9, 9, 9]],
        "mask": [[1, 1, 0, 0, 0], [1] * 5, [0] * 5, [1, 0, 0, 0, 0]],
        "counts": [2, 5, 0, 1],
        "who": [5, 6, 7, 8],
        "beams": 4,
    }


@pytest.mark.parametrize(("kind", "row"), [("boolean", [False, True, True]), ("padding", [True, False, False])])
def test_masks(kind, row, echo):
    _, named = given(echo(call={"length": 3, "mask": "mask", "mask_values": kind}))
    assert named["mask"][0] == row


def test_users_alone(echo, tmp_path):
    (tmp_path / "users.txt").write_text("13\n10\n12\n")
    users = {"ids": str(tmp_path / "users.txt")}
    with pytest.raises(HarnessError, match="does not know 1 of the 4 users, such as 11"):
        echo(users=users, call={"history": False, "user": "who"}, output={"first": 1})
    call = {"history": False, "user": "who", "user_offset": 1, "unknown_user": 0}
    assert given(echo(users=users, call=call, output={"first": 1})) == ([], {"who": [2, 0, 3, 1]})


def test_items_that_the_model_does_not_know_are_no_history(echo, tmp_path):
    (tmp_path / "items.txt").write_text("e\nc\n\nx\na\n")
    options = {"items": {"ids": str(tmp_path / "items.txt")}, "unknown_items": "last", "call": {"length": 3}}
    scorer = echo(**options)
    assert given(scorer)[0] == [[[0, 0, 0], [5, 2, 1], [0, 0, 0], [0, 0, 2]]]
    scores = scorer.score(BATCH)
    assert scores[1].tolist() == pytest.approx([1 + 5, -1e30, 1 + 2, -1e30, 1 + 1])


def test_the_module_is_called_for_so_many_at_once(echo):
    whole = echo(call={"length": 3}).score(BATCH)
    scorer = echo(call={"length": 3, "users_at_once": 3})
    assert torch.equal(scorer.score(BATCH), whole)
    assert [len(places[0]) for places, _ in scorer.caller.module.given] == [3, 1]
    assert whole[0].tolist() == [2 + column for column in range(1, 6)]


@pytest.mark.parametrize("key", [None, 0, "logits"])
def test_a_tensor_of_several(key, echo):
    whole = echo(call={"length": 3}).score(BATCH)
    assert torch.equal(echo(call={"length": 3, "method": "pair"}, output={"key": key}).score(BATCH), whole)


def test_vectors(echo):
    stored = echo(
        output={"kind": "vectors", "items": "items", "users": "users", "first": 1}, call={"offset": 0, "pad_id": 9}
    )
    assert stored.user_vectors(BATCH).tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert stored.item_vectors().tolist() == [[2, 3], [4, 5], [6, 7], [8, 9], [10, 11]]
    called = echo(output={"kind": "vectors", "items": "items"}, call={"method": "two", "length": 2, "empty": "zero"})
    assert called.user_vectors(BATCH).tolist() == [[2, 3], [5, 6], [0, 0], [3, 4]]
    output = {"kind": "vectors", "items": "items", "users": "users"}
    with pytest.raises(HarnessError, match="has 4 rows of users, and one is to have row 4"):
        echo(output=output | {"first": 1}, call={"user_offset": 1}).user_vectors(BATCH)
    with pytest.raises(HarnessError, match="users 2 dimensions, and the items of narrow have 1"):
        echo(output=output | {"items": "narrow", "first": 1}).user_vectors(BATCH)


def test_lists(echo):
    lists = echo(call={"method": "listed", "length": 3}, output={"kind": "items", "k": "n", "k_factor": 1})
    made = lists.recommend(BATCH, ListsAsked(3))
    assert made.items.tolist() == [[3, 1, -1], [2, 3, 4], [-1, -1, -1], [2, -1, -1]]
    assert made.invalid.tolist() == [1, 0, 3, 2]
    assert lists.users_at_once == 256


def test_codes_there_and_back(tmp_path):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (50, 3))
    table = CodeTable(codes)
    asked = rng.integers(-1, 6, (500, 3))
    rows = {tuple(row): index for index, row in reversed(list(enumerate(codes.tolist())))}
    assert table.items(asked).tolist() == [rows.get(tuple(row), -1) for row in asked.tolist()]
    assert table.collisions == 50 - len(rows)
    np.save(tmp_path / "a.npy", codes)
    np.savez(tmp_path / "a.npz", codes=codes, other=codes[:2])
    save_file({"codes": codes}, tmp_path / "a.safetensors")
    for name, key in (("a.npy", None), ("a.npz", "codes"), ("a.safetensors", None)):
        assert np.array_equal(read_codes(tmp_path / name, key).codes, codes)
    for name, key, array in (("a.npz", None, None), ("b.npy", None, codes - 1), ("b.npy", None, codes * 0.5)):
        if array is not None:
            np.save(tmp_path / name, array)
        with pytest.raises(CheckpointError, match="the table of codes"):
            read_codes(tmp_path / name, key)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"call": {"history": False}}, "gives the module neither the history nor the user"),
        ({"call": {"history": "ids", "mask": "ids"}}, "the argument 'ids' is given twice"),
        ({"output": {"kind": "vectors"}}, "items is missing"),
        ({"output": {"kind": "codes"}}, "table is missing"),
        ({"output": {"kind": "logits", "items": "x"}}, "items is of vectors, and the output is logits; leave it out"),
        ({"output": {"kind": "logit"}}, "output.kind is 'logit'; 'logits', 'vectors', 'items' or 'codes' is needed"),
        ({"call": {"lenght": 3}}, "unknown key 'lenght' in call"),
        ({"call": {"length": 0}}, "call.length is 0; 1 or more is needed"),
        ({"call": {"history": True}}, "call.history is true; text or False is needed"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(ExperimentError, match=message):
        component_of("models", "torch", {"factory": "a:B", **options})
