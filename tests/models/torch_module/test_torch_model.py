"""Modules of strangers: what they are given for a history, by hand, and what is made of their answers."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from histories import history_of
from safetensors.numpy import save_file

from harness.artifacts import ListRequest, UserBatch, Vocabulary
from harness.errors import CheckpointError, ExperimentError, HarnessError
from harness.experiment.components import component_of, options_of
from harness.models.torch_module.torch_lists import CodeTable, read_codes

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

    def arranged(self, ids, how):
        lists = ids[:, -2:]  # (users, 2)
        rows = lists.reshape(-1, 1)
        if how == "scores":
            return {"items": lists, "scores": -lists.T.float()}
        return {
            "plain": lists, "entries": lists[..., None], "rows": rows, "swapped": lists.T,
            "started": torch.cat([rows * 0, rows], dim=1), "ended": torch.cat([rows, rows * 0 + 2], dim=1),
            "codes": lists[..., None] - torch.tensor([1, 0]), "codes of rows": rows - torch.tensor([1, 0]),
            "codes swapped": lists.T[..., None] - torch.tensor([1, 0]),
            "codes in a row": (lists[..., None] - torch.tensor([1, 0])).reshape(len(ids), 4),
            "codes of some": rows[1:] - torch.tensor([1, 0]),
        }[how]

    def masked(self, ids):
        return self.forward(ids).masked_fill(torch.arange(self.columns) == 2, -torch.inf).to(self.weight.dtype)

    def half(self, ids):
        return self.two(ids).half()

    def of_user(self, ids, who):
        return self.forward(ids) + self.users(who)[:, :1]
"""
# Of users 0 to 3; items 1, 3, 5 of five; a long one, an empty one.
HISTORY = history_of([[3, 1], [0, 1, 2, 3, 4], [], [2]], 5)
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
    with pytest.raises(HarnessError, match="users 2 dimensions, and the items of narrow have 1"):
        echo(output=output | {"items": "narrow", "first": 1}).user_vectors(BATCH)


def test_a_table_of_users_has_a_row_for_each(echo, tmp_path):
    output = {"kind": "vectors", "items": "items", "users": "users", "first": 1}

    def refused(message, **options):
        with pytest.raises(HarnessError, match=message):
            echo(output=output, **options)

    refused(
        r"4 rows of users, and 4 users with 1 rows before .* make 5\. What fits: user_offset: 0 ",
        call={"user_offset": 1},
    )
    (tmp_path / "users.txt").write_text("10\n11\n12\n13\n\n")
    told = {"users": {"ids": str(tmp_path / "users.txt")}}
    refused(r"make 5\. The last row is empty in .*users.txt.* trained on fewer users", **told)
    (tmp_path / "users.txt").write_text("10\n11\n12\n")
    refused(r"and 3 users .* make 3\. .*user_offset: 1 .*or unknown_user: 3 for", call={"unknown_user": 0}, **told)
    refused(r"call.unknown_user is 9: set it to a row", call={"unknown_user": 9, "user_offset": 1}, **told)
    for call, rows in (({"unknown_user": 3}, [0, 1, 2, 3]), ({"unknown_user": 0, "user_offset": 1}, [1, 2, 3, 0])):
        found = echo(output=output, call=call, **told).user_vectors(BATCH)
        assert found[:, 0].tolist() == [2 * row for row in rows]


def test_users_that_a_module_has_no_row_for(echo):
    call = {"method": "of_user", "user": "who"}
    assert echo(call=call).score(BATCH).shape == (4, 5)
    with pytest.raises(HarnessError, match=r"users' indices go from 2 to 5; .*users 4. Check call.user_offset \(2\)"):
        echo(call=call | {"user_offset": 2}).score(BATCH)


def test_columns_that_nobody_speaks_of_are_refused(echo, tmp_path):
    path = tmp_path / "items.json"
    path.write_text(json.dumps(dict(zip("abcde", range(5), strict=True))))
    options = {"items": {"ids": str(path)}, "call": {"offset": 0, "pad_id": 9}}
    with pytest.raises(HarnessError, match=r"has 6 columns, and 5 items .* first: 1 and trailing: 0 or first: 0 and"):
        echo(**options).score(BATCH)
    assert echo(output={"trailing": 1}, **options).score(BATCH)[0].tolist() == [1, 2, 3, 4, 5]
    assert echo(output={"first": 1}, **options).score(BATCH)[0].tolist() == [2, 3, 4, 5, 6]
    (tmp_path / "items.txt").write_text("a\nb\nc\nd\ne\n\n\n")
    with pytest.raises(HarnessError, match=r"7 items .* make 8\. The last 2 rows are empty"):
        echo(items={"ids": str(tmp_path / "items.txt")}).score(BATCH)


def test_half_precision_with_items_that_are_left_out(echo, tmp_path):
    (tmp_path / "items.txt").write_text("a\nb\nc\nd\n\n")
    options = {"items": {"ids": str(tmp_path / "items.txt")}, "unknown_items": "last", "dtype": "float16"}
    assert echo(**options).score(BATCH)[0].tolist() == pytest.approx([3, 4, 5, 6, -1e30])
    vectors = echo(call={"method": "half"}, output={"kind": "vectors", "items": "items"}, **options)
    assert (vectors.user_vectors(BATCH) @ vectors.item_vectors().T)[0, 4].item() == pytest.approx(-1e30)
    with pytest.raises(
        HarnessError, match=r"\(float16\) are not finite, such as -inf\. float16 holds no number beyond"
    ):
        echo(call={"method": "masked"}, **options).score(BATCH)
    scores = echo(call={"method": "masked"}, **options | {"dtype": "bfloat16"}).score(BATCH)[0]
    assert scores.tolist() == pytest.approx([3, -1e30, 5, 6, -1e30], rel=0.01)


