"""Damaged and hostile files of NumPy: one message from each reader, whatever their headers say."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.artifacts import Vocabulary
from harness.data.side_tables.item_vectors import read_vectors
from harness.errors import HarnessError
from harness.experiment.components import component_of
from harness.models import inspect_checkpoint
from harness.models.external.id_files import ids_in
from harness.models.torch_module.torch_lists import read_codes

ITEMS = Vocabulary.of([10, 20, 30])
TEXTS = Vocabulary.of(["a", "b", "c"])


class Section(NamedTuple):
    path: str
    ids: str | None = None
    id: str | None = None
    column: str = "vector"


def npy(header: str, data: bytes = b"", version: int = 1) -> bytes:
    text = header.encode("latin1")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def head(shape: str, kind: str = "<f4") -> str:
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"


def whole(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


HEADERS = {
    "a million million rows": npy(head("(1000000000000, 4)"), bytes(48)),
    "more than an integer": npy(head(f"({10**30}, 4)"), bytes(48)),
    "a million million rows of nothing": npy(head("(1000000000000, 0)")),
    "no rows of a million million": npy(head("(0, 1000000000000)")),
    "negative rows": npy(head("(-3, 4)"), bytes(48)),
    "rows of text": npy(head("('3', 4)"), bytes(48)),
    "no shape": npy("{'descr': '<f4', 'fortran_order': False, }", bytes(48)),
    "not closed": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4", bytes(48)),
    "brackets": npy("(" * 9_000, bytes(48)),
    "indented": npy("  x\n y: (\n", bytes(48)),
    "no text": npy("\xff\x00\x01", bytes(48), version=3),
    "an unknown type": npy(head("(3, 4)", "<f9"), bytes(48)),
    "objects": npy(head("(3,)", "|O"), b"\x80\x04."),
    "code points beyond the last": npy(head("(3,)", "<U1"), struct.pack("<3I", 0x110000, 1, 0xFFFFFFFF)),
    "version 9": b"\x93NUMPY\x09\x00" + bytes(60),
    "cut short": whole(np.ones((3, 4)))[:40],
}


def readers(path: Path, archive: Path):
    """Yield each reader of such files, as it is called by a run."""
    side = {"path": str(path)}
    yield "vectors of data", lambda: read_vectors(Section(str(path)), ITEMS, table_ids=ITEMS.ids)
    good = Section(str(path.with_name("good.npy")), str(path))
    yield "ids of data", lambda: read_vectors(good, TEXTS, table_ids=None)
    yield "ids of a model", lambda: ids_in(path)
    yield "codes", lambda: read_codes(path, None)
    for name in (path, archive):
        params = {"items": {**side, "path": str(name)}, "history": "mean"}
        model = component_of("models", "vectors", params)
        yield f"vectors of {name.suffix}", lambda m=model: m.load(None, users=ITEMS, items=ITEMS, device="cpu")
        yield f"inspect {name.suffix}", lambda n=name: inspect_checkpoint(n)


def refusals(content: bytes, folder: Path) -> dict[str, str]:
    """Return the message of each reader that refuses a content; any other error is raised."""
    path, archive = folder / "array.npy", folder / "array.npz"
    path.write_bytes(content)
    np.save(folder / "good.npy", np.ones((3, 4), dtype=np.float32))
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("items.npy", content)
    found = {}
    for name, read in readers(path, archive):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy, on headers of its old versions
            try:
                read()
            except HarnessError as error:
                found[name] = str(error)
    return found


@pytest.mark.parametrize("header", HEADERS)
def test_each_reader_refuses_it_in_one_message(tmp_path, header):
    found = refusals(HEADERS[header], tmp_path)
    described = {"inspect .npy", "inspect .npz"}  # what a header says is shown, whether there is as much or not
    assert {name for name, _ in readers(tmp_path / "array.npy", tmp_path / "array.npz")} - found.keys() <= described
    for message in found.values():
        assert "array.np" in message


def test_a_good_file_is_read(tmp_path):
    found = refusals(whole(np.ones((3, 4), dtype=np.float32)), tmp_path)
    assert found.keys() == {"ids of data", "ids of a model", "codes"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*HEADERS.values(), whole(np.ones((3, 4))), whole(np.array(["a", "b", "c"]))]), st.integers())
def test_no_bytes_are_a_traceback(tmp_path, content, seed):
    draw, changed = random.Random(seed), bytearray(content)
    for _ in range(draw.randint(1, 6)):
        changed[draw.randrange(min(len(changed), 140))] = draw.randrange(256)
    refusals(bytes(changed), tmp_path)


@pytest.mark.parametrize("damage", ["entry", "directory", "password", "method"])
def test_a_damaged_archive_is_one_message(tmp_path, damage):
    path = tmp_path / "array.npz"
    np.savez(path, items=np.ones((3, 4), dtype=np.float32))
    content = bytearray(path.read_bytes())
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    if damage == "entry":
        content[-200] ^= 0xFF
        content[80] ^= 0xFF
    elif damage == "directory":
        content[central + 20] ^= 0xFF
    elif damage == "password":
        content[local + 6] |= 1
        content[central + 8] |= 1
    else:
        content[local + 8] = content[central + 10] = 99
    path.write_bytes(bytes(content))
    model = component_of("models", "vectors", {"items": {"path": str(path)}, "history": "mean"})
    with pytest.raises(HarnessError, match=r"array\.npz"):
        model.load(None, users=ITEMS, items=ITEMS, device="cpu")
