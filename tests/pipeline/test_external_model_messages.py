"""Messages on external models name the option that helps, and the advice works."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch
from external_runs import audits, params, run, values

from harness.errors import HarnessError

SHELF = """
import json


class Shelf:
    def __init__(self, **kinds):
        self.kinds = kinds

    def recommend(self, users, k{argument}):
        return [[f"i{{place:02d}}" for place in range(k)] for _ in users]
"""


def shelf(argument):
    """Write an object whose method takes another argument, and an experiment of it."""
    Path("shelf.py").write_text(SHELF.format(argument=argument))
    model = {"kind": "python", "params": {"factory": "shelf:Shelf", "python_path": "."}}
    Path("shelf.yaml").write_text(json.dumps({"extends": "protocol.yaml", "name": "stall/shelf", "model": model}))
    return "shelf.yaml"


@pytest.mark.parametrize(
    ("argument", "settings", "message", "remedy"),
    [
        (", history", {}, "needs the argument history, .* set model.params.history: ids", {"history": "ids"}),
        (", *, history", {}, "needs the argument history, .* or csr", {"history": "csr"}),
        ("", {"history": "ids"}, "takes no argument history, .* set history: none", {"history": "none"}),
        (", exclude", {}, "needs the argument exclude, .* set model.params.exclude: model", {"exclude": "model"}),
        ("", {"exclude": "model"}, "takes no argument exclude, .* set exclude: harness", {"exclude": "harness"}),
    ],
)
def test_arguments_that_a_method_lacks_or_needs(argument, settings, message, remedy, inside):
    name = shelf(argument)
    with pytest.raises(HarnessError, match=f"recommend of the object of shelf:Shelf {message}"):
        run(name, *params(**settings))
    assert values(run(name, *params(**settings | remedy)))


@pytest.mark.parametrize("argument", [", history=None", ", **more", ", history=None, exclude=()"])
def test_arguments_with_a_default_need_no_option(argument, inside):
    assert values(run(shelf(argument)))


def write_ids(*, empty):
    items = [f"i{place:02d}" for place in range(40)]
    Path("rows.txt").write_text("\n".join([""] * empty + items) + "\n")


WIDE = """
from torch import nn


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.scores = nn.Embedding(60, 41)

    def forward(self, tokens):
        return self.scores(tokens[:, -1])
"""


def test_padding_that_is_counted_twice(inside):
    write_ids(empty=1)
    Path("wide.py").write_text(WIDE)
    scores = torch.rand(60, 41, generator=torch.Generator().manual_seed(0))
    torch.save({"scores.weight": scores}, "wide.pt")
    call = {"length": 8, "offset": 1}
    wide = {"factory": "wide:Wide", "python_path": ".", "items": {"ids": "rows.txt"}, "call": call}
    settings = ["name=kiosk/twice", "model.trial=warn", "model.checkpoint=wide.pt", f"model.params={json.dumps(wide)}"]
    message = (
        r"the module has 41 columns, and 41 items with 1 columns before them .* The first row of rows.txt is not an "
        r"item but padding, and call.offset: 1 counts padding once more: set call.offset: 0, or remove the row\."
    )
    with pytest.raises(HarnessError, match=message):
        run("logits.yaml", *settings)
    found = values(run("logits.yaml", *settings, *params(call__offset=0)))
    write_ids(empty=0)
    assert values(run("logits.yaml", *settings)) == found


def test_padding_that_is_counted_twice_in_what_is_called(inside):
    write_ids(empty=1)
    settings = ["name=kiosk/twice", *params(items__ids="rows.txt")]
    for name in ("logits.yaml", "items.yaml"):
        with pytest.raises(
            HarnessError, match=r"IndexError.* call.offset: 1 counts padding once more: set call.offset: 0"
        ):
            run(name, *settings)
        assert values(run(name, *settings, *params(call__offset=0))) == values(run(name))


def test_short_lists_name_the_options_that_make_them_longer(inside):
    short = audits(run("items.yaml", "name=kiosk/short", *params(output__k_factor=1)))["short_beams"]
    assert short["count"] > 0
    assert short["sentence"].endswith(
        "The module is asked for 1 times as many items (top): raise model.params.output.k_factor."
    )
    enough = audits(run("items.yaml", "name=kiosk/long", *params(output__k_factor=4)))["short_beams"]
    assert enough["count"] == 0
    assert "k_factor" not in enough["sentence"]
    untold = audits(run("items.yaml", "name=kiosk/untold", *params(output__k=None)))["short_beams"]
    assert untold["count"] > 0
    assert "name the argument that takes the number, such as a number of beams, in model.params.output.k" in str(untold)


def test_a_lightning_checkpoint_through_yaml(inside):
    """Its hyperparameters are objects; the tensors are those of the plain file, and so are the numbers."""
    state = torch.load("next_item.pt")["state_dict"]
    hyperparameters = {"args": argparse.Namespace(rate=0.1), "path": Path("/data"), "act": torch.nn.GELU()}
    content = {
        "state_dict": state,
        "hyper_parameters": hyperparameters,
        "optimizer_states": [{"state": {}}],
        "epoch": 3,
    }
    torch.save(content, "lightning.ckpt")
    settings = ["name=kiosk/lightning", "model.checkpoint=lightning.ckpt"]
    with pytest.raises(HarnessError, match=r"model\.params\.state\.objects: skip leaves them out, and runs nothing"):
        run("logits.yaml", *settings)
    skipped = run("logits.yaml", *settings, *params(state__objects="skip"))
    assert values(skipped) == values(run("logits.yaml", "name=kiosk/plain"))
    assert "allow_pickle" not in audits(skipped)
    with pytest.raises(HarnessError, match="allow_pickle makes the objects of the file"):
        run("logits.yaml", *settings, *params(state__objects="skip", allow_pickle=True))
