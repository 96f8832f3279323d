"""The trial finds lists that depend on the batch, on the padding or on k, and models that need too much memory."""

from __future__ import annotations

import pytest
import torch
import yaml
from external_runs import N_ITEMS, PLAIN, audits, params, run, values, walks
from safetensors.torch import load_file, save_file

from harness.errors import HarnessError

LENGTH = 12

MODULES = (
    PLAIN
    + '''

class Placed(nn.Module):
    """The place in the padded history decides how much an item counts."""

    def __init__(self, n_items, length):
        super().__init__()
        self.scores = nn.Embedding(n_items + 1, n_items + 1)
        self.places = nn.Embedding(length, 1)

    def forward(self, tokens):
        weighted = self.scores(tokens) * self.places(torch.arange(tokens.shape[1]))
        return weighted.masked_fill((tokens == 0)[..., None], 0).sum(dim=1)

    def recommend(self, tokens, top=10):
        best = self(tokens)[:, 1:].topk(top, dim=1)
        return best.indices + 1


class Masked(Plain):
    """Items count by how long ago they were, whatever padding there is."""

    def forward(self, tokens, mask):
        ago = mask.flip(1).cumsum(dim=1).flip(1)
        weights = (mask * 0.5**ago).to(self.scores.weight.dtype)
        return (self.scores(tokens) * weights[..., None]).sum(dim=1)


class Hungry(Plain):
    """Memory for 16 users at once."""

    def forward(self, tokens):
        if len(tokens) > 16:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return super().forward(tokens)

    def recommend(self, tokens, top=10):
        return self(tokens)[:, 1:].topk(top, dim=1).indices + 1
'''
)

OBJECTS = '''
import numpy as np


class Diverse:
    """The k best from the last to the first, so that a list of k is no beginning of a longer one."""

    def __init__(self, order):
        self.order = order

    def recommend(self, users, k, exclude=None):
        barred = [set()] * len(users) if exclude is None else map(set, exclude)
        return [[item for item in self.order if item not in out][:k][::-1] for out in barred]


class Popular(Diverse):
    def recommend(self, users, k):
        return [self.order[:k] for _ in users]


class InBatch(Diverse):
    """Each user's scores depend on how many come before."""

    def score(self, users, items):
        return np.stack([np.roll(np.arange(len(items)), row) for row in range(len(users))])
'''


@pytest.fixture
def project(inside):
    """Write the modules and their checkpoints."""
    (inside / "kiosk/batches.py").write_text(MODULES)
    (inside / "kiosk/objects.py").write_text(OBJECTS)
    state = load_file(inside / "follows.safetensors")
    places = torch.linspace(-1.0, 1.0, LENGTH)[:, None]
    save_file({**state, "places.weight": places}, inside / "placed.safetensors")
    return inside


def of_module(name, *settings, checkpoint="follows.safetensors", **changes):
    base = {"factory": f"kiosk.batches:{name}", "init": {"n_items": N_ITEMS}, "call": {}, "output": {}}
    return run(
        "logits.yaml",
        f"name=kiosk/{name.lower()}",
        f"model.checkpoint={checkpoint}",
        *params(**base | changes),
        *settings,
        force=True,
    )


def placed(*settings, **changes):
    init = {"n_items": N_ITEMS, "length": LENGTH}
    return of_module("Placed", *settings, checkpoint="placed.safetensors", init=init, **changes)


def of_object(folder, name, *settings, **changes):
    order = list(walks()["item"].value_counts().index)
    init = {"order": order}
    section = {"kind": "python", "params": {"factory": f"kiosk.objects:{name}", "python_path": ".", "init": init}}
    section["params"] |= changes
    experiment = {"extends": "protocol.yaml", "name": f"kiosk/{name.lower()}", "model": section}
    (folder / "object.yaml").write_text(yaml.safe_dump(experiment))
    return run("object.yaml", *settings, force=True)


LISTS = {"call": {"method": "recommend"}, "output": {"kind": "items", "k": "top"}}


@pytest.mark.parametrize(("batch", "changes"), [("auto", {}), (4, {}), ("auto", LISTS)])
def test_a_module_that_goes_by_the_padding(batch, changes, project):
    message = (
        r"\d\d of 3\d users .* called for them alone than with their histories padded to 11, .* such as user "
        r"'u\d+', from place \d+ on 'i\d\d', .* rather than 'i\d\d', .*Set model.params.call.length to the length that "
        r"the model was trained with.*trial: warn"
    )
    with pytest.raises(HarnessError, match=message):
        placed(f"runner.batch_size={batch}", **changes)
    told = audits(placed(f"runner.batch_size={batch}", "model.trial=warn", **changes))["depends_on_padding"]
    assert told["severity"] == "warning"
    assert 20 < told["count"] <= told["of"]
    assert told["cases"]


def test_one_length_for_all_is_nothing_to_try(project):
    fixed = {"call": {"length": LENGTH}}
    together, alone = placed(**fixed), placed("runner.batch_size=4", **fixed)
    assert values(together) == values(alone)
    assert not {"depends_on_padding", "depends_on_batch"} & audits(together).keys()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_module_that_tells_padding_apart(dtype, project):
    found = audits(of_module("Masked", dtype=dtype, call={"mask": "mask"}))["depends_on_padding"]
    assert (found["severity"], found["count"]) == ("info", 0)
    assert found["of"] >= 32


def test_lengths_and_padding_on_the_right(project):
    found = audits(run("vectors.yaml", force=True))["depends_on_padding"]
    assert (found["severity"], found["count"]) == ("info", 0)


def test_an_object_whose_scores_depend_on_the_batch(project):
    found = audits(of_object(project, "InBatch", method="score"))["depends_on_batch"]
    assert (found["severity"], found["of"]) == ("warning", 8)
    assert found["count"] >= 6
    assert "called for them alone than together with others, such as user 'u" in found["sentence"]
    plain = audits(of_object(project, "Popular"))["depends_on_batch"]
    assert (plain["severity"], plain["count"]) == ("info", 0)


def test_lists_that_depend_on_their_length(project):
    batches = [of_object(project, "Diverse", f"runner.batch_size={size}") for size in ("auto", 5, 16)]
    assert values(batches[0]) == values(batches[1]) == values(batches[2])
    found = audits(batches[0])["depends_on_length"]
    assert (found["severity"], found["count"]) == ("warning", found["of"])
    assert "another list of 5 than the start of one of 10, such as user 'u" in found["sentence"]
    assert audits(of_object(project, "Popular"))["depends_on_length"]["count"] == 0
    assert "depends_on_length" not in audits(of_object(project, "Diverse", exclude="model"))


@pytest.mark.parametrize("changes", [{"call": {"length": 8}}, {**LISTS, "call": {"method": "recommend", "length": 8}}])
def test_a_module_that_takes_a_few_users_at_once(changes, project):
    fits = of_module("Hungry", "runner.batch_size=16", **changes)
    assert values(fits)["recall@10"] > 0.9
    with pytest.raises(HarnessError, match=r"users at once do not fit into the memory of cpu.* Set runner.batch_size"):
        of_module("Hungry", **changes)
