"""A project without any knowledge of the harness is evaluated through YAML files, and mistakes in them are reported."""

from __future__ import annotations

import json
import re
import runpy
import sys

import pandas as pd
import pytest
import torch
from external_runs import audits, params, run, values, walks

from harness.errors import HarnessError
from harness.models.external.factories import load_factory


def expected_scores(folder):
    """Return the ten best scores of each user by what followed what, seen items left out, in plain Python."""
    rows = pd.read_csv(folder / "interactions.csv")
    logs, items = runpy.run_path(str(folder / "make.py"))["follows"](folder / "interactions.csv")
    scores = {}
    for user, of_user in rows.groupby("user"):
        history = of_user.sort_values("timestamp")["item"].tolist()[:-1]
        row = logs[items.index(history[-1])]
        unseen = [row[place] for place, item in enumerate(items) if item not in history]
        scores[user] = sorted(unseen, reverse=True)[:10]
    return scores


# Of the data, of seen items that the lists hold, and of the two items of one semantic id: nothing of the trial's.
WARNINGS = {
    "logits": {"later_history"},
    "vectors": {"later_history"},
    "items": {"later_history", "barred_items"},
    "codes": {"later_history", "barred_items", "repeated_items", "semantic_id_collisions"},
}


@pytest.mark.parametrize("name", WARNINGS)
def test_through_yaml_alone(name, inside, cli):
    code, _, err = cli("eval", f"{name}.yaml", "--force")
    assert code == 0, err
    folder = inside / "reports/kiosk" / name
    results = json.loads((folder / "results.json").read_text())
    assert {row["label"]: row["value"] for row in results["metrics"]}["recall@1"] > 0.5
    found = {audit["name"]: audit for audit in results["audits"]}
    assert found["ignores_history"]["severity"] == "info"
    assert found["items_off_by_one"]["count"] == 0
    warned = {name for name, audit in found.items() if audit["severity"] == "warning" and audit["count"]}
    assert warned == WARNINGS[name]
    lists = pd.read_parquet(folder / "predictions.parquet")
    if name == "codes":  # the scores of two items of one semantic id are those of the better one
        assert found["semantic_id_collisions"]["count"] == 1
        assert found["barred_items"]["count"] > 0
        assert found["invalid_ids"]["count"] == 0
        assert "i39" not in set(lists["item"])
        return
    for user, expected in expected_scores(inside).items():
        scores = lists.loc[lists["user"] == user, "score"]
        assert scores.tolist() == pytest.approx(expected, abs=1e-4)


def test_finished_work_is_not_done_again_until_the_code_changes(inside):
    first = run("logits.yaml", "name=kiosk/again")
    assert run("logits.yaml", "name=kiosk/again").was_finished
    path = inside / "kiosk/__init__.py"
    text = path.read_text()
    path.write_text(text + "\n")
    changed = run("logits.yaml", "name=kiosk/again")
    path.write_text(text)
    assert not changed.was_finished
    assert values(changed) == values(first)


# --- what is wrong is told, with its numbers ------------------------------------------------------


