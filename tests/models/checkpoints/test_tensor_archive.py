"""Tensors of checkpoints that hold objects too: the tensors are right, and nothing in the file is run."""

from __future__ import annotations

import argparse
import copyreg
import io
import os
import pathlib
import pickle
import pickletools
import struct
import sys
import tarfile
import tracemalloc
import warnings
import zipfile
from collections import OrderedDict, defaultdict
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from harness.errors import CheckpointError
from harness.models import inspect_checkpoint
from harness.models.checkpoints.pickled_values import OmittedObject
from harness.models.checkpoints.tensor_archive import content_without_objects
from harness.models.external.state_files import read_state


class Settings(dict):
    """A map of a class of its own, as configurations are."""


@dataclass
class Config:
    path: pathlib.Path
    layers: int = 2


def hyperparameters():
    return {
        "args": argparse.Namespace(rate=0.1, path=pathlib.PurePosixPath("/data")),
        "config": Config(pathlib.PurePosixPath("/data")),
        "settings": Settings(a=1),
        "loss": nn.CrossEntropyLoss(),
        "activation": nn.functional.relu,
        "scale": np.float32(2),
        "rng": np.random.default_rng(0),
        "type": torch.float16,
        "counts": defaultdict(list, {1: [2]}),
        "plain": {"sizes": torch.Size([2, 3]), "names": {"a", "b"}, "octets": b"\x00\xff", "large": 10**30, "no": None},
    }


@pytest.fixture
def state():
    return nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 4), nn.BatchNorm1d(4)).state_dict()


def same(found, state):
    return list(found) == list(state) and all(torch.equal(found[name], one) for name, one in state.items())


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_checkpoint_with_objects_in_its_hyperparameters(protocol, state, tmp_path):
    path = tmp_path / "lightning.ckpt"
    content = {
        "epoch": 3,
        "state_dict": state,
        "hyper_parameters": hyperparameters(),
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(2)}}, "made_by": Config(pathlib.PurePosixPath("/"))}],
    }
    torch.save(content, path, pickle_protocol=protocol)
    if protocol == 2:
        with pytest.raises(CheckpointError, match=r"model\.params\.state\.objects: skip leaves them out"):
            read_state(path)
    assert same(read_state(path, objects="skip"), state)
    assert same(read_state(path, key="state_dict", objects="skip"), state)
    with pytest.raises(
        CheckpointError, match=r"made by argparse\.Namespace above 'rate' \(model\.params\.state\.key\)"
    ):
        read_state(path, key="hyper_parameters.args.rate", objects="skip")
    found = content_without_objects(path)["hyper_parameters"]
    left_out = {name for name, one in found.items() if isinstance(one, OmittedObject)}
    assert left_out == {"args", "config", "settings", "loss", "scale", "rng"}
    assert found["plain"] == hyperparameters()["plain"]
    assert found["counts"] == {1: [2]}


def test_without_objects_the_option_changes_nothing(state, tmp_path):
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "a.pt")
    assert same(read_state(tmp_path / "a.pt", objects="skip"), read_state(tmp_path / "a.pt"))


DTYPES = [
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.float8_e4m3fn),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint64),
]


def octets(tensor):
    """Return the bytes of the values, since not all types can be compared."""
    return tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.lists(st.integers(0, 4), max_size=4),
    change=st.sampled_from(["whole", "transposed", "part", "parameter"]),
    seed=st.integers(0, 100),
)
def test_tensors_are_those_that_torch_reads(dtype, shape, change, seed, tmp_path):
    tensor = torch.randint(0, 2 if dtype is torch.bool else 100, shape, generator=torch.Generator().manual_seed(seed))
    tensor = tensor.to(dtype)
    if change == "transposed":
        tensor = tensor.permute(tuple(reversed(range(tensor.ndim))))
    elif change == "part" and tensor.ndim:
        tensor = tensor[1:]
    elif change == "parameter":
        tensor = nn.Parameter(tensor, requires_grad=False)
    torch.save({"w": tensor, "again": tensor, "object": argparse.Namespace()}, tmp_path / "a.pt")
    found = content_without_objects(tmp_path / "a.pt")
    oracle = torch.load(tmp_path / "a.pt", weights_only=False)["w"]
    assert (found["w"].dtype, found["w"].shape, found["w"].stride()) == (oracle.dtype, oracle.shape, oracle.stride())
    assert octets(found["w"]) == octets(oracle.data)
    assert found["again"].data_ptr() == found["w"].data_ptr()


def test_what_is_shown_of_such_a_file(state, tmp_path):
    path = tmp_path / "lightning.ckpt"
    torch.save({"state_dict": state, "hyper_parameters": hyperparameters(), "epoch": 3}, path)
    facts = inspect_checkpoint(path)
    (found,) = facts.states
    assert (found.name, [one.name for one in found.tensors]) == ("state_dict", list(state))
    assert facts.other["epoch"] == 3
    assert facts.other["hyper_parameters"]["args"] == "an object made by argparse.Namespace"
    assert facts.other["hyper_parameters"]["type"] == "the name torch.float16"


