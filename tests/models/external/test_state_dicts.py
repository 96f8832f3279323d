"""State dicts of other projects: found, renamed, compared, and never unpickled by surprise."""

from __future__ import annotations

import logging
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.errors import CheckpointError
from harness.models.external.state_dicts import load_state
from harness.models.external.state_files import read_state
from harness.models.torch_module.torch_options import StateOptions


class Net(nn.Module):
    def __init__(self, rows=5, *, tied=False):
        super().__init__()
        self.items = nn.Embedding(rows, 3)
        self.head = nn.Linear(3, rows, bias=False)
        if tied:
            self.head.weight = self.items.weight


class Wrapped(nn.Module):
    """A module whose own names begin with what is taken off elsewhere."""

    def __init__(self):
        super().__init__()
        self.model = Net()


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(5, 3, generator=generator) for name in ("items.weight", "head.weight")}


def loaded(path, module=None, *, key=None, **options):
    module = Net() if module is None else module
    load_state(module, read_state(path, key=key), StateOptions(**options), path=path)
    return module.state_dict()


def same(found, state):
    return found.keys() == state.keys() and all(torch.equal(found[name], state[name]) for name in state)


def carried(state, prefix):
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt", "a.ckpt", "a.bin"])
def test_formats(name, state, tmp_path):
    (save_file if name == "a.safetensors" else torch.save)(state, tmp_path / name)
    assert same(loaded(tmp_path / name), state)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (
            lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {0: {"exp_avg": torch.ones(1)}}}},
            None,
        ),
        (lambda state: {"state_dict": state, "ema": state}, "state_dict"),
        (lambda state: {"model": {"net": state}}, "model.net"),
        (lambda state: {"model.net": {"a.b": state}}, "model.net.a.b"),
        (lambda state: OrderedDict(state) | {"epoch": 3}, None),
        # As many tensors as in the state dict may stand beside it, or below it.
        (lambda state: {"state_dict": state, "class_weights": torch.ones(3), "rng": torch.ones(1)}, None),
        (lambda state: OrderedDict(state) | {"mean": {"of": torch.ones(1)}}, None),
    ],
)
def test_nested(content, key, state, tmp_path):
    torch.save(content(state), tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", key=key), state)


@pytest.mark.parametrize(
    ("content", "key", "message"),
    [
        (
            lambda state: {"model": state, "ema": state},
            None,
            "several state dicts: 'model' with 2 tensors, 'ema' with 2",
        ),
        (lambda state: {"state_dict": state}, "state", "has no 'state' .* Did you mean 'state_dict'"),
        (lambda state: {"epoch": 3}, None, "no tensors by name: its keys are epoch"),
        (lambda state: {**state, "ema": state}, None, "such as 'head.weight'. Name the map in model.params.state.key"),
        (lambda state: [1, 2], None, "no tensors by name: it is list"),
    ],
)
def test_what_cannot_be_found_is_reported(content, key, message, state, tmp_path):
    torch.save(content(state), tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=message):
        read_state(tmp_path / "a.pt", key=key)


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "module._orig_mod.model."])
def test_usual_prefixes_are_taken_off(prefix, state, tmp_path, caplog):
    torch.save(carried(state, prefix), tmp_path / "a.pt")
    with caplog.at_level(logging.INFO, "harness"):
        assert same(loaded(tmp_path / "a.pt"), state)
    assert "is removed from all names" in caplog.text


