"""Checkpoints: back as they were, refused where they do not belong, and nothing is ever run."""

import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

import harness
from harness.errors import CheckpointError, HarnessError
from harness.models import check_checkpoint, inspect_checkpoint, load_checkpoint, save_checkpoint
from harness.models.checkpoints.checkpoint import tensors_digest

IDENTITY = {
    "kind": "ease",
    "params": {"l2": 100.0},
    "fit_on": "train",
    "split_digest": "5" * 64,
    "items_digest": "7" * 64,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "ease.safetensors"


@pytest.fixture
def saved(path):
    save_checkpoint(path, {"weights": np.arange(12.0).reshape(3, 4)}, IDENTITY)
    return path


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name != "__metadata__"),
        hnp.arrays(st.sampled_from([np.float32, np.int64, np.int32, np.float64]), hnp.array_shapes(min_side=0)),
        max_size=3,
    ),
    st.dictionaries(st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none()),
)
def test_comes_back_as_it_was(tmp_path, tensors, params):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, tensors, {**IDENTITY, "params": params, "code": "ab"})
    checkpoint = load_checkpoint(path)
    assert checkpoint.header.params == params
    assert checkpoint.header.code == "ab"
    assert checkpoint.header.version == harness.__version__
    assert set(checkpoint.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert checkpoint.tensors[name].dtype == tensor.dtype
        np.testing.assert_array_equal(checkpoint.tensors[name], tensor)


def test_arrays_with_strides_come_back_right(path):
    square = np.arange(12.0).reshape(3, 4)
    save_checkpoint(path, {"turned": square.T, "every_other": square[:, ::2]}, IDENTITY)
    tensors = load_checkpoint(path).tensors
    assert (tensors["turned"] == square.T).all()
    assert (tensors["every_other"] == square[:, ::2]).all()


def test_the_same_content_gives_the_same_bytes(tmp_path):
    tensors = {"b": np.ones(3), "a": np.zeros((2, 2), dtype=np.float32)}
    save_checkpoint(tmp_path / "1", tensors, IDENTITY)
    save_checkpoint(tmp_path / "2", dict(reversed(tensors.items())), dict(reversed(IDENTITY.items())))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_failed_save_leaves_the_old_file(saved):
    before = saved.read_bytes()
    with pytest.raises(ValueError, match="Out of range float"):
        save_checkpoint(saved, {}, {**IDENTITY, "params": {"l2": float("nan")}})
    with pytest.raises(ValidationError):
        save_checkpoint(saved, {}, {**IDENTITY, "kind": 3})
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_checkpoint_that_fits_passes(saved):
    check_checkpoint(load_checkpoint(saved).header, path=saved, **IDENTITY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "item_knn"}, r"is of model kind 'ease'; the experiment asks for 'item_knn'"),
        ({"params": {"l2": 50.0}}, r"other parameters than the experiment's: l2 is 100.0, not 50.0"),
        ({"params": {"l2": 100.0, "seed": 1}}, r"seed is absent, not 1"),
        ({"params": {}}, r"l2 is 100.0, not absent"),
        ({"fit_on": "train_validation"}, r"was fitted on 'train'; the experiment asks for 'train_validation'"),
        ({"split_digest": "8" * 64}, r"was fitted on another split"),
        ({"items_digest": "8" * 64}, r"was fitted on another catalogue of items"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(saved, change, message):
    with pytest.raises(CheckpointError, match=message) as caught:
        check_checkpoint(load_checkpoint(saved).header, path=saved, **{**IDENTITY, **change})
    assert str(saved) in str(caught.value)
    assert "harness fit --force" in str(caught.value)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 9, 100, -1])
def test_a_truncated_file_is_refused(saved, kept):
    whole = saved.read_bytes()
    saved.write_bytes(whole[:kept])
    with pytest.raises(CheckpointError, match=r"cut short, damaged, or not a safetensors"):
        load_checkpoint(saved)


