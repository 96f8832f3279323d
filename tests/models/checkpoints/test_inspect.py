"""What is inside a stranger's checkpoint, and that nothing of it is ever run."""

from __future__ import annotations

import contextlib
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from harness.errors import CheckpointError
from harness.models import inspect_checkpoint, save_checkpoint
from harness.models.external.state_files import read_state
from harness.modules import ModelUtils, TransformerEncoder


def encoder():
    return TransformerEncoder(vocab_size=100, embedding_dim=16, num_heads=2, num_layers=2, attn_dim=32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.bin"  # the content says the format


def save_safetensors(state, path):
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)


def save_legacy(state, path):
    torch.save(state, path, _use_new_zipfile_serialization=False)


FORMATS = {"safetensors": save_safetensors, "zip": torch.save, "legacy": save_legacy}


@pytest.mark.parametrize("form", list(FORMATS))
def test_names_shapes_types_and_sizes(form, path):
    model = encoder()
    FORMATS[form](model.state_dict(), path)
    facts = inspect_checkpoint(path)
    assert facts.format == ("safetensors" if form == "safetensors" else "PyTorch")
    assert facts.bytes == path.stat().st_size
    (state,) = facts.states
    assert state.name == ""
    told = {tensor.name: (tensor.shape, tensor.dtype, tensor.values, tensor.bytes) for tensor in state.tensors}
    assert told == {
        name: (tuple(tensor.shape), "float32", tensor.numel(), 4 * tensor.numel())
        for name, tensor in model.state_dict().items()
    }
    assert state.size == ModelUtils.get_model_size(model)
    # The buffer of positions is a tensor of floats like any other in a state dict.
    assert state.parameters == ModelUtils.count_parameters(model) + model.pos_encoding.pe.numel()


@pytest.mark.parametrize("form", list(FORMATS))
def test_types(form, path):
    kinds = [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.uint8, torch.bool]
    if form == "legacy":  # older than these, and torch cannot read what it wrote
        kinds.remove(torch.float8_e4m3fn)
    FORMATS[form]({str(kind): torch.zeros(3, 2).to(kind) for kind in kinds}, path)
    (state,) = inspect_checkpoint(path).states
    assert {tensor.name: tensor.dtype for tensor in state.tensors} == {
        str(kind): str(kind).removeprefix("torch.") for kind in kinds
    }
    assert sum(tensor.bytes for tensor in state.tensors) == 6 * (8 + 2 + 2 + 8 + 1 + 1 + (form != "legacy"))
    assert state.parameters == 6 * (3 + (form != "legacy"))  # the floats


def test_a_training_checkpoint(path):
    model = encoder()
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.tensor([[1, 2]])).sum().backward()
    optimizer.step()
    content = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "ema": [torch.ones(2), {"decay": torch.tensor(0.5)}],
        "loose": torch.ones(4),
        "epoch": 3,
        "best": float("inf"),
        "name": "x" * 1000,
        "config": {"layers": [1, 2], "deep": {"er": {"and": {"deeper": {"still": 1}}}}},
        "nothing": None,
    }
    torch.save(content, path)
    facts = inspect_checkpoint(path)
    states = {state.name: state for state in facts.states}
    assert list(states) == ["", "model", "optimizer", "ema"]
    assert [tensor.name for tensor in states[""].tensors] == ["loose"]
    assert [tensor.name for tensor in states["model"].tensors] == list(model.state_dict())
    assert "state.0.exp_avg" in {tensor.name for tensor in states["optimizer"].tensors}
    assert [(tensor.name, tensor.shape) for tensor in states["ema"].tensors] == [("0", (2,)), ("1.decay", ())]
    assert facts.other["epoch"] == 3
    assert facts.other["best"] == "inf"
    assert len(facts.other["name"]) == 200
    assert facts.other["nothing"] is None
    assert "layers" in facts.other["config"]


def test_tensors_that_share_memory_count_once(path):
    weight = torch.ones(1024, 1024)
    torch.save({"embedding": weight, "head": weight, "other": weight.clone(), "part": weight[:2]}, path)
    (state,) = inspect_checkpoint(path).states
    assert state.parameters == 2 * 1024 * 1024 + 2 * 1024
    assert state.size == "8.01 MB"
    assert len(state.tensors) == 4