def test_prefixes_that_are_the_modules_own_stay(state, tmp_path):
    torch.save(carried(state, "model."), tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", Wrapped()), carried(state, "model."))
    torch.save(carried(state, "module.model."), tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", Wrapped()), carried(state, "model."))


def test_a_prefix_by_name_leaves_the_rest_out(state, tmp_path):
    torch.save(carried(state, "student.") | carried(state, "teacher.x."), tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", prefix="student."), state)
    with pytest.raises(CheckpointError, match=r"has the prefix 'pupil\.' .*: student.items.weight, "):
        loaded(tmp_path / "a.pt", prefix="pupil.")


def test_what_differs_is_listed_at_once(state, tmp_path):
    del state["head.weight"]
    state |= {"items.weight": torch.ones(6, 3)} | {f"more.{place}": torch.ones(1) for place in range(10)}
    torch.save(state, tmp_path / "a.pt")
    message = (
        r"has 2 tensors: 1 of another shape \(items.weight: \(6, 3\) in the file, \(5, 3\) in the module\): "
        r"'items.weight' has 6 rows in the file and 5 in the module, so model.params.init says another vocabulary.*; "
        r"1 missing in the file \(head.weight\); 10 unexpected \(more.0, .*, more.7 and 2 more\)"
    )
    with pytest.raises(CheckpointError, match=message):
        loaded(tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="of another shape"):
        loaded(tmp_path / "a.pt", strict=False)


def test_what_is_let_be(state, tmp_path, caplog):
    torch.save(state | {"loss.weight": torch.ones(2)}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"1 unexpected \(loss.weight\).*strict: false"):
        loaded(tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", ignore=("loss.",)), state)
    assert not caplog.records
    assert same(loaded(tmp_path / "a.pt", strict=False), state)
    assert "1 unexpected (loss.weight)" in caplog.text


def test_a_tied_tensor_may_be_there_once(state, tmp_path):
    save_file({"items.weight": state["items.weight"]}, tmp_path / "a.safetensors")
    found = loaded(tmp_path / "a.safetensors", Net(tied=True))
    assert torch.equal(found["head.weight"], state["items.weight"])
    with pytest.raises(CheckpointError, match=r"1 missing in the file \(head.weight\)"):
        loaded(tmp_path / "a.safetensors")


@pytest.mark.parametrize("transposed", [False, True])
def test_tensors_that_are_one_in_the_module_have_to_be_alike_in_the_file(transposed, state, tmp_path):
    module = Net(tied=True)
    state["head.weight"] = state["items.weight"].clone()
    if transposed:
        module.head = nn.Linear(5, 3, bias=False)
        module.head.weight = nn.Parameter(module.items.weight.T)
        state["head.weight"] = state["items.weight"].T.contiguous()
    torch.save({name: tensor.double() for name, tensor in state.items()}, tmp_path / "a.pt")
    assert same(loaded(tmp_path / "a.pt", module), state)
    state["head.weight"][1, 1] += 1
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"tied in it, but not in the file \(items.weight = head.weight\)"):
        loaded(tmp_path / "a.pt", module)


def test_modules_without_a_shape_take_that_of_the_file(state, tmp_path):
    torch.save({"weight": state["head.weight"], "bias": torch.ones(5)}, tmp_path / "a.pt")
    module = nn.LazyLinear(5)
    loaded(tmp_path / "a.pt", module)
    assert torch.equal(module(torch.ones(1, 3))[0], state["head.weight"].sum(dim=1) + 1)
    torch.save({"bias": torch.ones(5)}, tmp_path / "a.pt")
    for strict in (True, False):
        with pytest.raises(CheckpointError, match=r"without a shape.*\(weight\).*nn.LazyLinear has not"):
            loaded(tmp_path / "a.pt", nn.LazyLinear(5), strict=strict)


class Versioned(nn.Linear):
    """A module that keeps more than tensors."""

    def get_extra_state(self):
        return {"version": getattr(self, "version", None)}

    def set_extra_state(self, state):
        self.version = state["version"]


def test_what_modules_keep_beside_tensors_is_given_back(tmp_path):
    module = Versioned(2, 1)
    module.version = 3
    torch.save({f"module.{name}": one for name, one in module.state_dict().items()}, tmp_path / "a.pt")
    again = Versioned(2, 1)
    loaded(tmp_path / "a.pt", again)
    assert (again.version, torch.equal(again.weight, module.weight)) == (3, True)
    save_file({"weight": module.weight.detach(), "bias": module.bias.detach()}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"1 missing in the file \(_extra_state\).*strict: false"):
        loaded(tmp_path / "a.safetensors", Versioned(2, 1))
    torch.save(module.state_dict() | {"_extra_state": 7}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"does not take the tensors of .*: TypeError"):
        loaded(tmp_path / "a.pt", Versioned(2, 1))


def test_nan_is_refused(state, tmp_path):
    state["head.weight"][1, 1] = float("nan")
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=r"'head.weight' .* holds NaN"):
        loaded(tmp_path / "a.pt")


def test_pickles_are_run_only_if_that_is_allowed(state, tmp_path, caplog):
    path = tmp_path / "a.pt"
    torch.save({"net": {name: tensor.numpy() for name, tensor in state.items()}}, path)
    with pytest.raises(CheckpointError, match=r"safetensors.torch.save_file.*Either is safe.*allow_pickle: true"):
        read_state(path)
    assert same(read_state(path, allow_pickle=True), state)
    assert "runs the code that it names" in caplog.text
    caplog.clear()
    torch.save(state, path)
    assert same(read_state(path, allow_pickle=True), state)  # nothing to run, nothing to warn of
    assert not caplog.records


class Bomb:
    def __reduce__(self):
        return (print, ("it ran",))


def test_code_in_a_file_does_not_run(tmp_path, capsys):
    torch.save({"items.weight": torch.ones(1), "bomb": Bomb()}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="creating it would run code from the file"):
        read_state(tmp_path / "a.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"junk of no format", b"PK\x03\x04 cut short", b"\x80\x02 cut short"])
def test_damaged_files(content, tmp_path):
    (tmp_path / "a.pt").write_bytes(content)
    for allowed in (False, True):
        with pytest.raises(CheckpointError, match=r"a\.pt"):
            read_state(tmp_path / "a.pt", allow_pickle=allowed)
    with pytest.raises(CheckpointError, match="No such file"):
        read_state(tmp_path / "b.pt")


def test_a_safetensors_file_that_is_cut_short(state, tmp_path):
    save_file(state, tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-4])
    with pytest.raises(CheckpointError, match="cut short, damaged"):
        read_state(tmp_path / "a.safetensors")
    assert np.isfinite(whole[0])