def test_zeros_in_the_middle_are_refused(path):
    save_checkpoint(path, {"weights": np.random.default_rng(0).normal(size=(60, 60))}, IDENTITY)
    whole = path.read_bytes()
    path.write_bytes(whole[:10_000] + bytes(4096) + whole[14_096:])
    for read in (load_checkpoint, inspect_checkpoint):
        with pytest.raises(CheckpointError, match=r"ease\.safetensors is damaged.*harness fit --force"):
            read(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0), st.integers(1, 255))
def test_no_changed_byte_changes_a_tensor(tmp_path, place, change):
    path = tmp_path / "a.safetensors"
    tensors = {"a": np.arange(6.0).reshape(2, 3), "b": np.arange(4, dtype=np.int32), "c": np.zeros((0, 2))}
    save_checkpoint(path, tensors, IDENTITY)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    try:
        found = load_checkpoint(path).tensors
    except CheckpointError:
        return
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        np.testing.assert_array_equal(found[name], tensor)


def test_tensors_that_change_places_are_refused(path):
    save_checkpoint(path, {"a": np.zeros(3), "b": np.ones(3)}, IDENTITY)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"a":', b'"x":').replace(b'"b":', b'"a":').replace(b'"x":', b'"b":'))
    with pytest.raises(CheckpointError, match="is damaged"):
        load_checkpoint(path)


def test_a_checkpoint_of_an_earlier_version_is_read_with_a_warning(path, caplog):
    path.parent.mkdir()
    safetensors.numpy.save_file({"weights": np.arange(3.0)}, path, metadata={"harness": json.dumps(IDENTITY)})
    for _ in range(2):
        assert load_checkpoint(path).tensors["weights"].tolist() == [0, 1, 2]
    assert caplog.text.count("without a digest of its tensors") == 1


def test_a_digest_does_not_depend_on_the_order_of_bytes_or_of_memory():
    square = np.arange(12, dtype="<f4").reshape(3, 4)
    same = [square, square.astype(">f4"), np.asfortranarray(square), np.repeat(square, 2, axis=1)[:, ::2]]
    assert len({tensors_digest({"a": one}) for one in same}) == 1
    others = [square.reshape(4, 3), square.astype("f8"), square.view("i4"), square.T.reshape(3, 4)]
    assert len({tensors_digest({"a": one}) for one in [square, *others]}) == 5


def test_a_full_disk_is_one_message(tmp_path):
    code = (
        "import pathlib, resource, sys, numpy as np\n"
        "from harness.errors import HarnessError\nfrom harness.models import save_checkpoint\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"try: save_checkpoint(pathlib.Path(sys.argv[1]), {{'a': np.zeros(9999)}}, {IDENTITY!r})\n"
        "except HarnessError as error: sys.exit(str(error))\n"
    )
    path = tmp_path / "ease.safetensors"
    ended = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert ended.stderr == f"cannot write {path}: File too large. Nothing half-written is left.\n"
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_garbage_is_refused(tmp_path, content):
    path = tmp_path / "garbage.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("the-bomb-went-off",)


def test_pickles_are_refused_and_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.pkl").write_bytes(pickle.dumps(Bomb()))
    torch.save({"weights": torch.zeros(2)}, "model.pt")
    for name in ("model.pkl", "model.pt"):
        with pytest.raises(CheckpointError, match="never loaded"):
            load_checkpoint(Path(name))
    assert not Path("the-bomb-went-off").exists()


def test_a_file_of_somebody_else_is_refused(path):
    path.parent.mkdir()
    safetensors.numpy.save_file({"weights": np.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="was not made by harness"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "header",
    ["", "{", "[]", "null", "{}", json.dumps({**IDENTITY, "format": 2}), json.dumps({**IDENTITY, "kind": 1})],
)
def test_a_damaged_header_is_refused(path, header):
    path.parent.mkdir()
    safetensors.numpy.save_file({}, path, metadata={"harness": header})
    with pytest.raises(CheckpointError, match=r"header of the checkpoint .* is damaged, or another version"):
        load_checkpoint(path)


def test_a_type_that_numpy_lacks_is_refused(path):
    path.parent.mkdir()
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="is a folder"):
        load_checkpoint(tmp_path)


def test_a_place_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match="cannot write"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", {}, IDENTITY)