WRONG = {
    "another architecture": (
        "vectors.yaml",
        ["model.checkpoint=next_item.pt"],
        (
            r"does not fit the module, which has 2 tensors: 2 missing in the file \(before.weight, after.weight\); "
            r"4 unexpected \(embedding.weight, positions.weight, head.weight, head.bias\)"
        ),
    ),
    "another vocabulary": (
        "logits.yaml",
        params(init__n_items=39),
        (
            r"3 of another shape \(embedding.weight: \(41, 40\) in the file, \(40, 40\) in the module; .*"
            "'embedding.weight' has 41 rows in the file and 40 in the module, so model.params.init says another vocab"
        ),
    ),
    "items off by one": (
        "logits.yaml",
        params(call__offset=0, call__pad_id=40, output__trailing=1),
        (
            r"ranks at 0\.\d\d on average .* at 0\.0\d when all items are moved by \+1, which "
            r"is better for \d+ of 120 users: the items are off by one. Set call.offset to 1 and output.first to 1 and "
            "output.trailing to 0"
        ),
    ),
    "the history alone off by one": (
        "logits.yaml",
        params(call__offset=0, call__pad_id=0, output__first=1),
        (
            r"when the items of the histories are moved by \+1, which is better .* Set call.offset to 1 and "
            "output.first to 1"
        ),
    ),
    "codes with a row of padding": (
        "codes.yaml",
        params(output__table="padded.npy"),
        "the table of codes padded.npy has 41 rows, and the model 40 items; one row per item is needed",
    ),
    "an option that is misspelt": (
        "logits.yaml",
        params(call__padd="left", output__positons="all"),
        r"unknown key 'padd' in model.params.call. Did you mean 'pad(.|\n)*'positons' in model.params.output. Did you",
    ),
    "metrics that lists do not tell": (
        "items.yaml",
        ["evaluation.metrics=[mean_rank]", "evaluation.primary=mean_rank"],
        "mean_rank needs the exact ranks of the relevant items, and this model returns top-K lists",
    ),
    "columns off by one": (
        "logits.yaml",
        params(output__first=0, output__trailing=1),
        r"when the items that it recommends are moved by \+1, .* Set output.first to 1 and output.trailing to 0",
    ),
    "rows off by one": (
        "vectors.yaml",
        params(output__first=1, output__trailing=0),
        r"when the items that it recommends are moved by -1, .* Set output.first to 0 and output.trailing to 1",
    ),
    "a padding column that is not declared": (
        "logits.yaml",
        params(output__first=0),
        (
            r"the module has 41 columns, and 40 items with 0 columns before them \(output.first\) and 0 behind "
            r"\(output.trailing\) make 40. What fits: first: 1 and trailing: 0 or first: 0 and trailing: 1"
        ),
    ),
    "a longer history than the module takes": (
        "logits.yaml",
        params(call__length=None),
        (
            r"forward failed with IndexError: index out of range in self .* It was given input_ids int64 \(\d+, 11\), "
            r"attention_mask .* call.length is not set, and the longest history has 11 items: set it to the "
            r"module's maximum. The tokens go from 0 to 40 in 11 positions; rows of the module's embeddings: "
            "embedding 41, positions 8. Check call.offset .1., call.pad_id .0., call.length and items.ids"
        ),
    ),
    "an unknown name": (
        "logits.yaml",
        params(factory="kiosk.nets:NextItm"),
        r"'kiosk.nets:NextItm': kiosk.nets has no 'NextItm'. Did you mean 'NextItem'\?",
    ),
    "an unknown package": (
        "logits.yaml",
        params(factory="kioskk.nets:NextItem"),
        r"no package or module 'kioskk' is installed, or in \. \(python_path\). Did you mean 'kiosk'\?",
    ),
    "a folder that is not there": (
        "logits.yaml",
        params(python_path="elsewhere"),
        "model.params.python_path: elsewhere does not exist",
    ),
    "a function of Python's own": ("logits.yaml", params(factory="os:system"), "belongs to Python itself"),
    "an argument that init lacks": (
        "logits.yaml",
        params(init={"n_items": 40}),
        r"does not take model.params.init \(n_items\): TypeError: .* missing 1 required positional argument: 'dim'",
    ),
    "an unknown argument of the call": (
        "logits.yaml",
        params(call__history="ids"),
        "forward takes no argument 'ids' .* It takes input_ids, attention_mask",
    ),
    "an argument that the call lacks": (
        "logits.yaml",
        params(call__mask=None),
        "cannot be called as model.params.call says: missing a required argument: 'attention_mask'",
    ),
    "an unknown method": ("vectors.yaml", params(call__method="encod"), "no method 'encod' .* Did you mean 'encode'"),
    "an unknown table": ("vectors.yaml", params(output__items="behind.weight"), "no table 'behind.weight'"),
    "one position for all": (
        "logits.yaml",
        params(output__positions="last"),
        r"logits of shape \(\d+, 8, 41\); \(\d+, …\) is needed for output.positions: last. Set output.positions: all",
    ),
    "an answer of several tensors": (
        "logits.yaml",
        params(output__key="logit"),
        r"holds no tensor under 'logit' .* Its tensors are logits: float32 \(\d+, 8, 41\); hidden: ",
    ),
    "padding that is an item": (
        "logits.yaml",
        params(call__offset=0, call__mask=None),
        "call.pad_id 0 is also the token of item i00: with call.offset 0 the items have the tokens 0 to 39",
    ),
    "no id of the catalogue": (
        "codes.yaml",
        params(output__offsets=50),
        "none of the .* entries that the model recommended to .* users is an item .* of 40; its ids are 1 to ",
    ),
    "levels without an offset": ("codes.yaml", params(output__offsets=[1]), "offsets has 1 numbers, and .* 2 levels"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input(what, inside):
    name, settings, message = WRONG[what]
    with pytest.raises(HarnessError, match=message):
        run(name, "name=kiosk/wrong", *settings)
    assert not (inside / "reports/kiosk/wrong/results.json").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (params(items__ids="nope.txt"), r"logits.yaml:\d+: the file nope.txt of the model does not exist"),
        (params(factory="kioskk.nets:NextItem"), r"no package or module 'kioskk' is installed"),
        (params(factory="os:system"), r"belongs to Python itself"),
        (params(python_path="nowhere"), r"python_path: nowhere does not exist"),
        (
            ["model.checkpoint=null"],
            r"Name the file of the module's state dict, such as 'checkpoint: model",
        ),
        (["model.checkpoint=kiosk"], r"the file kiosk of the model is a folder"),
    ],
)
def test_what_can_be_reported_before_anything_is_run(settings, message, inside, cli, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "kiosk"]:
        monkeypatch.delitem(sys.modules, name)  # an earlier test may have imported it
    changes = [part for setting in settings for part in ("--set", setting)]
    code, _, err = cli("validate", "logits.yaml", *changes)
    assert code == 2
    assert re.search(message, err), err
    assert cli("validate", "logits.yaml")[0] == 0
    assert "kiosk" not in sys.modules