@pytest.mark.parametrize(
    ("content", "key", "message"),
    [
        (
            {"state_dict": {"w": torch.ones(1), "odd": Settings()}},
            None,
            r"'odd' in the state dict .* made by .*Settings",
        ),
        (
            {"w": torch.ones(1), "a._extra_state": {"deep": [Settings()]}},
            None,
            "'a._extra_state' .* made by .*Settings",
        ),
        ({"w": torch.ones(1), "relu": nn.functional.relu}, None, "holds, the name torch.nn.functional.relu"),
        ({"state_dict": Settings(w=torch.ones(1))}, None, r"'state_dict' .* made by .*Settings"),
        (
            {"state_dict": {"w": torch.ones(1).expand(9), "v": torch.ones(1)}, "o": Settings()},
            None,
            "an expansion of 1",
        ),
        (nn.Linear(2, 2), None, r"is an object made by torch\.nn\.modules\.linear\.Linear as a whole"),
    ],
    ids=["entry", "extra state", "name", "subclass", "expanded", "module"],
)
def test_an_object_inside_the_state_dict_is_an_error(content, key, message, tmp_path):
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=message):
        read_state(tmp_path / "a.pt", key=key, objects="skip")


# --- files that mean harm -------------------------------------------------------------------------


_RUN = {"os.system", "pickle.find_class", "subprocess.Popen", "os.exec", "os.posix_spawn"}
_watched = {"on": False, "events": []}


def _watch(event, _):
    if _watched and _watched["on"] and event in _RUN:  # the module is empty when Python ends
        _watched["events"].append(event)


sys.addaudithook(_watch)


