"""The code of an external model: which code runs, and what the fingerprint of the model covers."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from external_runs import audits, params, run, values

import harness
from harness.errors import HarnessError
from harness.models.external.factories import load_factory
from harness.pipeline.stages.preparation import prepare
from harness.pipeline.stages.task import task_of
from harness.pipeline.workers.shard_jobs import Job, ModelSource, make_shard
from harness.runner import Options, Shards

YAML = "logits.yaml"
NET = """
from torch import nn
{imports}


class Net(nn.Module):
    def __init__(self, n_items):
        super().__init__()
        self.scores = nn.Embedding(n_items + 1, n_items + 1)

    def forward(self, tokens):
        {inside}
        return scale(self.scores(tokens[:, -1]))
"""
LISTING = """
import json
from pathlib import Path


class Listed:
    def __init__(self, path):
        self.order = json.loads(Path(path).read_text())

    def recommend(self, users, k):
        return [self.order[:k] for _ in users]
"""


def net(folder, name, *, sign, imports="from layers import scale", inside="pass"):
    """Write a module whose scores are those of the table, or their negatives, and return the settings for it."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(NET.format(imports=imports, inside=inside))
    (folder / "layers.py").write_text(f"def scale(x):\n    return {sign}x\n")
    call = {"factory": f"{name}:Net", "init": {"n_items": 40}, "call": {"length": 8}, "output": {}}
    model = ["model.checkpoint=follows.safetensors", "model.trial=warn", *params(python_path=str(folder), **call)]
    return [f"name=kiosk/{name}", *model]


def best(result):
    return values(result)["recall@1"]


def test_helpers_of_another_project_are_not_taken(inside):
    right = net(inside / "one", "net_one", sign="+")
    wrong = net(inside / "two", "net_two", sign="-")
    assert best(run(YAML, *right)) > 0.5
    assert best(run(YAML, *wrong)) == 0
    assert best(run(YAML, *right, force=True)) > 0.5


def test_code_that_was_edited_is_run(inside):
    settings = net(inside / "three", "net_three", sign="+")
    assert best(run(YAML, *settings)) > 0.5
    (inside / "three/layers.py").write_text("def scale(x):\n    return -x\n")
    edited = run(YAML, *settings)
    assert not edited.was_finished
    assert best(edited) == 0


def test_what_is_imported_when_the_module_is_called_is_the_projects(inside):
    late = {"imports": "", "inside": "from layers import scale"}
    settings = net(inside / "four", "net_four", sign="+", **late)
    (inside / "layers.py").write_text("def scale(x):\n    return -x\n")
    try:
        command = [sys.executable, "-m", "harness", "eval", YAML, "--quiet", "--no-track"]
        done = subprocess.run(
            [*command, *[word for setting in settings for word in ("--set", setting)]], capture_output=True, check=False
        )
    finally:
        (inside / "layers.py").unlink()
    assert done.returncode == 0, done.stderr
    again = run(YAML, *settings)
    assert again.was_finished
    assert best(again) > 0.5


def test_files_that_arguments_name_count(inside):
    (inside / "cfg").mkdir()
    (inside / "cfg/listing.py").write_text(LISTING)
    order = pd.read_csv(inside / "interactions.csv")["item"].value_counts().index.tolist()
    Path("order.json").write_text(json.dumps(order))
    Path("listing.yaml").write_text(
        "extends: protocol.yaml\nname: kiosk/listing\nmodel:\n  kind: python\n  params: {factory: 'listing:Listed', "
        "init: {path: order.json}, python_path: cfg}\n"
    )
    first = run("listing.yaml")
    assert run("listing.yaml").was_finished
    Path("order.json").write_text(json.dumps(order[::-1]))
    changed = run("listing.yaml")
    assert not changed.was_finished
    assert values(changed) != values(first)


def test_a_pickle_is_reported_in_each_run(inside, caplog):
    module = load_factory("kiosk.nets:NextItem", python_path=".")(40, 40)
    state = torch.load("next_item.pt", weights_only=True)["state_dict"]
    module.load_state_dict({name.removeprefix("module."): tensor for name, tensor in state.items()})
    torch.save(module, "module.pt")
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="harness"):
            found = run(
                "logits.yaml", "name=kiosk/module", "model.checkpoint=module.pt", *params(allow_pickle=True), force=True
            )
        assert caplog.text.count("is a pickle: reading it runs the code that it names") == 1
        assert audits(found)["allow_pickle"]["severity"] == "warning"
        assert best(found) > 0.5


@pytest.mark.parametrize("draw", ["numpy.random.random(x.shape)", "[[random.random() for _ in y] for y in x]"])
def test_what_a_module_draws_comes_from_a_seed(draw, inside):
    settings = net(inside / "five", "net_five", sign="+")
    (inside / "five/layers.py").write_text(
        f"import numpy, random, torch\ndef scale(x):\n    return x + 5 * torch.tensor({draw})\n"
    )
    first, second = (run(YAML, *settings, force=True) for _ in range(2))
    assert values(first) == values(second)


def test_a_worker_may_work_in_another_folder(inside, monkeypatch, tmp_path):
    (inside / "ids.txt").write_text("".join(f"i{item:02d}\n" for item in range(40)))
    settings = [*net(inside / "six", "net_six", sign="+"), *params(python_path="six", items={"ids": "ids.txt"})]
    experiment = harness.load_experiment(Path(YAML), settings)
    split = prepare(experiment).split
    asked = task_of(experiment, split)
    plain = experiment.to_dict()["model"]
    model = ModelSource(plain["kind"], plain["params"], plain["checkpoint"])
    job = Job(Shards(tmp_path / "shards", "key", asked), model, Options(device="cpu"))
    with job.written() as folder:
        monkeypatch.chdir(tmp_path)
        make_shard(0, job=folder)
        assert job.shards.has(0)
        (inside / "six/layers.py").write_text("def scale(x):\n    return -x\n")
        Job.read.cache_clear()
        with pytest.raises(HarnessError, match="a worker runs other code than the process that started the run"):
            make_shard(0, job=folder)
