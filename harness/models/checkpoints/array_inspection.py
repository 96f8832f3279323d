"""Inspect files of arrays (NumPy and parquet) by reading only their headers."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from harness.artifacts.checkpoint_facts import CheckpointFacts, StateFacts, TensorFacts
from harness.errors import CheckpointError

_NPY, _ZIP, _PARQUET = b"\x93NUMPY", b"PK\x03\x04", b"PAR1"
_MEBIBYTE = 1 << 20


def array_facts(path: Path, head: bytes, size: int) -> CheckpointFacts | None:
    """Return the content of a file of arrays; None for any other file.

    Parameters
    ----------
    path
        The file.
    head
        The first bytes of the file, which identify the format.
    size
        Size of the file in bytes.

    Raises
    ------
    CheckpointError
        The file is damaged, or holds Python objects.
    """
    try:
        if len(head) > len(_NPY) and head.startswith(_NPY):
            with path.open("rb") as stream:
                return _facts(path, "NumPy", size, [_of_npy(stream, path, "array")])
        if head.startswith(_ZIP) and zipfile.is_zipfile(path):
            found = _of_npz(path)
            return None if found is None else _facts(path, "NumPy", size, found)
        if head.startswith(_PARQUET):
            return _facts(path, "parquet", size, _of_parquet(path))
    except CheckpointError:
        raise
    except Exception as error:  # a damaged header may raise anything
        raise CheckpointError(f"{path} is cut short or damaged ({str(error)[:200]}). Get it again.") from error
    return None


def _of_npy(stream: IO[bytes], path: Path, name: str) -> TensorFacts:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.hasobject:
        raise CheckpointError(
            f"{path}: the array '{name}' holds Python objects, which are never unpickled since that can run code. "
            "Save numbers or text."
        )
    values = math.prod(shape)
    return TensorFacts(name, tuple(shape), str(dtype), values, values * dtype.itemsize)


def _of_npz(path: Path) -> list[TensorFacts] | None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if not names or not all(name.endswith(".npy") for name in names):
            return None  # an archive of torch.save
        found = []
        for name in names:
            with archive.open(name) as stream:
                found.append(_of_npy(stream, path, name.removesuffix(".npy")))
        return found


def _of_parquet(path: Path) -> list[TensorFacts]:
    metadata, schema = pa.parquet.read_metadata(path), pa.parquet.read_schema(path)
    sizes: dict[str, int] = {}
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column: Any = metadata.row_group(group).column(place)
            top = column.path_in_schema.partition(".")[0]
            sizes[top] = sizes.get(top, 0) + column.total_uncompressed_size
    rows = metadata.num_rows
    return [TensorFacts(field.name, (rows,), str(field.type), rows, sizes.get(field.name, 0)) for field in schema]


def _facts(path: Path, form: str, size: int, tensors: list[TensorFacts]) -> CheckpointFacts:
    floats = sum(tensor.values for tensor in tensors if tensor.dtype.startswith("float"))
    total = sum(tensor.bytes for tensor in tensors)
    state = StateFacts("", tuple(tensors), floats, f"{total / _MEBIBYTE:.2f} MB")
    return CheckpointFacts(str(path), form, size, (state,), {})