def archive(path, pickled, storages=(), *, compression=zipfile.ZIP_STORED):
    """Write an archive as torch.save does, with a pickle of our own."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", sys.byteorder)
        file.writestr("archive/version", "3\n")
        for number, content in enumerate(storages):
            file.writestr(f"archive/data/{number}", content)


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def named(name):
    module, _, name = name.rpartition(".")
    return f"c{module}\n{name}\n".encode()


def storage(key="0", values=4, kind="FloatStorage"):
    return b"(" + text("storage") + named(f"torch.{kind}") + text(key) + text("cpu") + integer(values) + b"tQ"


def integer(value):
    return pickle.dumps(value, 2)[2:-1]


def tensor(offset=0, size=(4,), stride=(1,), **of):
    parts = [integer(offset), integer(tuple(size)), integer(tuple(stride)), b"\x89", named("collections.OrderedDict")]
    return named("torch._utils._rebuild_tensor_v2") + b"(" + storage(**of) + b"".join(parts) + b")RtR"


def checkpoint(harm, *, weight=None):
    """Return the pickle of a state dict beside which something stands."""
    weight = tensor() if weight is None else weight
    return b"\x80\x02}(" + text("state_dict") + b"}" + text("w") + weight + b"s" + text("harm") + harm + b"u."


NUMBERS = struct.pack("<4f", 1, 2, 3, 4)


class Harmful:
    def __init__(self, reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


def dumped(value, protocol=2):
    """Return the instructions of a value, without the beginning and the end, with memory of its own."""
    return pickle.dumps(value, protocol)[2:-1]


def harms(mark):
    touch = f"touch {mark}"
    write = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    call = b"(" + text(touch)
    return {
        "os.system": dumped(Harmful((os.system, (touch,)))),
        "eval": dumped(Harmful((eval, (write,)))),
        "exec of another protocol": dumped(Harmful((exec, (write,)))),
        "state by BUILD": dumped(Harmful((argparse.Namespace, (), {"__class__": "x"}))),
        "state of a function": named("torch._utils._rebuild_tensor_v2") + b"}" + text("__defaults__") + b")sb",
        "state of a function by slots": (
            named("torch._utils._rebuild_tensor_v2") + b"N}" + text("__defaults__") + b"(K\x01ts\x86b"
        ),
        "state of a class": named("collections.OrderedDict") + b"}" + text("__len__") + text("x") + b"sb",
        "items of a class": named("builtins.dict") + text("a") + text("b") + b"s",
        "NEWOBJ": named("subprocess.Popen") + call + b"t\x81",
        "NEWOBJ_EX": named("subprocess.Popen") + call + b"t}\x92",
        "INST": b"(" + text(touch) + b"iposix\nsystem\n",
        "OBJ": b"(" + named("posix.system") + text(touch) + b"o",
        "STACK_GLOBAL": text("posix") + text("system") + b"\x93" + call + b"tR",
        "a call of what a call returns": named("builtins.getattr")
        + b"("
        + named("os")
        + text("system")
        + b"tR"
        + call
        + b"tR",
        "a call of a tensor": tensor() + call + b"tR",
        "an argument": named("collections.OrderedDict") + b"(" + dumped(Harmful((os.system, (touch,)))) + b"tR",
        "inside what rebuilds": (
            named("torch._tensor._rebuild_from_type_v2")
            + b"("
            + named("os.system")
            + named("torch.Tensor")
            + call
            + b"t}tR"
        ),
        "a storage of any class": b"(" + text("storage") + named("os.system") + text("0") + text("cpu") + b"K\x04tQ",
        "a device": named("torch.device") + b"(" + text("no such") + b"tR",
    }


@pytest.mark.parametrize("what", sorted(harms("mark")))
def test_nothing_in_a_file_is_run(what, tmp_path):
    mark, path = tmp_path / "was-run", tmp_path / "a.ckpt"
    archive(path, checkpoint(harms(mark)[what]), [NUMBERS])
    defaults = torch._utils._rebuild_tensor_v2.__defaults__
    _watched.update(on=True, events=[])
    try:
        found = read_state(path, objects="skip")["w"].tolist()
    except CheckpointError as error:
        assert what in ("a storage of any class", "items of a class"), error  # noqa: PT017
        found = [1, 2, 3, 4]
    finally:
        _watched["on"] = False
    assert found == [1, 2, 3, 4]
    assert (_watched["events"], mark.exists()) == ([], False)
    assert torch._utils._rebuild_tensor_v2.__defaults__ == defaults
    assert len(OrderedDict(a=1)) == 1


def test_the_harm_is_real(tmp_path):
    """What is not run by us is run by pickle, or the cases above would show nothing."""
    for what in ("os.system", "eval", "INST", "OBJ", "STACK_GLOBAL"):
        mark = tmp_path / what
        pickle.loads(b"\x80\x02" + harms(mark)[what] + b".")  # noqa: S301
        assert mark.exists(), what


def test_extensions_are_refused(tmp_path):
    copyreg.add_extension("os", "system", 240)
    try:
        archive(tmp_path / "a.ckpt", checkpoint(b"\x82\xf0(" + text(f"touch {tmp_path}/x") + b"tR"), [NUMBERS])
        with pytest.raises(CheckpointError, match="has the instruction EXT1, which plain values do not need"):
            read_state(tmp_path / "a.ckpt", objects="skip")
    finally:
        copyreg.remove_extension("os", "system", 240)
    assert not (tmp_path / "x").exists()


HUGE = 1 << 40
BROKEN = {
    "a storage that is not there": tensor(key="7"),
    "a storage outside": tensor(key="../../../etc/passwd"),
    "a storage with more values than bytes": tensor(values=1_000_000, size=(1_000_000,)),
    "a storage of a negative size": tensor(values=-4),
    "a tensor beyond its storage": tensor(offset=1),
    "a tensor far beyond": tensor(offset=HUGE),
    "a stride beyond": tensor(size=(2,), stride=(HUGE,)),
    "a negative stride": tensor(offset=3, stride=(-1,)),
    "a huge number of dimensions": tensor(size=(1,) * 1000, stride=(1,) * 1000),
    "a number without end": tensor(size=(1 << 100_000,)),
    "too few strides": tensor(size=(2, 2), stride=(1,)),
    "an unknown type": tensor(kind="QUInt8Storage"),
    "another persistent id": b"(" + text("module") + text("os") + b"tQ",
    "a persistent id in text": b"Pos\n",
    "nothing on the stack": b"RRRR",
    "no mark": b"tttt",
    "no such memory": b"h\x07",
    "an out-of-band buffer": b"\x97",
    "a text that is too long": b"X\xff\xff\xff\x7fabc",
    "bytes without end": b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a number of too many digits": b"I" + b"9" * 10_000 + b"\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_ends_in_one_message(what, tmp_path):
    path = tmp_path / "a.ckpt"
    archive(path, checkpoint(dumped(Settings()), weight=BROKEN[what]), [NUMBERS])
    with pytest.raises(CheckpointError, match="cannot be read without its objects"):
        read_state(path, objects="skip")


def bombs():
    doubled = b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) + b"0" for n in range(1, 80))
    doubled = b"]q\x010" + doubled + b"h\x50"
    return {
        "memory at a high place": b"Nr\xff\xff\xff\xff",
        "lists within lists": b"]" * 50_000 + b"a" * 49_999,
        "tuples within tuples": b")" + b"\x85" * 60_000,
        "a key that is deep": b"}" + b")" + b"\x85" * 60_000 + b"Ns",
        "an element of a set that is deep": b"\x8f(" + b")" + b"\x85" * 60_000 + b"\x90",
        "a map in itself": b"}q\x01" + text("a") + b"h\x01s",
        "doubled eighty times": doubled,
        "a large array of bytes": named("builtins.bytearray") + b"(" + integer(HUGE) + b"tR",
        "a large tensor": named("torch.FloatTensor") + integer(HUGE) + b"\x85\x81",
        "an expansion": tensor(size=(HUGE,), stride=(0,)),
        "an empty tensor of a large shape": tensor(size=(0, HUGE)[:2], stride=(1, 1)),
    }


@pytest.mark.parametrize("what", bombs())
def test_bombs_take_no_memory(what, tmp_path):
    path = tmp_path / "a.ckpt"
    archive(path, checkpoint(bombs()[what]), [NUMBERS])
    tracemalloc.start()
    try:
        content = content_without_objects(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 27
    finally:
        tracemalloc.stop()
    assert content["state_dict"]["w"].tolist() == [1, 2, 3, 4]
    assert read_state(path, key="state_dict", objects="skip")["w"].tolist() == [1, 2, 3, 4]


def test_a_map_that_stands_in_many_places_is_looked_into_once(tmp_path):
    level = {"w": torch.ones(1)}
    for _ in range(3):
        level = {f"{place}": level for place in range(500)}
    torch.save({"deep": level, "object": Settings()}, tmp_path / "a.pt")
    with pytest.raises(
        CheckpointError, match=r"holds several state dicts: 'deep.499.499.0' with 1 tensors, .*, …\. Name"
    ):
        read_state(tmp_path / "a.pt", objects="skip")


def test_a_pickle_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.models.checkpoints.pickled_values._MOST_STEPS", 1_000)
    archive(tmp_path / "a.ckpt", b"\x80\x02" + b"N0" * 1_000 + b"N.")
    with pytest.raises(CheckpointError, match="more than 1,000 instructions"):
        content_without_objects(tmp_path / "a.ckpt")
    monkeypatch.setattr("harness.models.checkpoints.pickled_values._LARGEST", 1_000)
    with pytest.raises(CheckpointError, match="has 2,004 bytes; up to 1,000 are read"):
        content_without_objects(tmp_path / "a.ckpt")


def legacy(path):
    torch.save({"state_dict": {"w": torch.ones(1)}, "o": Settings()}, path, _use_new_zipfile_serialization=False)


def tarred(path):
    """Write the oldest format, a tar of pickles."""
    with tarfile.open(path, "w") as file:
        for name in ("storages", "tensors", "pickle"):
            content = pickle.dumps(0)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))


def program(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (legacy, "it was not written by torch.save"),
        (tarred, "not written by torch.save|damaged"),
        (program, "it was not written by torch.save"),
        (lambda path: path.write_bytes(pickle.dumps({"w": Settings()})), "it was not written by torch.save"),
        (lambda path: archive(path, checkpoint(b"N"), [NUMBERS], compression=zipfile.ZIP_DEFLATED), "is compressed"),
    ],
    ids=["legacy", "tar", "TorchScript", "pickle", "compressed"],
)
def test_other_formats(write, message, tmp_path):
    write(tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=message):
        read_state(tmp_path / "a.pt", objects="skip")


def test_a_damaged_tensor_is_refused(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"weight": torch.ones(1_000)}, path)
    content = bytearray(path.read_bytes())
    start = content.index(np.ones(500, dtype=np.float32).tobytes())
    content[start + 400 : start + 800] = bytes(400)
    path.write_bytes(content)
    torch.load(path, weights_only=True)  # which notices nothing
    for read in (read_state, inspect_checkpoint, content_without_objects):
        with pytest.raises(CheckpointError, match=r"the checksum of its entry '.*' does not fit"):
            read(path)


def test_a_name_cannot_drive_a_terminal(tmp_path):
    harm = b"c\x1b[31mred\n\x07bell\n" + b")R"
    archive(tmp_path / "a.ckpt", checkpoint(harm), [NUMBERS])
    assert str(content_without_objects(tmp_path / "a.ckpt")["harm"]) == "an object made by ?[31mred.?bell"


CODES = [code.code.encode("latin1") for code in pickletools.opcodes]
PIECES = st.one_of(
    st.sampled_from(CODES),
    st.binary(max_size=6),
    st.sampled_from(
        [text("a"), integer(3), tensor(), storage(), named("os.system"), b"h\x00", b"q\x00", b"(", b"t", b"R"]
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=40))
def test_any_instructions_give_a_value_or_one_error(pieces, tmp_path):
    archive(tmp_path / "a.ckpt", b"\x80\x02" + b"".join(pieces) + b".", [NUMBERS])
    try:
        content_without_objects(tmp_path / "a.ckpt")
    except CheckpointError as error:
        assert "cannot be read without its objects" in str(error)  # noqa: PT017