def test_odd_tensors(path):
    torch.save(
        {
            "empty": torch.zeros(0, 3),
            "also": torch.zeros(0, 3),
            "one": torch.tensor(1.0),
            "sparse": torch.eye(3).to_sparse(),
        },
        path,
    )
    (state,) = inspect_checkpoint(path).states
    assert [tensor.values for tensor in state.tensors] == [0, 0, 1, 9]
    torch.save(torch.ones(2), path)
    (state,) = inspect_checkpoint(path).states
    assert [tensor.shape for tensor in state.tensors] == [(2,)]
    torch.save({"epoch": 1}, path)
    facts = inspect_checkpoint(path)
    assert (facts.states, facts.other) == ((), {"epoch": 1})


def test_our_own_header_is_shown(path):
    header = {"kind": "ease", "params": {"l2": 3.0}, "fit_on": "train", "split_digest": "5", "items_digest": "7"}
    save_checkpoint(path, {"weights": np.ones((2, 3))}, header)
    assert inspect_checkpoint(path).other["harness"]["params"] == {"l2": 3.0}


class RunsCode:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("form", ["zip", "legacy", "pickle"])
def test_nothing_is_run(form, path, tmp_path):
    target = tmp_path / "was-run"
    content = {"weight": torch.ones(2), "payload": RunsCode(target)}
    if form == "pickle":
        path.write_bytes(pickle.dumps({"payload": RunsCode(target)}, protocol=2))
    else:
        FORMATS[form](content, path)
    if form == "zip":  # its tensors are told, and the rest by name
        facts = inspect_checkpoint(path)
        assert [tensor.name for tensor in facts.states[0].tensors] == ["weight"]
        assert facts.other == {"payload": "an object made by posix.system"}
    else:
        with pytest.raises(CheckpointError, match=r"would run code.*safetensors.torch.save_file"):
            inspect_checkpoint(path)
    assert not target.exists()
    if form != "pickle":
        torch.load(path, weights_only=False)
        assert target.exists()  # the trap works where pickles are run


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encoder(), "an object made by harness.modules.encoder.TransformerEncoder"),
        ({"weight": np.ones(3)}, "NumPy arrays and whole models are such objects too"),
        ({"weight": np.float32(1)}, "an object made by numpy"),
    ],
    ids=["model", "array", "number"],
)
def test_whole_models_and_arrays_are_refused(content, message, path):
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=message):
        inspect_checkpoint(path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_is_refused(path):
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    with pytest.raises(CheckpointError, match="is a TorchScript program"):
        inspect_checkpoint(path)


def test_a_bomb_is_refused(path):
    part = [torch.ones(1)]
    for _ in range(30):
        part = [part, part]
    torch.save({"bomb": part}, path)
    with pytest.raises(CheckpointError, match="more than 1,000,000 entries"):
        inspect_checkpoint(path)
    deep = torch.ones(1)
    for _ in range(40):
        deep = {"deeper": deep}
    torch.save(deep, path)
    with pytest.raises(CheckpointError, match="32 levels"):
        inspect_checkpoint(path)


def test_what_is_large_is_reported_in_short(path):
    import tracemalloc

    nested = "s" * 100_000
    for _ in range(14):
        nested = OrderedDict(a=nested, b=nested)
    torch.save({"w": torch.ones(1), "big": bytearray(1 << 24), "nested": nested, "many": list(range(10_000))}, path)
    tracemalloc.start()
    facts = inspect_checkpoint(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 28
    tracemalloc.stop()
    assert facts.other["big"] == "bytearray of 16,777,216"
    assert facts.other["many"]["…"] == "9,980 more"
    assert len(str(facts.other)) < 10_000


def test_no_tensor_is_lost(path):
    torch.save({"": {"w": torch.zeros(2)}, "top": torch.zeros(5), 1: torch.zeros(2), "1": torch.zeros(3)}, path)
    states = inspect_checkpoint(path).states
    assert [[tensor.shape for tensor in state.tensors] for state in states] == [[(5,), (2,), (3,)], [(2,)]]
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    torch.save(model.state_dict(), path)
    assert inspect_checkpoint(path).states[0].parameters == 60
    weight = torch.zeros(3, 4)
    torch.save({"a": weight, "b": weight.T, "c": weight.view(12)}, path)
    assert inspect_checkpoint(path).states[0].parameters == 12


def test_metadata_that_breaks_a_parser(path):
    metadata = {"deep": "[" * 100_000, "nested": '{"a":' * 700 + "1" + "}" * 700, "number": "Infinity"}
    safetensors.torch.save_file({"w": torch.ones(1)}, path, metadata=metadata)
    other = inspect_checkpoint(path).other
    assert other["number"] == "inf"
    assert len(str(other)) < 2_000


def test_entries_that_are_compressed(path):
    torch.save({"w": torch.ones(4)}, path)
    with zipfile.ZipFile(path) as files:
        content = {name: files.read(name) for name in files.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as files:
        for name, octets in content.items():
            files.writestr(name, octets)
    assert inspect_checkpoint(path).states[0].parameters == 4


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_tensors_are_refused(path):
    torch.save({"w": torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])}, path)
    with pytest.raises(CheckpointError, match=r"a tensor that cannot be described|made by"):
        inspect_checkpoint(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        inspect_checkpoint(tmp_path / "none.pt")
    with pytest.raises(CheckpointError, match="cannot read the checkpoint"):
        inspect_checkpoint(tmp_path / ("n" * 300))
    with pytest.raises(CheckpointError, match="is a folder; name a file in it"):
        inspect_checkpoint(tmp_path)
    for content in (b"", b"\x93NUMPY", b"\x00" * 100, b"\xff\xfe" * 10):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(CheckpointError, match="neither a safetensors file nor one of torch"):
            inspect_checkpoint(tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"i1": 0, "i2": 1}', "is JSON, which holds no tensors. A file of ids is named in model.params.items.ids"),
        (b'  [1, 2, {"a": 3}]\n', "is JSON"),
        (b'[[1,2],[{"a": 3}]]', "is JSON"),  # a brace in the ninth place, as a file of safetensors has it
        (b"user,item,timestamp\n1,2,3\n", "is a table in text, with the first row user, item, timestamp, and holds no"),
        ("\ufeffutente\toggetto\nü\tö\n".encode(), "is a table in text, with the first row utente, oggetto, and"),
        (b"hello world", "is text, which holds no tensors"),
        ("é".encode() * 4096, "is text, which holds no tensors"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 100, "is HDF5"),
        (b"\x1f\x8b\x08" + b"\x00" * 100, "is compressed by gzip: unpack it first"),
    ],
)
def test_the_message_says_what_kind_of_file_it_is(content, message, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as refused:
        inspect_checkpoint(path)
    assert "damaged" not in str(refused.value)
    with pytest.raises(CheckpointError, match=message):
        read_state(path)


@pytest.mark.parametrize("form", list(FORMATS))
def test_a_file_that_is_cut_short(form, path):
    FORMATS[form](encoder().state_dict(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="cut short, damaged"):
        inspect_checkpoint(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(list(FORMATS)), place=st.floats(0, 1, exclude_max=True), octet=st.integers(0, 255))
def test_a_changed_byte_gives_facts_or_one_error(form, place, octet, path):
    FORMATS[form](OrderedDict(a=torch.ones(3), b=torch.zeros(2, 2, dtype=torch.int64)), path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] = octet
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        inspect_checkpoint(path)


def test_arrays_of_numpy_and_parquet(tmp_path):
    users, items = np.ones((3, 4), dtype=np.float32), np.zeros((5, 4), dtype=np.float16)
    np.save(tmp_path / "one.npy", users)
    np.savez(tmp_path / "two.npz", users=users, items=items, ids=np.array(["a", "bcd"]))
    pd.DataFrame({"item": [1, 2], "vector": [[0.5, 1.0], [2.0, 3.0]]}).to_parquet(tmp_path / "rows.parquet")

    def told(name):
        facts = inspect_checkpoint(tmp_path / name)
        assert facts.bytes == (tmp_path / name).stat().st_size
        (state,) = facts.states
        return facts.format, [(one.name, one.shape, one.dtype, one.values) for one in state.tensors], state

    form, tensors, state = told("one.npy")
    assert (form, tensors, state.parameters) == ("NumPy", [("array", (3, 4), "float32", 12)], 12)
    _, tensors, state = told("two.npz")
    expected = [("users", (3, 4), "float32", 12), ("items", (5, 4), "float16", 20), ("ids", (2,), "<U3", 2)]
    assert (tensors, state.parameters) == (expected, 32)
    assert [one.bytes for one in state.tensors] == [48, 40, 24]
    form, tensors, _ = told("rows.parquet")
    assert (form, [tensor[:2] for tensor in tensors]) == ("parquet", [("item", (2,)), ("vector", (2,))])
    assert "double" in tensors[1][2]


def test_arrays_that_cannot_be_shown(tmp_path):
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{}, None]), allow_pickle=True)
    with pytest.raises(CheckpointError, match="the array 'array' holds Python objects, which are never unpickled"):
        inspect_checkpoint(path)
    for name, head in (("torn.npy", b"\x93NUMPY\x01\x00\xff"), ("torn.parquet", b"PAR1rest")):
        (tmp_path / name).write_bytes(head)
        with pytest.raises(CheckpointError, match="cut short or damaged"):
            inspect_checkpoint(tmp_path / name)