def test_half_precision_overflows(inside):
    state = torch.load(inside / "next_item.pt")["state_dict"]
    torch.save({name: tensor * 1e4 for name, tensor in state.items()}, inside / "large.pt")
    with pytest.raises(
        HarnessError, match=r"float16 holds no number beyond 65,504. Set model.params.dtype: float32 or"
    ):
        run("logits.yaml", "name=kiosk/half", "model.checkpoint=large.pt", *params(dtype="float16"))
    result = run("logits.yaml", "name=kiosk/half", "model.checkpoint=large.pt", *params(dtype="bfloat16"))
    assert values(result)["recall@1"] > 0.4


def test_a_pickled_module_is_refused_and_read_if_that_is_allowed(inside, caplog):
    module = load_factory("kiosk.nets:NextItem", python_path=".")(40, 40)
    state = torch.load(inside / "next_item.pt")["state_dict"]
    module.load_state_dict({name.removeprefix("module."): tensor for name, tensor in state.items()})
    torch.save(module, inside / "module.pt")
    changes = ["name=kiosk/pickle", "model.checkpoint=module.pt"]
    with pytest.raises(HarnessError, match=r"an object made by kiosk.nets.NextItem, .*safetensors.*allow_pickle: true"):
        run("logits.yaml", *changes)
    result = run("logits.yaml", *changes, *params(allow_pickle=True))
    assert "reading it runs the code that it names" in caplog.text
    assert values(result) == values(run("logits.yaml"))


EMPTY = ["name=kiosk/empty", "dataset.split={kind: global_time, test: 0.3}", "dataset.path=late.csv"]


def test_users_without_history(inside):
    rows = walks()
    rows["timestamp"] = rows["timestamp"] + 100 * (rows["user"].str[1:].astype(int) % 4)
    rows.to_csv(inside / "late.csv", index=False)
    mean = params(call={"method": "of_mean", "mask": "attention_mask", "length": 8}, output__positions="last")
    message = r"\d+ of \d+ users have an empty history, and the model fails for one of them, 'u003': .*call.empty: zero"
    with pytest.raises(HarnessError, match=message):
        run("logits.yaml", *EMPTY, *mean)
    result = run("logits.yaml", *EMPTY, *mean, *params(call__empty="zero"))
    lists = pd.read_parquet(result.folder / "predictions.parquet")
    assert (lists.loc[lists["user"] == "u003", "score"] == 0).all()
    assert (lists.groupby("user").size() == 10).all()


def test_a_model_that_does_not_react_is_reported(inside):
    changes = params(call={"method": "of_anyone"}, output__positions="last")
    result = run("logits.yaml", "name=kiosk/anyone", *changes)
    found = audits(result)["ignores_history"]
    assert (found["severity"], found["count"], found["of"]) == ("warning", found["of"], found["count"])
    assert "does not react to the history" in found["sentence"]


def test_padding_on_the_wrong_side_is_reported(inside):
    last = ["model.checkpoint=follows.safetensors", *params(factory="kiosk.nets:Follows", init={"n_items": 40})]
    last += params(call={"length": 8}, output={})
    found = audits(run("logits.yaml", "name=kiosk/left", *last))["padding_side"]
    assert (found["severity"], found["count"], found["of"]) == ("info", 0, 120)
    wrong = run("logits.yaml", "name=kiosk/right", *last, *params(call__padding="right"))
    found = audits(wrong)["padding_side"]
    assert found["severity"] == "warning"
    assert found["count"] > 60
    assert "when the padding is on the left, which is better for" in found["sentence"]
    assert found["sentence"].endswith("Then set model.params.call.padding: left.")
    assert found["cases"][0].startswith("user u")
    # The module reads the last position in which there is an item, so the side does not matter.
    assert audits(run("vectors.yaml", "name=kiosk/sides"))["padding_side"]["count"] == 0


def test_off_by_one_may_be_reported_alone(inside):
    changes = params(output__first=0, output__trailing=1)
    found = audits(run("logits.yaml", "name=kiosk/warn", "model.trial=warn", *changes))["items_off_by_one"]
    assert found["severity"] == "warning"
    assert found["count"] > 60


def test_items_that_the_model_does_not_know(inside):
    items = (inside / "items.txt").read_text().split()
    (inside / "fewer.txt").write_text("\n".join(["unknown" if item == "i07" else item for item in items]))
    changes = ["name=kiosk/fewer", *params(items__ids="fewer.txt")]
    for name in ("logits.yaml", "vectors.yaml"):
        with pytest.raises(HarnessError, match="does not know 1 of the 40 items, such as i07, and cannot score them"):
            run(name, *changes)
        result = run(name, *changes, *params(unknown_items="last"), "runner.k=40")
        lists = pd.read_parquet(result.folder / "predictions.parquet")
        last = lists.loc[lists.groupby("user")["rank"].idxmax()]
        unseen = lists.loc[lists["item"] == "i07"]
        assert len(unseen) > 60
        assert set(last.loc[last["item"] == "i07", "user"]) == set(unseen["user"])
    listed = pd.read_parquet(run("items.yaml", *changes).folder / "predictions.parquet")
    assert "i07" not in set(listed["item"])