ARRANGED = {"plain": 0, "entries": 0, "rows": 0, "started": 1, "codes": 0, "codes of rows": 0}


@pytest.mark.parametrize(
    "how", [*ARRANGED, "swapped", "ended", "codes swapped", "codes in a row", "codes of some", "scores"]
)
def test_shapes_of_lists(how, echo, tmp_path):
    np.save(tmp_path / "codes.npy", [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    output = {"kind": "items", "skip": ARRANGED.get(how, 0)}
    if how.startswith("codes"):
        output |= {"kind": "codes", "table": str(tmp_path / "codes.npy")}
    if how == "scores":
        output |= {"key": "items", "scores": "scores"}
    lists = echo(call={"method": "arranged", "length": 3, "arguments": {"how": how}}, output=output)
    if how in ARRANGED:
        assert lists.recommend(BATCH, ListRequest(2)).items.tolist() == [[3, 1], [3, 4], [-1, -1], [2, -1]]
        return
    said = (
        r"scores of shape \(2, 4\) for lists of shape \(4, 2\)" if how == "scores" else r"lists of shape .* for 4 users"
    )
    said += r".*It looks like \(n, users\)" if "swapped" in how else ""
    with pytest.raises(HarnessError, match=said):
        lists.recommend(BATCH, ListRequest(2))


def test_lists(echo):
    lists = echo(call={"method": "listed", "length": 3}, output={"kind": "items", "k": "n", "k_factor": 1})
    made = lists.recommend(BATCH, ListRequest(3))
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
    np.savez(tmp_path / "c.npz", one=codes, other=codes[:2])
    save_file({"codes": codes}, tmp_path / "a.safetensors")
    pd.DataFrame({"item": range(50), "code": list(codes)}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame(codes, columns=list("xyz")).to_parquet(tmp_path / "b.parquet")
    named = (("a.npy", None), ("a.npz", None), ("c.npz", "one"), ("a.safetensors", None))
    for name, key in (*named, ("a.parquet", "code"), ("b.parquet", None)):
        assert np.array_equal(read_codes(tmp_path / name, key).codes, codes)
    for array in (codes - 1, codes * 0.5):
        np.save(tmp_path / "b.npy", array)
        with pytest.raises(CheckpointError, match="the table of codes"):
            read_codes(tmp_path / "b.npy", None)


def test_tables_of_codes_that_cannot_be_read(tmp_path):
    codes = np.array([[0, 0], [0, 1], [1, 0]])
    np.savez(tmp_path / "whole.npz", codes=codes)
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "spoilt.npz").write_bytes(whole[:60] + b"x" * 20 + whole[80:])
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "objects.npy", np.array([None, 1]), allow_pickle=True)
    np.savez(tmp_path / "several.npz", one=codes, two=codes)
    (tmp_path / "codes.pkl").write_bytes(b"")
    table = pd.DataFrame({"item": [7, 8, 9], "c0": codes[:, 0], "c1": codes[:, 1]})
    table.to_parquet(tmp_path / "ids.parquet")
    table.assign(codes=list(codes)).to_parquet(tmp_path / "lists.parquet")
    table.assign(item=[None, 0, 0]).to_parquet(tmp_path / "gap.parquet")
    for name, message in (
        ("short.npz", "cut short, damaged"),
        ("spoilt.npz", "spoilt.npz cannot be read"),
        ("empty.npy", "empty.npy cannot be read"),
        ("objects.npy", "Python objects, which are never unpickled"),
        ("several.npz", "holds 'one', 'two'. Choose one with 'model.params.output.table_key'"),
        ("codes.pkl", "is read from .npy"),
        ("none.npy", "cannot be read"),
        ("ids.parquet", r"column 'item' has another value in each of the 3 rows, as ids have.*table_key"),
        (
            "lists.parquet",
            r"has the columns item, c0, c1, codes. Name the column of codes in .*table_key, such as codes",
        ),
        ("gap.parquet", "no value is missing"),
    ):
        with pytest.raises(CheckpointError, match=message):
            read_codes(tmp_path / name, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"call": {"history": False}}, "passes neither the history nor the user"),
        ({"call": {"history": "ids", "mask": "ids"}}, "the argument 'ids' is given twice"),
        ({"output": {"kind": "vectors"}}, "items is missing"),
        ({"output": {"kind": "codes"}}, "table is missing"),
        ({"output": {"kind": "logits", "items": "x"}}, "items is for vectors, and the output is logits; leave it out"),
        ({"output": {"kind": "logit"}}, "output.kind is 'logit'; 'logits', 'vectors', 'items' or 'codes' is needed"),
        ({"call": {"lenght": 3}}, "unknown key 'lenght' in call"),
        ({"call": {"length": 0}}, "call.length is 0; 1 or more is needed"),
        ({"call": {"history": True}}, "call.history is true; text or False is needed"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(ExperimentError, match=message):
        component_of("models", "torch", {"factory": "a:B", **options})
